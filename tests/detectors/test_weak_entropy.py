"""Ports and IDs that can be guessed."""

from __future__ import annotations

import random

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

CLIENT, PUBLIC, PRIVATE = "192.168.1.5", "9.9.9.9", "192.168.1.1"


def asking(
    count: int = 200,
    *,
    ids: str = "random",
    ports: str = "random",
    server: str = PUBLIC,
    client: str = CLIENT,
    good: int = 0,
) -> Scene:
    """Queries with IDs and ports as told; the first `good` have random ones whatever is told."""
    rng, scene = random.Random(3), Scene()
    numbers, known = rng.sample(range(65_536), count), rng.sample(range(1024, 65_536), count)
    for n in range(count):
        ident = {"random": numbers[n], "counter": 1000 + n, "few": numbers[n // 2], "one": 7}[
            ids if n >= good else "random"
        ]
        port = {"random": known[n], "counter": 1024 + n, "three": 5000 + n % 3, "four": 5000 + 9 * (n % 4)}
        query = scene.query(
            n / 4, client, server, f"n{n}.example.org", msg_id=ident, src_port=port[ports if n >= good else "random"]
        )
        scene.response(n / 4 + 0.01, query, ancount=1, answer_matches=1)
    return scene


@pytest.mark.parametrize(
    ("ids", "ports", "server", "expected"),
    [
        ("counter", "three", PUBLIC, ("ids-and-ports", Severity.MEDIUM)),
        ("one", "counter", PUBLIC, ("ids-and-ports", Severity.MEDIUM)),
        ("counter", "three", PRIVATE, ("ids-and-ports", Severity.INFO)),
        ("counter", "random", PUBLIC, ("ids", Severity.INFO)),
        ("few", "random", PUBLIC, ("ids", Severity.INFO)),
        ("random", "three", PUBLIC, ("ports", Severity.INFO)),
        ("random", "counter", PUBLIC, ("ports", Severity.INFO)),
        ("random", "three", PRIVATE, None),  # CoreDNS's pool of sockets
        ("counter", "random", PRIVATE, None),
        ("random", "four", PUBLIC, None),
        ("random", "random", PUBLIC, None),
    ],
)
def test_kinds(ids: str, ports: str, server: str, expected: tuple[str, Severity] | None) -> None:
    found = asking(ids=ids, ports=ports, server=server).findings("weak-entropy")
    assert [(f.kind, f.severity) for f in found] == ([expected] if expected else [])


@pytest.mark.parametrize(("count", "fires"), [(100, True), (99, False)])
def test_a_hundred_queries_are_needed(count: int, fires: bool) -> None:
    assert bool(asking(count, ids="counter").findings("weak-entropy")) == fires


@pytest.mark.parametrize(("good", "fires"), [(20, True), (22, False)])
def test_four_fifths_follow_one_another(good: int, fires: bool) -> None:
    """Of 101 sends 100 have one before them; the first that counts up does not follow."""
    assert bool(asking(101, ids="counter", good=good - 1).findings("weak-entropy")) == fires


def test_resends_and_a_machine_that_asks_itself_do_not_count() -> None:
    assert asking(200, ids="counter", client=PRIVATE, server=PRIVATE).findings("weak-entropy") == []
    scene = Scene()
    for n in range(40):
        first = scene.query(30 * n, CLIENT, PUBLIC, f"n{n}.example.org", msg_id=n * 1601)
        for again in range(1, 5):
            same = {"msg_id": first["msg_id"], "src_port": first["src_port"]}
            scene.query(30 * n + 5 * again, CLIENT, PUBLIC, f"n{n}.example.org", **same)
    assert scene.findings("weak-entropy") == []
