"""What search chains cost: queries sent, and queries needed had the winning name been asked first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyzer.measures import Context
from analyzer.measures.search_rows import Bill, BillRow, Verdict
from analyzer.measures.search_signatures import SignatureSteps, SignatureTable
from analyzer.messages import Array, Ending

__all__ = ["bill_of", "bill_rows", "needed_of", "suffix_rows", "winner"]


def winner(table: SignatureTable, as_is: Array) -> Array:
    """Position of the candidate that decided each signature: the last; where all failed, the name as typed."""
    last = table.steps - 1
    failed = (table.ending == Ending.FAILED) | (table.ending == Ending.NODATA) | (table.ending == Ending.ABANDONED)
    return np.where(failed & (as_is >= 0), as_is, last)


def needed_of(table: SignatureTable, steps: SignatureSteps, as_is: Array) -> Array:
    """Queries that each signature's lookups needed: those of the deciding candidate; all where there is only one."""
    if not len(table):
        return np.zeros(0, np.int64)
    return np.where(table.steps == 1, table.queries, steps.queries[table.first_step + winner(table, as_is)])


def bill_rows(keys: Array, labels: Sequence[str], lookups: Array, queries: Array, needed: Array) -> tuple[BillRow, ...]:
    """Sums by key, most wasted first."""
    size = len(labels)
    sums = [
        np.bincount(keys, values, minlength=size).astype(np.int64).tolist() for values in (lookups, queries, needed)
    ]
    rows = [BillRow(label, *cells) for label, *cells in zip(labels, *sums, strict=True) if cells[1]]
    return tuple(sorted(rows, key=lambda row: (-row.wasted, -row.queries, row.key)))


def suffix_rows(verdict: Verdict, rows: Array, context: Context) -> tuple[BillRow, ...]:
    """The bill by suffix over the given signatures; the name as typed stands as `(as typed)`."""
    table = verdict.table
    count = table.steps[rows]
    begin = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(rows) else count
    at = np.repeat(table.first_step[rows] - begin, count) + np.arange(int(count.sum()))
    owner = np.repeat(rows, count)
    suffix = verdict.step_suffix[at]
    inside = suffix >= 0
    at, owner, suffix = at[inside], owner[inside], suffix[inside]
    queries = verdict.steps.queries[at]
    wins = at - table.first_step[owner] == winner(table, verdict.as_is)[owner]
    distinct, keys = np.unique(suffix, return_inverse=True)
    labels = [context.names.text(int(s)) if s else "(as typed)" for s in distinct.tolist()]
    return bill_rows(keys, labels, table.lookups[owner], queries, np.where(wins, queries, 0))


def bill_of(verdict: Verdict, asks: Array, context: Context) -> Bill:
    """The account of the lookups chosen by `asks`."""
    table = verdict.table
    rows = np.flatnonzero(asks)
    lookups, queries, needed = table.lookups[rows], table.queries[rows], verdict.needed[rows]

    def total(name: str, chosen: Array) -> BillRow:
        return BillRow(name, *(int(column[chosen].sum()) for column in (lookups, queries, needed)))

    clients, keys = np.unique(table.client[rows], return_inverse=True)
    based = verdict.base[rows] >= 0
    return Bill(
        total=total("all", np.ones(len(rows), np.bool_)),
        multi=total("several names", table.steps[rows] > 1),
        clients=bill_rows(keys, [context.addresses.text(int(c)) for c in clients.tolist()], lookups, queries, needed),
        bases=bill_rows(verdict.base[rows][based], verdict.bases, lookups[based], queries[based], needed[based]),
        suffixes=suffix_rows(verdict, rows[verdict.list_at[rows] >= 0], context),
    )
