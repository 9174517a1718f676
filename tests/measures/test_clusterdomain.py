"""The cluster's domain, and names that carry it in their middle."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.options import AnalyzeOptions
from tests.scenes import Scene

POD, LOCAL = "10.0.0.1", "10.0.0.53"


def domain(scene: Scene) -> ClusterDomain:
    found = scene.results()[0]["clusterdomain"]
    assert isinstance(found, ClusterDomain)
    return found


def denied(scene: Scene, name: str, zone: str = "") -> None:
    query = scene.query(len(scene.rows), POD, LOCAL, name)
    more = {"soa_minimum": 5, "soa_ttl": 5, "soa_owner": scene.names.add_text(zone)} if zone else {}
    scene.response(len(scene.rows), query, "NXDOMAIN", **more)


def test_the_option_decides() -> None:
    scene = Scene(options=dataclasses.replace(AnalyzeOptions(), cluster_domain="k8s.test"))
    denied(scene, "x.ns.svc.cluster.local", "cluster.local")
    assert (domain(scene).name, domain(scene).how) == ("k8s.test", "option")


def test_a_zone_with_services_below_it_is_the_cluster() -> None:
    scene = Scene()
    denied(scene, "www.corp.test", "corp.test")
    denied(scene, "x.ns.svc.k8s.corp.test", "k8s.corp.test")
    found = domain(scene)
    assert (found.name, found.how) == ("k8s.corp.test", "soa")
    assert found.servers == {scene.addresses.find(LOCAL)}


def test_without_an_soa_the_api_servers_name_tells() -> None:
    scene = Scene()
    scene.ask(0, POD, LOCAL, "kubernetes.default.svc.k8s.test")
    assert (domain(scene).name, domain(scene).how) == ("k8s.test", "kubernetes")


def test_without_anything_it_is_cluster_local() -> None:
    scene = Scene()
    scene.ask(0, POD, LOCAL, "www.example.com")
    assert (domain(scene).name, domain(scene).how, domain(scene).node) == ("cluster.local", "default", None)


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("db.ns.svc.cluster.local.example.org", "example.org"),
        ("cluster.local.example.org", "example.org"),
        ("DB.ns.svc.Cluster.LOCAL.example.org", "example.org"),
        ("db.ns.svc.cluster.local.shop.svc.cluster.local", None),  # doubled
        ("db.ns.svc.cluster.local", None),
        ("mycluster.local.example.org", None),
        ("cluster.localhost.example.org", None),
        ("x.cluster.local.shop.svc.cluster.local.example.org", "example.org"),
    ],
)
def test_what_follows_the_domain(name: str, rest: str | None) -> None:
    scene = Scene()
    scene.ask(0, POD, LOCAL, "kubernetes.default.svc.cluster.local")
    scene.ask(1, POD, LOCAL, name)
    node = scene.names.find(name)
    found = domain(scene).rest[node]
    assert (scene.names.text(int(found)) if found else None) == rest
