"""Names as a tree of suffixes: what each suffix carries, at any depth (`top --tree`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.cellstore import NO_NAME
from analyzer.measures.rates import per_min, share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Side, SuffixNode
from analyzer.measures.wasted import Wasted
from analyzer.messages import ROOT, Array, Outcome, TransactionBatch

__all__ = ["Measure", "SuffixTree"]

_QUERIES, _QUESTIONS, _NXDOMAIN, _WASTED, _NAMES = range(5)


class SuffixTree:
    """`root(side, depth, width)` makes nodes; `side` is the one to show."""

    def __init__(self, context: Context, cells: Cells, wasted: Wasted) -> None:
        self._context, self._cells, self._wasted = context, cells, wasted
        totals = np.bincount(cells.side, cells.queries, minlength=len(SIDES))
        self.side = Side.CLIENT if totals[0] or not totals.any() else SIDES[int(np.argmax(totals))]

    def root(self, side: Side | None = None, depth: int = 3, width: int = 10) -> SuffixNode:
        """The tree of one side down to `depth` labels, with the `width` busiest children of each node."""
        side = side or self.side
        sums = self._sums(SIDES.index(side))
        parent = self._context.names.parent.astype(np.int64)
        used = np.flatnonzero(sums[:, _QUERIES])
        used = used[(used != ROOT) & (self._context.names.depth[used] <= depth)]
        used = used[np.lexsort((self._cells.texts.name_rank(used), -sums[used, _QUERIES], parent[used]))]
        at = np.searchsorted(parent[used], np.arange(len(parent) + 1))
        covered, known = self._context.covered_ns, self._wasted.known and side == Side.CLIENT
        whole = max(int(sums[ROOT, _QUERIES]), 1)

        def node(ident: int, level: int) -> SuffixNode:
            queries, questions, nxdomain, wasted, names = sums[ident].tolist()
            below = used[at[ident] : at[ident + 1]][:width].tolist() if level < depth else []
            return SuffixNode(
                label=self._cells.texts.name(ident),
                depth=level,
                queries=queries,
                share=queries / whole,
                per_min=per_min(queries, covered),
                nxdomain_share=share(nxdomain, questions),
                wasted_share=share(wasted, queries) if known else None,
                names=names,
                children=tuple(node(child, level + 1) for child in below),
            )

        return node(ROOT, 0)

    def _sums(self, side: int) -> Array:
        """Five counts for every name id, those of all names below it included."""
        cells, names = self._cells, self._context.names
        mine = np.flatnonzero((cells.side == side) & (cells.qname < NO_NAME))
        sums = np.zeros((len(names), 5), np.int64)
        np.add.at(sums[:, _QUERIES], cells.qname[mine], cells.queries[mine])
        asked = cells.questions
        counted = (cells.side[asked.cell] == side) & (cells.qname[asked.cell] < NO_NAME)
        failed = counted & (asked.code == Outcome.NXDOMAIN)
        np.add.at(sums[:, _QUESTIONS], cells.qname[asked.cell[counted]], asked.count[counted])
        np.add.at(sums[:, _NXDOMAIN], cells.qname[asked.cell[failed]], asked.count[failed])
        distinct = np.unique(cells.qname[mine])
        sums[distinct, _NAMES] = 1
        sums[distinct, _WASTED] = self._wasted.of(distinct)
        depth = names.depth
        order = np.argsort(depth, kind="stable")
        for level in reversed(np.split(order, np.flatnonzero(np.diff(depth[order])) + 1)[1:]):
            np.add.at(sums, names.parent[level], sums[level])
        return sums


class Measure:
    """Sees nothing of its own: `result` is a SuffixTree over the cells."""

    needs: tuple[str, ...] = ("cells", "wasted")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> SuffixTree:
        """The tree, to be cut to a depth."""
        return SuffixTree(self._context, results["cells"], results["wasted"])
