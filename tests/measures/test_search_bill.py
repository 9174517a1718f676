"""Needed and wasted, by hand."""

from __future__ import annotations

import pytest

from analyzer.measures.search_rows import BillRow, Search
from tests.lookups import LIST, candidates, lookup
from tests.scenes import Scene

BASES = ("a.one", "b.two", "c.three")


def search(answers: dict[str, str], names: list[str] | None = None) -> Search:
    scene = Scene()
    for n, base in enumerate(BASES):
        lookup(scene, n, base)
    lookup(scene, 9, "d.four", answers=answers, names=names)
    found = scene.results()[0]["search"]
    assert isinstance(found, Search)
    return found


def row(found: Search) -> BillRow:
    return next(row for row in found.bill.bases if row.key == "d.four")


@pytest.mark.parametrize(
    ("answers", "queries", "needed"),
    [
        ({}, 10, 2),  # all failed: the name as typed would have told
        ({"d.four": "DATA"}, 10, 2),
        ({f"d.four.{LIST[0]}": "DATA"}, 2, 2),  # the first candidate was right
        ({f"d.four.{LIST[2]}": "DATA"}, 6, 2),
        ({f"d.four.{LIST[1]}": "SERVFAIL", "d.four": "DATA"}, 10, 2),
    ],
)
def test_what_was_needed(answers: dict[str, str], queries: int, needed: int) -> None:
    found = search(answers)
    mine = [r for r in found.bill.bases if r.key == "d.four"]
    if queries == 2:  # one name only: no chain, so no base is known
        assert found.bill.total.queries - found.bill.multi.queries == 2
    else:
        assert [(r.queries, r.needed, r.wasted) for r in mine] == [(queries, needed, queries - needed)]


def test_a_name_tried_first_as_typed_wastes_its_suffixes() -> None:
    names = ["d.four", *candidates("d.four")[:-1]]
    assert (row(search({}, names)).queries, row(search({}, names)).needed) == (10, 2)


def test_sums_agree_whatever_they_go_by() -> None:
    bill = search({"d.four": "DATA"}).bill
    for rows in (bill.clients, bill.bases):
        assert sum(r.queries for r in rows) == bill.total.queries
        assert sum(r.needed for r in rows) == bill.total.needed
    assert sum(r.wasted for r in bill.suffixes) == bill.total.wasted
    assert BillRow("x", 0, 0, 0).wasted_share is None
