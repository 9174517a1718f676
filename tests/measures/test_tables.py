"""The tables against a second implementation that reads row by row."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.measures.folds import Sided
from analyzer.measures.rows import ClientRow, NameRow, PairRow, ServerRow, Side
from analyzer.messages import State
from tests.measures.naive import Naive, peak
from tests.measures.traffic import batches, results, scene

SEEDS = st.integers(0, 100_000)


def compare(naive: Naive, found: dict[str, Any]) -> None:
    """Every number of names, clients, servers and pairs that the second implementation has."""
    for ident, key, text in (("names", "qname", "qname"), ("clients", "client", "addr"), ("servers", "server", "addr")):
        want = naive.table(key)
        table: Sided[Any] = found[ident]
        rows = {(row.side.value, getattr(row, text)): row for row in table.all()}
        assert rows.keys() == want.keys()
        for place, row in rows.items():
            same(row, want[place])


def same(row: NameRow | ClientRow | ServerRow, want: dict[str, Any]) -> None:
    assert row.queries == len(want["times"])
    assert row.questions == want["questions"]
    assert row.responses == want["rcodes"].total()
    assert row.peak_60s == peak(want["times"])
    assert dict(row.rcodes) == dict(want["rcodes"])
    assert (row.first, row.last) == (min(want["seen"]), max(want["seen"]))
    if want["questions"]:
        assert row.nxdomain_share == want["nxdomain"] / want["questions"]
    if not isinstance(row, ServerRow):
        assert dict(row.types) == dict(want["types"])
        assert sum(row.series.counts) == row.queries
    if not isinstance(row, NameRow):
        assert row.names == len(want["names"])
        states = (row.answered, row.late, row.unanswered, row.pending)
        assert states == tuple(want["states"][state] for state in list(State)[:4])
    if isinstance(row, ServerRow):
        assert row.rtt.count == len(want["rtt"])
        if want["rtt"]:
            middle = sorted(want["rtt"])[-(-len(want["rtt"]) // 2) - 1]
            assert row.rtt.p50_ns is not None
            assert middle <= row.rtt.p50_ns <= middle * 1.01 + 1


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


def test_a_node_of_the_tree_holds_its_children(one: dict[str, Any]) -> None:
    root = one["tree"].root(depth=3, width=1000)
    for node in root.children:
        below = sum(child.queries for child in node.children)
        assert node.queries >= below
    assert sum(child.share for child in root.children) == pytest.approx(1.0)
    names = {row.qname: row for row in one["names"].rows}
    local = next(node for node in root.children if node.label == "local")
    assert local.queries == sum(row.queries for name, row in names.items() if name.endswith(".local"))
    assert local.names == sum(name.endswith(".local") for name in names)


def test_bins_have_no_gaps_and_name_the_busiest_suffixes(one: dict[str, Any]) -> None:
    bins = one["timeline"].rows
    width = {b.start - a.start for a, b in itertools.pairwise(bins)}
    assert len(width) == 1
    assert bins[0].start % width.pop() == 0
    assert all(sum(b.suffixes.values()) == b.queries and sum(b.rcodes.values()) == b.responses for b in bins)


def test_connections_open_at_once(one: dict[str, Any]) -> None:
    (row,) = one["connections"].rows
    assert (row.client, row.server) == ("10.0.0.1", "10.0.0.53")
    assert row.established + row.failed == row.opened
    assert 1 <= row.peak_open <= row.opened
