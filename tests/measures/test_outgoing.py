"""What left the cluster: counted once, where it was last seen; and what of it was waste."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.measures.outgoing import Outgoing
from analyzer.measures.search_rows import Bill
from analyzer.options import AnalyzeOptions
from analyzer.pipeline import run
from tests.lookups import GATEWAY, LIST, LOCAL, NODE, POD, dead_polling, lookup
from tests.scenes import Scene


def left(scene: Scene) -> Outgoing:
    found = scene.results()[0]["outgoing"]
    assert isinstance(found, Outgoing)
    return found


def bill(found: Outgoing) -> Bill:
    assert found.bill is not None
    return found.bill


def test_the_forwarders_side_counts_and_not_the_pods() -> None:
    """Three dead names, one worker, 10 s: 30 tries with example.org, of A and AAAA each; one name outside that exists."""
    scene = Scene()
    dead_polling(scene, ["a.b.svc.cluster.local", "c.d.svc.cluster.local", "e.f.svc.cluster.local"], 10, workers=1)
    for n in range(3):
        query = scene.query(20 + n, NODE, GATEWAY, "www.example.com", src_port=33_000)
        scene.response(20.01 + n, query, ancount=1, answer_matches=1)
    found = left(scene)
    assert found.servers == (GATEWAY,)
    total, multi = bill(found).total, bill(found).multi
    assert (total.lookups, total.queries, total.needed, total.wasted) == (33, 63, 3, 60)
    assert (multi.lookups, multi.queries, multi.needed) == (30, 60, 0)
    assert [(row.key, row.queries) for row in bill(found).clients] == [(NODE, 63)]
    assert [(row.key, row.lookups, row.wasted) for row in bill(found).suffixes] == [(LIST[-1], 30, 60)]
    assert [(row.key, row.lookups, row.wasted) for row in bill(found).bases] == [
        ("a.b.svc.cluster.local", 10, 20),
        ("c.d.svc.cluster.local", 10, 20),
        ("e.f.svc.cluster.local", 10, 20),
    ]


def test_a_suffix_that_was_right_is_no_waste() -> None:
    scene = Scene()
    for n in range(3):
        scene.ask(n, NODE, GATEWAY, f"db{n}.x.svc.cluster.local.example.org", src_port=33_000)
    query = scene.query(5, NODE, GATEWAY, "web.x.svc.cluster.local.example.org", src_port=33_000)
    scene.response(5.01, query, ancount=1, answer_matches=1)
    total = bill(left(scene)).total
    assert (total.queries, total.needed, total.amplification) == (4, 1, 4.0)


def test_a_further_hop_counts_instead_of_the_one_before() -> None:
    """What the gateway asks on is counted there, what it answers itself where it was asked."""
    scene = Scene()
    for n in range(10):
        name = f"db{n}.x.svc.cluster.local.example.org"
        query = scene.query(n, NODE, GATEWAY, name, src_port=33_000)
        if n < 7:
            scene.ask(n + 0.001, "203.0.113.1", "203.0.113.53", name)
        scene.response(n + 0.005, query, "NXDOMAIN")
    found = left(scene)
    assert set(found.servers) == {"203.0.113.53", GATEWAY}
    assert [(row.key, row.queries) for row in bill(found).clients] == [("203.0.113.1", 7), (NODE, 3)]


def test_where_only_the_pods_leg_was_captured_nothing_is_claimed() -> None:
    scene = Scene()
    for n, base in enumerate(("a.one", "b.two", "kubernetes.default.svc.cluster.local")):
        lookup(scene, n, base, client=POD, server=LOCAL, answers={"kubernetes.default.svc.cluster.local": "DATA"})
    assert left(scene).bill is None


def test_without_a_cluster_there_is_none() -> None:
    scene = Scene()
    scene.ask(0, POD, "192.0.2.53", "www.example.com")
    assert left(scene).bill is None


@pytest.mark.parametrize(
    ("sample", "queries", "wasted", "user1"),
    [("nodelocaldns-incident.pcap", 212, 192, 12)],  # tshark: packets to 192.168.1.1 with QR=0, by name
)
def test_the_labs_numbers(samples: Path, sample: str, queries: int, wasted: int, user1: int) -> None:
    found = run([str(samples / sample)], AnalyzeOptions()).results["outgoing"]
    total = bill(found).total
    assert (found.servers, total.queries, total.wasted) == (("192.168.1.1",), queries, wasted)
    by_base = {row.key: row.queries for row in bill(found).bases}
    assert by_base["user1-svc.user1.svc.cluster.local"] == user1
