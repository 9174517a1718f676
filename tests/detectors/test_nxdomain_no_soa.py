"""Denials that no cache may keep."""

from __future__ import annotations

import pytest

from analyzer.findings import Confidence, Severity
from tests.lookups import GATEWAY, LOCAL, NODE, POD, lookup
from tests.scenes import Scene


def denied(bare: int, with_soa: int = 0, names: int = 2, spread: float = 1.0) -> Scene:
    scene = Scene()
    for n in range(bare + with_soa):
        query = scene.query(n * spread, NODE, GATEWAY, f"gone{n % names}.example.org", src_port=33_000 + n % 3)
        more = {} if n < bare else {"soa_minimum": 60, "soa_ttl": 60}
        scene.response(n * spread + 0.001, query, "NXDOMAIN", **more)
    return scene


@pytest.mark.parametrize(
    ("bare", "with_soa", "names", "fires"),
    [
        (10, 0, 2, True),
        (9, 0, 2, False),  # fewer than ten
        (10, 40, 2, True),  # 20 %
        (10, 41, 2, False),  # less
        (10, 0, 10, False),  # no question again
        (12, 0, 4, False),  # each twice more only
        (16, 0, 4, True),  # three times more
    ],
)
def test_both_sides_of_each_threshold(bare: int, with_soa: int, names: int, fires: bool) -> None:
    assert bool(denied(bare, with_soa, names).findings("nxdomain-no-soa")) == fires


def test_five_repeats_a_second_are_high() -> None:
    (found,) = denied(303, names=3, spread=0.19).findings("nxdomain-no-soa")
    assert (found.severity, found.numbers["repeats"], found.peak_60s) == (Severity.HIGH, 300, 300)
    (found,) = denied(302, names=3, spread=0.19).findings("nxdomain-no-soa")
    assert found.severity == Severity.MEDIUM


def test_a_client_that_may_be_a_stub_lowers_the_confidence() -> None:
    (found,) = denied(20).findings("nxdomain-no-soa")
    assert (found.kind, found.confidence) == ("unproven", Confidence.LOW)


def test_a_proven_forwarder_raises_it_and_the_proof_is_two_frames() -> None:
    scene = Scene()
    for n in range(12):
        inner = scene.query(n, POD, LOCAL, "gone.example.org", src_port=20_000 + n)
        outer = scene.query(n + 0.001, NODE, GATEWAY, "gone.example.org", src_port=33_000)
        scene.response(n + 0.002, outer, "NXDOMAIN")
        scene.response(n + 0.003, inner, "NXDOMAIN", soa_minimum=5, soa_ttl=5)
    (found,) = [f for f in scene.findings("nxdomain-no-soa") if f.subject.value == f"{NODE}>{GATEWAY}"]
    assert (found.kind, found.confidence) == ("forwarder", Confidence.HIGH)
    assert [step.frame.frame for step in found.chain] == [2, 6]
    assert found.numbers["repeats"] == 11


def test_a_known_stub_never_fires() -> None:
    scene = Scene()
    for n in range(40):
        lookup(scene, n * 0.5, f"gone{n % 4}.shop", soa=False)
    assert scene.findings("nxdomain-no-soa") == []


def test_a_zone_in_which_any_name_lives_is_never_denied_as_a_whole() -> None:
    """`www.a.com` is tried under example.org, where git.example.org is real, and so is shop.net.example.org."""
    scene = Scene()
    for n in range(16):
        for suffix_of in ("www.a.com", "www.b.net"):
            lookup(
                scene,
                n * 2.0,
                suffix_of,
                names=[f"{suffix_of}.example.org", suffix_of],
                client=NODE,
                server=GATEWAY,
                soa=False,
            )
            for row in scene.rows[-8:]:
                row["src_port" if row["dst_port"] == 53 else "dst_port"] = 33_000
        scene.ask(n * 2.0 + 1, NODE, GATEWAY, f"db{n % 4}.orders.svc.cluster.local.example.org", src_port=33_000)
    for name in ("git.example.org", "shop.net.example.org"):
        query = scene.query(40, NODE, GATEWAY, name)
        scene.response(40.001, query, ancount=1, answer_matches=1)
    (found,) = scene.findings("nxdomain-no-soa")
    zones = [line.split()[3] for fix in found.fix for line in fix.text.splitlines() if line.startswith("template")]
    assert "example.org" not in zones
    assert "net.example.org" not in zones
    assert "cluster.local.example.org" in zones
