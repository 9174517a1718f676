"""Leaks, hop by hop."""

from __future__ import annotations

import pytest

from analyzer.measures.leaks import Leaks, is_public
from tests.lookups import GATEWAY, LOCAL, NODE, POD
from tests.scenes import Scene

NAME = "db.ns.svc.cluster.local.example.org"


def leaks(scene: Scene) -> Leaks:
    found = scene.results()[0]["leaks"]
    assert isinstance(found, Leaks)
    return found


def test_every_suffix_is_a_leak_of_its_own_the_busiest_first() -> None:
    scene = Scene()
    for n in range(9):
        scene.ask(n, NODE, GATEWAY, f"db{n}.ns.svc.cluster.local.{('one.test', 'two.test')[n % 3 == 0]}")
    found = leaks(scene).leaks
    assert [(leak.suffix, leak.queries, leak.distinct) for leak in found] == [("one.test", 6, 6), ("two.test", 3, 3)]
    assert [name.base for name in found[1].names] == [
        "db0.ns.svc.cluster.local",
        "db3.ns.svc.cluster.local",
        "db6.ns.svc.cluster.local",
    ]


def test_three_hops_count_at_the_last() -> None:
    scene = Scene()
    hops = ((POD, LOCAL), (NODE, GATEWAY), (GATEWAY, "203.0.113.53"))
    for n in range(8):
        queries = [
            scene.query(n + 0.001 * at, *hop, NAME, src_port=20_000 + 100 * at + n) for at, hop in enumerate(hops)
        ]
        for at, query in enumerate(reversed(queries)):
            scene.response(n + 0.004 + 0.001 * at, query, "NXDOMAIN")
    (leak,) = leaks(scene).leaks
    assert (leak.queries, leak.inner_queries, list(leak.servers)) == (8, 16, ["203.0.113.53"])


def test_a_loop_between_forwarders_still_leaks() -> None:
    scene = Scene()
    for n in range(8):
        scene.query(n, NODE, GATEWAY, NAME, src_port=20_000 + n)
        scene.query(n + 0.001, GATEWAY, NODE, NAME, src_port=30_000 + n)
    (leak,) = leaks(scene).leaks
    assert leak.queries == 16


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("192.168.1.1", False),
        ("169.254.25.10", False),
        ("fd00::1", False),
        ("2001:4860::8", True),
        ("(others)", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) == public


def test_made_up_suffixes_cost_no_more_than_a_hundred_rows() -> None:
    scene = Scene()
    for n in range(150):
        scene.ask(n * 0.01, NODE, GATEWAY, f"x.cluster.local.made-up-{n}.test")
    assert len(leaks(scene).leaks) == 100
