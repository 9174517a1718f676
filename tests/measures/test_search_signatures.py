"""Lookups folded to signatures."""

from __future__ import annotations

from analyzer.measures.search_signatures import Signatures
from tests.lookups import LIST, lookup
from tests.measures.traffic import batches
from tests.scenes import Scene


def folded(scene: Scene, cap: int = 1000) -> Signatures:
    _, found = batches(scene)
    signatures = Signatures(cap, 100_000)
    for batch in found:
        signatures.add(batch.lookups, batch.steps)
    return signatures


def repeated() -> Scene:
    scene = Scene()
    for n in range(12):
        base = ("a.one", "b.two", "c.three")[n % 3]
        lookup(scene, n, base, answers={base: "DATA"} if n >= 6 else {})
    return scene


def test_equal_lookups_share_a_row() -> None:
    table, steps = folded(repeated()).table()
    assert sorted(table.lookups.tolist()) == [2] * 6  # three bases, found or not
    assert table.queries.tolist() == [2 * 2 * (len(LIST) + 1)] * 6
    assert len(steps) == 6 * (len(LIST) + 1)
    assert set(steps.queries.tolist()) == {4}
    assert set(steps.example_queries.tolist()) == {2}


def test_the_example_is_the_first_and_last_is_the_last() -> None:
    table, steps = folded(repeated()).table()
    first = int(table.first_step[0])
    assert steps.time_ns[first] == table.first_ns[0]
    assert (table.last_ns - table.first_ns).tolist() == [3_000_000_000] * 6


def test_what_finds_no_room_is_counted() -> None:
    signatures = folded(repeated(), cap=4)
    table, _ = signatures.table()
    assert len(table) == 4
    assert int(table.lookups.sum()) + int(signatures.over[0]) == 12
    assert int(table.queries.sum()) + int(signatures.over[1]) == 12 * 2 * (len(LIST) + 1)
