"""Per question type: queries, questions, and what they got; one row per type and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.cellstore import NO_NAME
from analyzer.measures.folds import OUTCOMES, Groups, Sided, sided
from analyzer.measures.keyed import grouped
from analyzer.measures.rates import per_min, share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import CodeRow
from analyzer.messages import TransactionBatch

__all__ = ["Measure"]


class Measure:
    """Sees nothing of its own: `result` (Sided[CodeRow]) folds the cells."""

    needs: tuple[str, ...] = ("cells",)

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[CodeRow]:
        """Rows by side; messages whose question could not be read are left out."""
        cells: Cells = results["cells"]
        context, asked = self._context, cells.qname != NO_NAME
        keys, _, index = grouped((cells.side[asked].astype(np.int64) << 16) | cells.qtype[asked])
        group = np.full(len(cells), -1)
        group[asked] = index
        groups = Groups(cells, group, len(keys), context)
        side, code = keys >> 16, keys & 0xFFFF
        totals = np.bincount(side, groups.queries, minlength=len(SIDES))

        def row(at: int) -> CodeRow:
            queries, questions = int(groups.queries[at]), int(groups.questions[at])
            return CodeRow(
                side=SIDES[side[at]],
                code=int(code[at]),
                name=rrtypes.text(int(code[at])),
                queries=queries,
                questions=questions,
                responses=int(groups.responses[at]),
                share=share(queries, int(totals[side[at]])) or 0.0,
                per_min=per_min(queries, context.covered_ns),
                peak_60s=int(groups.peaks[at]),
                nxdomain_share=share(int(groups.nxdomain[at]), questions),
                rcodes=groups.codes("rcodes", at, rcodes.text),
                outcomes=groups.codes("outcomes", at, OUTCOMES),
            )

        return sided(groups, side, np.lexsort((code, -groups.queries)), row)
