"""Cluster names outside: suffix and zone, once, at the outermost hop."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.lookups import GATEWAY, LIST, LOCAL, NODE, POD, lookup
from tests.scenes import Scene

NAME = "db.orders.svc.cluster.local.example.org"


def leaking(count: int, server: str = GATEWAY, **more: int) -> Scene:
    scene = Scene()
    for n in range(count):
        query = scene.query(n * 0.4, NODE, server, NAME, src_port=30_000 + n)
        scene.response(n * 0.4 + 0.001, query, "NOERROR" if more else "NXDOMAIN", **more)
    return scene


@pytest.mark.parametrize(("count", "severity"), [(1, Severity.MEDIUM), (59, Severity.MEDIUM), (60, Severity.HIGH)])
def test_one_is_enough_and_one_a_second_is_high(count: int, severity: Severity) -> None:
    (found,) = leaking(count).findings("cluster-name-leak")
    assert (found.kind, found.severity, found.count, found.peak_60s) == ("suffix", severity, count, count)
    assert found.subject.value == "cluster.local.example.org"
    assert any(
        fix.text.startswith("#") and "template IN ANY cluster.local.example.org {" in fix.text for fix in found.fix
    )


def test_a_public_server_or_an_answer_makes_it_high() -> None:
    assert leaking(2, "8.8.8.8").findings("cluster-name-leak")[0].severity == Severity.HIGH
    scene = leaking(4)
    query = scene.query(3, NODE, GATEWAY, NAME)
    address = scene.addresses.add("198.51.100.9")
    scene.response(3.001, query, ancount=1, answer_matches=1, answer_addr=address)
    assert scene.findings("cluster-name-leak")[0].severity == Severity.HIGH


def test_the_same_lookup_on_two_hops_counts_once() -> None:
    scene = Scene()
    for n in range(12):
        inner = scene.query(n, POD, LOCAL, NAME, src_port=30_000 + n)
        outer = scene.query(n + 0.001, NODE, GATEWAY, NAME, src_port=40_000 + n)
        scene.response(n + 0.002, outer, "NXDOMAIN")
        scene.response(n + 0.003, inner, "NXDOMAIN")
    (found,) = scene.findings("cluster-name-leak")
    assert (found.count, found.side, found.numbers["queries_further_in"]) == (12, "upstream", 12)
    assert found.numbers[f"from {NODE}"] == 12


def test_only_the_clients_leg_says_that_they_will_leak() -> None:
    scene = Scene()
    lookup(scene, 0, "db.orders.svc.cluster.local")
    query = scene.query(1, POD, LOCAL, "kubernetes.default.svc.cluster.local")
    scene.response(1.001, query, ancount=1, answer_matches=1)
    (found,) = scene.findings("cluster-name-leak")
    assert found.kind == "suffix-client"
    assert "will leave" in found.title


def test_a_doubled_cluster_suffix_is_no_leak() -> None:
    scene = Scene()
    for n in range(20):
        scene.ask(n, NODE, GATEWAY, f"db.orders.svc.cluster.local.{LIST[0]}")
    assert [f for f in scene.findings("cluster-name-leak") if f.kind.startswith("suffix")] == []


def test_a_zone_that_is_really_there_is_no_leak() -> None:
    scene = Scene()
    for n in range(20):
        query = scene.query(n, NODE, GATEWAY, f"host{n}.cluster.local.corp.test")
        address = scene.addresses.add(f"10.1.2.{n}")
        scene.response(n + 0.001, query, ancount=1, answer_matches=1, answer_addr=address)
    assert scene.findings("cluster-name-leak") == []


def test_the_domain_of_the_cluster_may_be_another() -> None:
    scene = Scene()
    zone = scene.names.add_text("k8s.corp.test")
    query = scene.query(0, POD, LOCAL, "gone.ns.svc.k8s.corp.test")
    scene.response(0.001, query, "NXDOMAIN", soa_minimum=30, soa_ttl=30, soa_owner=zone)
    scene.ask(1, NODE, GATEWAY, "db.orders.svc.k8s.corp.test.lan.example")
    (found,) = scene.findings("cluster-name-leak")
    assert found.subject.value == "k8s.corp.test.lan.example"


def test_the_domain_itself_at_a_strange_server_is_a_zone_leak() -> None:
    scene = Scene()
    for n in range(8):
        inner = scene.query(n, POD, LOCAL, "db.orders.svc.cluster.local", src_port=30_000 + n)
        outer = scene.query(n + 0.001, NODE, GATEWAY, "db.orders.svc.cluster.local", src_port=40_000 + n)
        scene.response(n + 0.002, outer, "NXDOMAIN")
        scene.response(n + 0.003, inner, "NXDOMAIN")
    (found,) = scene.findings("cluster-name-leak")
    assert (found.kind, found.subject.value) == ("zone", "cluster.local")
