"""Per base name: what programs asked for, whatever suffix was appended; one row per base and side.

A name's base is known inside established search chains and infix leaks only; every other name is its own base.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.cellstore import NO_NAME
from analyzer.measures.folds import Sided
from analyzer.measures.names import by_name
from analyzer.measures.rows import NameRow
from analyzer.measures.search_rows import Search
from analyzer.messages import Array, TransactionBatch

__all__ = ["Bases", "Measure"]


class Bases:
    """Numbers for base names: `number` per cell (-1: no name), `text` and `rank` of numbers."""

    def __init__(self, cells: Cells, search: Search) -> None:
        nodes, index = np.unique(cells.qname, return_inverse=True)
        self._texts: list[str] = []
        numbers: dict[str, int] = {}
        of = np.full(len(nodes), -1)
        for at, node in enumerate(nodes.tolist()):
            if node < NO_NAME:
                base = search.base_of.get(node) or cells.texts.name(node)
                of[at] = numbers.setdefault(base, len(numbers))
        self._texts = list(numbers)
        order = sorted(range(len(self._texts)), key=self._texts.__getitem__)
        self._rank = np.empty(len(order), np.int64)
        self._rank[order] = np.arange(len(order))
        self.number: Array = of[index]

    def text(self, number: int) -> str:
        """The base name."""
        return self._texts[number]

    def rank(self, numbers: Array) -> Array:
        """Place in the order of texts."""
        return self._rank[numbers]


class Measure:
    """Sees nothing of its own: `result` (Sided[NameRow]) folds the cells."""

    needs: tuple[str, ...] = ("cells", "names", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[NameRow]:
        """Rows by side."""
        cells: Cells = results["cells"]
        search: Search = results["search"]
        if not search.base_of:  # then every name is its own base
            names: Sided[NameRow] = results["names"]
            return names
        bases = Bases(cells, search)
        return by_name(cells, bases.number, bases.text, bases.rank, self._context)
