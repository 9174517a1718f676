"""Reverse lookups of private addresses."""

from __future__ import annotations

import pytest

from tests.lookups import GATEWAY, LOCAL, NODE, POD
from tests.scenes import Scene


def reverse(count: int, others: int, zone: str = "0.10.in-addr.arpa", server: str = LOCAL, data: bool = False) -> Scene:
    scene = Scene()
    for n in range(count):
        query = scene.query(n * 0.9, POD, server, f"{n % 7}.1.{zone}", "PTR", src_port=20_000 + n)
        more = {"ancount": 1, "answer_matches": 1} if data else {}
        scene.response(n * 0.9 + 0.001, query, "NOERROR" if data else "NXDOMAIN", **more)
    for n in range(others):
        query = scene.query(n * 0.05, POD, server, "www.example.com", src_port=40_000 + n)
        scene.response(n * 0.05 + 0.001, query, ancount=1, answer_matches=1)
    return scene


@pytest.mark.parametrize(
    ("count", "others", "fires"),
    [(30, 1000, True), (29, 1000, False), (15, 285, True), (14, 286, False), (9, 0, False)],
)
def test_thirty_a_minute_or_five_percent(count: int, others: int, fires: bool) -> None:
    found = reverse(count, others).findings("ptr-private-storm")
    assert [(f.kind, f.severity.word) for f in found] == ([("local", "low")] if fires else [])


def test_a_public_resolver_makes_it_a_leak_of_medium() -> None:
    (found,) = reverse(40, 0, server="8.8.8.8").findings("ptr-private-storm")
    assert (found.kind, found.severity.word) == ("leak", "medium")


def test_an_upstream_makes_it_a_leak() -> None:
    scene = Scene()
    for n in range(40):
        name = f"{n}.1.168.192.in-addr.arpa"
        inner = scene.query(n, POD, LOCAL, name, "PTR", src_port=20_000 + n)
        outer = scene.query(n + 0.001, NODE, GATEWAY, name, "PTR", src_port=33_000)
        scene.response(n + 0.002, outer, "NXDOMAIN")
        scene.response(n + 0.003, inner, "NXDOMAIN")
    assert {f.kind for f in scene.findings("ptr-private-storm")} == {"local", "leak"}


def test_names_that_come_back_are_fine() -> None:
    assert reverse(60, 0, data=True).findings("ptr-private-storm") == []


def test_public_addresses_are_fine() -> None:
    assert reverse(60, 0, zone="8.8.in-addr.arpa").findings("ptr-private-storm") == []
