"""Private reverse zones and unknown top-level domains."""

from __future__ import annotations

import pytest

from analyzer.dns.names import wire_name
from analyzer.measures.misplaced import Misplaced, local_zone
from analyzer.measures.rows import Side
from tests.lookups import LOCAL, POD
from tests.scenes import Scene


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("4.3.2.10.in-addr.arpa", "10.in-addr.arpa"),
        ("1.1.168.192.in-addr.arpa", "168.192.in-addr.arpa"),
        ("1.1.31.172.in-addr.arpa", "31.172.in-addr.arpa"),
        ("1.1.32.172.in-addr.arpa", ""),
        ("1.1.64.100.in-addr.arpa", "64.100.in-addr.arpa"),
        ("1.1.63.100.in-addr.arpa", ""),
        ("8.8.8.8.in-addr.arpa", ""),
        ("1.0.0.0.d.f.ip6.arpa", "d.f.ip6.arpa"),
        ("1.0.0.0.c.f.ip6.arpa", "c.f.ip6.arpa"),
        ("1.0.0.0.0.2.ip6.arpa", ""),
        ("10.in-addr.arpa", "10.in-addr.arpa"),
        ("www.example.com", ""),
    ],
)
def test_private_reverse_zones(name: str, zone: str) -> None:
    assert local_zone(wire_name(name)) == zone


def found(*names: str, data: str = "") -> dict[str, Misplaced]:
    scene = Scene()
    for n, name in enumerate(names):
        query = scene.query(n, POD, LOCAL, name, src_port=20_000 + n)
        more = {"ancount": 1, "answer_matches": 1} if name == data else {}
        scene.response(n + 0.001, query, "NOERROR" if more else "NXDOMAIN", **more)
    return {row.zone: row for row in scene.results()[0]["misplaced"] if row.kind == "tld"}


def test_last_labels_that_are_no_domain() -> None:
    rows = found("a.lan", "b.lan", "printer", "www.example.com", "x.qqqq", "y.test", "z.onion", "one.arpa")
    assert {zone: row.queries for zone, row in rows.items()} == {
        "lan": 2,
        "(single label)": 1,
        "qqqq": 1,
        "test": 1,
        "onion": 1,
    }
    assert rows["lan"].side == Side.CLIENT


def test_zones_with_data_are_routed_there_on_purpose() -> None:
    assert found("nas.lan", data="nas.lan") == {}


def test_the_cluster_is_not_misplaced() -> None:
    assert found("db.ns.svc.cluster.local", "kubernetes.default.svc.cluster.local") == {}
