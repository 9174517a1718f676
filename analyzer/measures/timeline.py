"""Queries and responses over time, with response codes and the busiest suffix groups, in bins of one width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.dns import rcodes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.folds import Sided
from analyzer.measures.groups import Grouped
from analyzer.measures.replies import Replies
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Side, TimeBin
from analyzer.messages import OTHERS, Array, TransactionBatch

__all__ = ["Measure"]

_SUFFIXES: Final = 8


class Measure:
    """Sees nothing of its own: `result` (Sided[TimeBin]) folds cells and replies."""

    needs: tuple[str, ...] = ("cells", "replies", "groups")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells and replies count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells and replies merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[TimeBin]:
        """Bins by side, without gaps."""
        cells: Cells = results["cells"]
        replies: Replies = results["replies"]
        grouped: Grouped = results["groups"]
        times = [log.time_ns for log in (cells.log, replies.log) if len(log.time_ns)]
        tables: dict[Side, list[TimeBin]] = {}
        totals = np.bincount(cells.side[cells.log.number], cells.log.weight, minlength=len(SIDES))
        if times:
            limits, width = self._context.options.limits, self._context.options.limits.bin_ns
            first, last = min(int(t[0]) for t in times), max(int(t[-1]) for t in times)
            while last // width - first // width >= limits.series_bins:
                width *= 2
            bins = np.arange(first // width, last // width + 1) * width
            for number, name in enumerate(SIDES):
                rows = _bins(cells, replies, grouped, number, bins)
                if any(row.queries or row.responses for row in rows):
                    tables[name] = rows
        shown = Side.CLIENT if totals[0] or not tables else max(tables, key=lambda n: (totals[SIDES.index(n)], n))
        return Sided(shown, shown != Side.CLIENT, tables)


def _bins(cells: Cells, replies: Replies, grouped: Grouped, side: int, bins: Array) -> list[TimeBin]:
    asked = np.flatnonzero(cells.side[cells.log.number] == side)
    cell, weight = cells.log.number[asked], cells.log.weight[asked]
    at = np.searchsorted(bins, cells.log.time_ns[asked], side="right") - 1
    group = grouped.number[cell]
    totals: dict[str, int] = {}
    for number, count in enumerate(np.bincount(group[group >= 0], weight[group >= 0]).astype(np.int64).tolist()):
        suffix = grouped.groups[number].suffix
        totals[suffix] = totals.get(suffix, 0) + count
    busiest = sorted((suffix for suffix in totals if totals[suffix]), key=lambda s: (-totals[s], s))[:_SUFFIXES]
    places = {suffix: place for place, suffix in enumerate(busiest)}
    rank = np.array([places.get(g.suffix, len(busiest)) for g in grouped.groups] + [len(busiest)])  # -1 takes the last
    queries = _table(at, rank[group], weight, len(bins), len(busiest) + 1)
    replied = np.flatnonzero(replies.side[replies.log.number] == side)
    codes, code = np.unique(replies.rcode[replies.log.number[replied]], return_inverse=True)
    when = np.searchsorted(bins, replies.log.time_ns[replied], side="right") - 1
    responses = _table(when, code, replies.log.weight[replied], len(bins), len(codes))
    words = [rcodes.text(c) for c in codes.tolist()]
    suffixes = [*busiest, OTHERS.decode()]
    return [
        TimeBin(start, int(q.sum()), int(r.sum()), _named(words, r), _named(suffixes, q))
        for start, q, r in zip(bins.tolist(), queries, responses, strict=True)
    ]


def _table(row: Array, column: Array, weight: Array, rows: int, columns: int) -> Array:
    sums = np.bincount(row * columns + column, weight, minlength=rows * columns)
    return sums.astype(np.int64).reshape(rows, columns)


def _named(words: list[str], counts: Array) -> dict[str, int]:
    pairs = [(word, count) for word, count in zip(words, counts.tolist(), strict=True) if count]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
