"""The resolv.conf text: what was seen, and nothing else."""

from __future__ import annotations

import pytest

from analyzer.measures.search_conf import resolv_conf
from analyzer.measures.search_rows import ListClient, Ndots, SearchList
from analyzer.options import NS
from tests.lookups import POD, lookup
from tests.scenes import Scene


@pytest.mark.parametrize(
    ("ndots", "line"),
    [
        (Ndots(5, 5), "options ndots:5"),
        (Ndots(5, None), "options ndots:5    # or more: no name with 5 dots or more was seen searched"),
        (Ndots(3, 5), "options ndots:3    # to 5"),
        (Ndots(None, 2), "options ndots:2    # or less"),
        (Ndots(1, 1), None),  # the default needs no line
        (Ndots(), None),
    ],
)
def test_the_options_line(ndots: Ndots, line: str | None) -> None:
    lines = resolv_conf(["a.test", "b.test"], ["10.0.0.53"], ndots, True, 7).splitlines()
    assert lines[1:3] == ["search a.test b.test", "nameserver 10.0.0.53"]
    assert lines[3:] == ([line] if line else [])


def test_a_list_that_may_go_on_says_so() -> None:
    assert "there may be further suffixes" in resolv_conf(["a.test"], [], Ndots(1), False, 3)


def client(addr: str = "10.0.0.1", **more: object) -> ListClient:
    return ListClient(addr, 9, 90, 9, 3, "parallel", False, **more)  # type: ignore[arg-type]  # fields by name


def text(*clients: ListClient) -> list[str]:
    return resolv_conf(["a.test"], ["10.0.0.53"], Ndots(5, 5), True, 9, clients).splitlines()


def test_no_retry_seen_says_nothing_of_timers() -> None:
    assert text(client()) == [
        "# seen in 9 lookups; ndots = 5",
        "# A and AAAA are asked together (parallel)",
        "search a.test",
        "nameserver 10.0.0.53",
        "options ndots:5",
    ]


@pytest.mark.parametrize(
    ("seen", "options"),
    [
        ({"wait_ns": 5 * NS, "resends": 4}, "options ndots:5 timeout:5"),
        ({"wait_ns": 2 * NS, "resends": 4, "attempts": 3, "given_up": 4}, "options ndots:5 timeout:2 attempts:3"),
        ({"wait_ns": 5 * NS // 2, "resends": 4}, "options ndots:5"),  # no whole seconds: no `timeout` can mean it
        # musl sends every timeout/attempts seconds
        (
            {"wait_ns": 5 * NS // 2, "resends": 4, "attempts": 2, "given_up": 3, "resolver": "musl"},
            "options ndots:5 timeout:5 attempts:2",
        ),
        ({"wait_ns": 5 * NS // 2, "resends": 4, "resolver": "musl"}, "options ndots:5"),
        ({"wait_ns": 2 * NS, "resends": 9, "resolver": "ingress-nginx lua"}, "options ndots:5"),  # its own timer
    ],
)
def test_timers_in_the_files_own_terms(seen: dict[str, object], options: str) -> None:
    lines = text(client("10.0.0.1", **seen))
    assert lines[-1] == options
    assert any(str(seen["resends"]) in line for line in lines if line[0] == "#" and "timeout" in line) == (
        "timeout" in options or seen.get("resolver") == "musl"
    )


def test_clients_that_differ_are_named() -> None:
    slow = client("10.0.0.9", wait_ns=9 * NS, resends=3)
    lines = text(client(wait_ns=5 * NS, resends=4), client("10.0.0.2", wait_ns=5 * NS, resends=4), slow)
    assert lines[-1] == "options ndots:5 timeout:5"
    assert "# timeout: 8 questions asked again 5.00 s after silence began" in lines
    assert "# 10.0.0.9 differ: timeout:9" in lines


@pytest.mark.parametrize(
    ("style", "words"), [("glibc", "together (parallel)"), ("lua", "one after the other (serial)")]
)
def test_the_pair_is_told(style: str, words: str) -> None:
    (found,) = searched(style).results()[0]["search"].lists
    assert f"# A and AAAA are asked {words}" in found.resolv_conf.splitlines()


def searched(style: str = "glibc") -> Scene:
    scene = Scene()
    for n, base in enumerate(("a.one", "b.two", "c.three")):
        lookup(scene, 100 + n, base, style=style)
    return scene


def test_glibcs_own_timers_out_of_packets() -> None:
    """Three names whose server is silent: a query, 5 s later the same again, then the lookup ends."""
    scene = searched()
    for n in range(3):
        for again in (0, 5):
            for number, qtype in enumerate(("A", "AAAA")):
                scene.query(
                    20 * n + again + number / 50_000,
                    POD,
                    "169.254.25.10",
                    f"lost{n}.",
                    qtype,
                    src_port=50_000 + n,
                    msg_id=100 * n + number,
                )
    found: SearchList
    (found,) = scene.results()[0]["search"].lists
    assert found.resolv_conf.splitlines()[-1].startswith("options ndots:2 timeout:5 attempts:2")
    assert "# timeout: 6 questions asked again 5.00 s after silence began" in found.resolv_conf
    assert "# attempts: 6 questions given up after so many sendings a server" in found.resolv_conf
