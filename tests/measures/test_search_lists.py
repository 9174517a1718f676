"""A list in words: resolv.conf and the example."""

from __future__ import annotations

import pytest

from analyzer.measures.search_lists import resolv_conf
from analyzer.measures.search_rows import Ndots, SearchList
from tests.lookups import LIST, LOCAL, POD, lookup
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


def lists(style: str = "glibc") -> SearchList:
    scene = Scene()
    for n, base in enumerate(("a.one", "b.two", "c.three")):
        lookup(scene, n, base, style=style, answers={"c.three": "DATA"})
    (found,) = scene.results()[0]["search"].lists
    assert isinstance(found, SearchList)
    return found


def test_the_example_is_a_whole_lookup() -> None:
    found = lists()
    assert [step.suffix for step in found.example] == [*LIST, ""]
    assert {step.types for step in found.example} == {"A AAAA"}
    assert all(step.rtt_ns and step.server == LOCAL for step in found.example)


@pytest.mark.parametrize(
    ("style", "serial", "one_port"),
    [("glibc", "parallel", False), ("lua", "serial", True), ("cares", "parallel", True)],
)
def test_clients_have_habits(style: str, serial: str, one_port: bool) -> None:
    (client,) = lists(style).clients
    assert (client.addr, client.style, client.one_port, client.bases) == (POD, serial, one_port, 3)


def test_suffixes_stand_in_the_order_of_the_list() -> None:
    assert [row.key for row in lists().per_suffix] == [*LIST, "(as typed)"]
