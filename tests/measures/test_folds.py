"""The tables against a second implementation that reads row by row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.measures.rows import PairRow, Side
from tests.measures.naive import Naive
from tests.measures.naive_tables import compare
from tests.measures.traffic import batches, results, scene

SEEDS = st.integers(0, 100_000)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_tables_of_made_traffic(seed: int) -> None:
    context, given_batches = batches(scene(seed, lookups=40))
    compare(Naive(context, given_batches), results(context, given_batches))


@pytest.fixture(scope="module")
def one() -> dict[str, Any]:
    return results(*batches(scene(11, lookups=40)))


def test_made_traffic_has_a_forwarder_with_several_addresses(one: dict[str, Any]) -> None:
    assert [row.addresses for row in one["forwarders"]] == [("10.0.0.53", "192.168.1.2")]
    assert set(one["names"].tables) == {Side.CLIENT, Side.UPSTREAM}


def test_sums_of_tables_agree(one: dict[str, Any]) -> None:
    by_table = {
        ident: sum(row.queries for row in one[ident].rows)
        for ident in ("names", "clients", "servers", "qtypes", "bases", "suffixes", "pairs")
    }
    assert set(by_table.values()) == {one["summary"].sides[Side.CLIENT]}
    assert sum(b.queries for b in one["timeline"].rows) == one["summary"].sides[Side.CLIENT]
    assert sum(row.responses for row in one["rcodes"].rows) == sum(row.responses for row in one["servers"].rows)
    assert one["tree"].root().queries == one["summary"].sides[Side.CLIENT]


def test_rows_stand_in_order_of_count_then_name(one: dict[str, Any]) -> None:
    rows = list(one["names"].rows)
    assert rows == sorted(rows, key=lambda row: (-row.queries, row.qname.encode()))
    pairs: list[PairRow] = list(one["pairs"].rows)
    assert pairs == sorted(pairs, key=lambda row: (-row.queries, row.client, row.qname))
