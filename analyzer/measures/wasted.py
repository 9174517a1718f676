"""How many queries of each name a better first candidate had saved; a sum over the verdict of the measure `search`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Side
from analyzer.measures.search_bill import winner
from analyzer.measures.search_rows import Search, Verdict
from analyzer.messages import Array, TransactionBatch

__all__ = ["Measure", "Wasted"]


class Wasted:
    """Queries that the client side's lookups did not need, by name id; `known` is False where no search list was seen."""

    def __init__(self, size: int, verdict: Verdict) -> None:
        table, steps = verdict.table, verdict.steps
        self.known = bool(len(table)) and bool((verdict.list_at >= 0).any())
        self._by_name = np.zeros(size, np.int64)
        if not self.known:
            return
        asks = verdict.side == SIDES.index(Side.CLIENT)
        of = np.repeat(np.arange(len(table)), table.steps)  # steps stand in the order of the rows
        place = np.arange(len(steps)) - table.first_step[of]
        lost = asks[of] & (table.steps[of] > 1) & (place != winner(table, verdict.as_is)[of])
        lost &= verdict.list_at[of] >= 0
        self._by_name += np.bincount(steps.qname[lost], steps.queries[lost], minlength=size).astype(np.int64)

    def of(self, names: Array) -> Array:
        """Wasted queries of every given name id."""
        inside = names < len(self._by_name)
        return np.where(inside, self._by_name[np.where(inside, names, 0)], 0)


class Measure:
    """Sees nothing of its own: `result` is Wasted."""

    needs: tuple[str, ...] = ("search",)

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: search counts."""

    def merge(self, other: Self) -> None:
        """Nothing: search merges."""

    def result(self, results: Mapping[str, Any]) -> Wasted:
        """Sums by name."""
        search: Search = results["search"]
        return Wasted(len(self._context.names), search.verdict)
