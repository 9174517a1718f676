"""Re-asks by their times: what was there when the query was sent."""

from __future__ import annotations

from analyzer.measures.caching import CacheLeg, Measure
from tests.lookups import GATEWAY, NODE
from tests.measures.traffic import batches
from tests.measures.traffic import scene as made
from tests.scenes import Scene

SOA = {"soa_minimum": 30, "soa_ttl": 60}


def leg(scene: Scene, kind: str = "negative") -> CacheLeg:
    (found,) = [row for row in scene.results()[0]["caching"] if row.kind == kind]
    assert isinstance(found, CacheLeg)
    return found


def denied(scene: Scene, at: float, rtt: float = 0.001, qtype: str = "A", **more: int) -> None:
    query = scene.query(at, NODE, GATEWAY, "gone.example.org", qtype, src_port=30_000 + len(scene.rows))
    scene.response(at + rtt, query, "NXDOMAIN", **(more or SOA))


def test_the_ttl_is_the_smaller_of_the_soas_two() -> None:
    for at, re_asks in ((28.9, 1), (29.1, 0)):  # 30 s less one
        scene = Scene()
        denied(scene, 0)
        denied(scene, at)
        assert leg(scene).re_asks == re_asks


def test_a_query_sent_before_the_answer_is_no_re_ask() -> None:
    scene = Scene()
    denied(scene, 0.0, rtt=0.5)
    denied(scene, 0.2, rtt=0.5)
    assert (leg(scene).re_asks, leg(scene).answers) == (0, 2)


def test_a_second_query_in_flight_counts_against_the_answer_before() -> None:
    scene = Scene()
    denied(scene, 0.0)
    denied(scene, 10.0, rtt=0.5)
    denied(scene, 10.1, rtt=0.5)
    found = leg(scene)
    assert (found.re_asks, found.most_per_key) == (2, 2)
    assert found.names[0].first.frame == 1
    assert found.names[0].again.frame == 3


def test_re_asks_within_50_ms_are_told_apart() -> None:
    scene = Scene()
    denied(scene, 0.0)
    denied(scene, 0.04)
    denied(scene, 0.2)
    assert (leg(scene).near, leg(scene).re_asks) == (1, 1)


def test_types_are_keys_of_their_own() -> None:
    scene = Scene()
    denied(scene, 0.0)
    denied(scene, 5.0, qtype="AAAA")
    assert (leg(scene).keys, leg(scene).re_asks) == (2, 0)


def test_without_an_soa_every_further_denial_is_a_repeat() -> None:
    scene = Scene()
    for at in (0.0, 0.0001, 100.0):
        query = scene.query(at, NODE, GATEWAY, "gone.example.org", src_port=30_000 + len(scene.rows))
        scene.response(at + 0.01, query, "NXDOMAIN")
    assert (leg(scene, "bare").answers, leg(scene, "bare").re_asks) == (3, 2)


def test_a_merge_keeps_to_the_cap_and_counts_what_found_no_room() -> None:
    context, found = batches(made(3))
    one, other = Measure(context), Measure(context)
    one._cap = 3
    for batch in found:
        other.update(batch)
    one.merge(other)
    queries = other._keys.columns["queries"]
    assert len(one._keys.columns) == 3 < len(queries)
    assert one.over + int(one._keys.columns["queries"].sum()) == int(queries.sum())
