"""What every measure promises: the same result however the input is cut, merged, or asked for twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import measures
from analyzer.measures import Context
from analyzer.messages import TransactionBatch
from tests.measures.traffic import batches, plain, results, scene

SEEDS = st.integers(0, 10_000)

# Measures whose merge needs the rows before the cut (the halo), with the reason.
HALO = {
    "caching": "an answer is compared with the one before it",
}


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Measures whose results differ; their names only, since the results fill pages."""
    assert one.keys() == other.keys()
    return [ident for ident in one if plain(one[ident]) != plain(other[ident])]


def test_every_measure_comes_after_those_it_needs() -> None:
    placed: set[str] = set()
    for ident, measure in measures.registry().items():
        assert set(measure.needs) <= placed
        placed.add(ident)


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.lists(st.integers(0, 200), max_size=6))
def test_results_do_not_depend_on_how_messages_are_cut(seed: int, cuts: list[int]) -> None:
    made = scene(seed)
    inside = [cut % len(made.rows) for cut in cuts]
    assert differing(results(*batches(made, inside)), results(*batches(made))) == []


@settings(max_examples=12, deadline=None)
@given(
    SEEDS, st.lists(st.integers(1, 200), min_size=3, max_size=6), st.lists(st.integers(0, 10), min_size=1, max_size=3)
)
def test_merged_parts_are_the_whole(seed: int, cuts: list[int], merge_at: list[int]) -> None:
    made = scene(seed)
    context, found = batches(made, [cut % len(made.rows) for cut in cuts])
    parts = results(context, found, [at % (len(found) + 1) for at in merge_at])
    assert set(differing(parts, results(context, found))) <= HALO.keys()


@pytest.fixture(scope="module")
def small() -> tuple[Context, list[TransactionBatch], dict[str, Any]]:
    context, found = batches(scene(7, lookups=8))
    return context, found, results(context, found)


@pytest.mark.parametrize("ident", measures.registry())
def test_a_result_can_be_asked_for_again(
    ident: str, small: tuple[Context, list[TransactionBatch], dict[str, Any]]
) -> None:
    context, found, whole = small
    measure = measures.registry()[ident](context)
    for batch in found:
        measure.update(batch)
    assert differing({ident: measure.result(whole)}, {ident: measure.result(whole)}) == []


def test_batches_without_rows_change_nothing() -> None:
    context, _ = batches(scene(1, lookups=0))
    assert differing(results(context, [TransactionBatch()]), results(context, [])) == []
