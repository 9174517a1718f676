"""Caches that forget denials early."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.lookups import GATEWAY, LOCAL, NODE, POD, dead_polling
from tests.scenes import Scene


def forwarder(gap: float, times: int, keys: int, ttl: int = 60) -> Scene:
    """A forwarder that asks each of some names again after `gap` seconds."""
    scene = Scene()
    for n in range(times):
        for key in range(keys):
            at = n * gap + key * 0.01
            inner = scene.query(at, POD, LOCAL, f"gone{key}.example.org", src_port=20_000 + n * keys + key)
            outer = scene.query(at + 0.001, NODE, GATEWAY, f"gone{key}.example.org", src_port=33_000)
            scene.response(at + 0.002, outer, "NXDOMAIN", soa_minimum=ttl, soa_ttl=ttl)
            scene.response(at + 0.003, inner, "NXDOMAIN", soa_minimum=5, soa_ttl=5)
    return scene


def test_recipe_2_a_cap_of_five_seconds_is_told_as_such() -> None:
    scene = Scene()
    dead_polling(scene, ["user1-svc.user1.svc.cluster.local", "user2-svc.user2.svc.cluster.local"], 61, soa=True)
    # The pods' side, so that the node is a proven forwarder.
    found = scene.findings("negcache-ineffective", "nxdomain-no-soa")
    assert [(f.id, f.kind, f.severity) for f in found] == [("negcache-ineffective", "denial-cap", Severity.INFO)]
    gap = found[0].numbers["min_gap_s"]
    assert isinstance(gap, float)
    assert gap == pytest.approx(5.2, abs=0.4)
    (leak,) = scene.findings("cluster-name-leak")
    assert leak.peak_60s is not None
    assert leak.peak_60s <= 2 * 2 * 13  # about twelve a minute for each base and type


@pytest.mark.parametrize(
    ("gap", "kind", "severity"),
    [
        (5.02, "denial-cap", Severity.INFO),
        (30.0, "cache-30", Severity.INFO),
        (8.0, "capped", Severity.INFO),
        (1.0, "not-cached", Severity.MEDIUM),
    ],
)
def test_the_shortest_gap_names_the_cause(gap: float, kind: str, severity: Severity) -> None:
    (found,) = forwarder(gap, 5, 10, ttl=300).findings("negcache-ineffective")
    assert (found.kind, found.severity) == (kind, severity)


@pytest.mark.parametrize(("times", "keys", "fires"), [(4, 10, True), (3, 10, False), (4, 9, False)])
def test_both_sides_of_each_threshold(times: int, keys: int, fires: bool) -> None:
    assert bool(forwarder(8.0, times, keys, ttl=300).findings("negcache-ineffective")) == fires


def test_a_question_after_the_ttl_is_no_re_ask() -> None:
    assert forwarder(10.0, 6, 12, ttl=10).findings("negcache-ineffective") == []


def test_a_question_in_flight_is_no_re_ask() -> None:
    assert forwarder(0.03, 6, 1).findings("negcache-ineffective") == []


def test_a_client_that_forwards_nothing_has_no_cache() -> None:
    scene = Scene()
    for n in range(60):
        query = scene.query(n * 0.5, POD, LOCAL, f"gone{n % 10}.example.org", src_port=20_000 + n)
        scene.response(n * 0.5 + 0.001, query, "NXDOMAIN", soa_minimum=60, soa_ttl=60)
    assert scene.findings("negcache-ineffective") == []
