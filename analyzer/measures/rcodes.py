"""Per response code: how many responses, and when most; one row per code and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.dns import rcodes
from analyzer.measures import Context
from analyzer.measures.folds import Rows, Sided
from analyzer.measures.peaks import by_group, peaks
from analyzer.measures.rates import per_min, share
from analyzer.measures.replies import Replies
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import CodeRow, Side
from analyzer.messages import TransactionBatch

__all__ = ["Measure"]


class Measure:
    """Sees nothing of its own: `result` (Sided[CodeRow]) folds the replies."""

    needs: tuple[str, ...] = ("replies",)

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: replies count."""

    def merge(self, other: Self) -> None:
        """Nothing: replies merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[CodeRow]:
        """Rows by side; `queries` and `questions` are 0."""
        replies: Replies = results["replies"]
        log, context = replies.log, self._context
        kinds, group = np.unique((replies.side.astype(np.int64) << 16) | replies.rcode, return_inverse=True)
        rows, starts = by_group(group[log.number], len(kinds))
        counts = np.bincount(group[log.number], log.weight, minlength=len(kinds)).astype(np.int64)
        busiest = peaks(log.time_ns[rows], log.weight[rows], starts)
        side, code = kinds >> 16, kinds & 0xFFFF
        totals = np.bincount(side, counts, minlength=len(SIDES)).astype(np.int64)

        def row(at: int) -> CodeRow:
            count = int(counts[at])
            return CodeRow(
                side=SIDES[side[at]],
                code=int(code[at]),
                name=rcodes.text(int(code[at])),
                queries=0,
                questions=0,
                responses=count,
                share=share(count, int(totals[side[at]])) or 0.0,
                per_min=per_min(count, context.covered_ns),
                peak_60s=int(busiest[at]),
                nxdomain_share=None,
                rcodes={},
                outcomes={},
            )

        order = np.lexsort((code, -counts))
        tables = {name: Rows(order[side[order] == number], row, counts) for number, name in enumerate(SIDES)}
        shown = Side.CLIENT if totals[0] else SIDES[int(np.argmax(totals))]
        return Sided(shown, shown != Side.CLIENT, {name: rows for name, rows in tables.items() if len(rows)})
