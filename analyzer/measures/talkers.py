"""Who asks for what: one row per client, base name and side, whatever suffix was appended; folded only when asked for."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.bases import Bases
from analyzer.measures.cells import Cells
from analyzer.measures.folds import Groups, Sided, sided
from analyzer.measures.keyed import grouped
from analyzer.measures.rates import per_min, share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Side
from analyzer.measures.search_rows import Search
from analyzer.messages import TransactionBatch

__all__ = ["Measure", "TalkerRow", "Talkers"]


@dataclass(frozen=True, slots=True)
class TalkerRow:
    """One client and one base name. `error` bounds how many queries may be missing; 0 up to a million pairs."""

    side: Side
    client: str
    base: str
    queries: int
    questions: int
    per_min: float | None
    peak_60s: int
    nxdomain_share: float | None
    names: int  # distinct names on the wire
    first: int
    last: int
    error: int


class Talkers:
    """`table` is made when it is first looked at: only rankings need it."""

    def __init__(self, context: Context, cells: Cells, search: Search) -> None:
        self._context, self._cells, self._search = context, cells, search

    @functools.cached_property
    def table(self) -> Sided[TalkerRow]:
        """Rows by side, the most queries first."""
        cells, context = self._cells, self._context
        bases = Bases(cells, self._search)
        wanted = np.flatnonzero(bases.number >= 0)
        askers, _, asker = grouped((cells.side[wanted].astype(np.int64) << 32) | cells.client[wanted])
        keys, _, index = grouped((asker << 32) | bases.number[wanted])
        group = np.full(len(cells), -1)
        group[wanted] = index
        groups = Groups(cells, group, len(keys), context)
        side, addr, base = askers[keys >> 32] >> 32, askers[keys >> 32] & 0xFFFFFFFF, keys & 0xFFFFFFFF
        names = groups.distinct(cells.qname)

        def row(at: int) -> TalkerRow:
            queries, questions = int(groups.queries[at]), int(groups.questions[at])
            return TalkerRow(
                side=SIDES[side[at]],
                client=cells.texts.address(addr[at]),
                base=bases.text(int(base[at])),
                queries=queries,
                questions=questions,
                per_min=per_min(queries, context.covered_ns),
                peak_60s=int(groups.peaks[at]),
                nxdomain_share=share(int(groups.nxdomain[at]), questions),
                names=int(names[at]),
                first=int(groups.first_ns[at]),
                last=int(groups.last_ns[at]),
                error=cells.error,
            )

        order = np.lexsort((bases.rank(base), cells.texts.address_rank(addr), -groups.queries))
        return sided(groups, side, order, row)


class Measure:
    """Sees nothing of its own: `result` (Talkers) folds the cells."""

    needs: tuple[str, ...] = ("cells", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> Talkers:
        """The table, to be made."""
        return Talkers(self._context, results["cells"], results["search"])
