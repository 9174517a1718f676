"""Per client and name: who asks for what; exact to a million pairs and more, `error` bounds what is missing beyond."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.dns import rrtypes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.cellstore import NO_NAME
from analyzer.measures.folds import Groups, Sided, sided
from analyzer.measures.keyed import grouped
from analyzer.measures.rates import per_min, share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import PairRow
from analyzer.messages import Array, TransactionBatch

__all__ = ["Measure", "by_pair"]


class Measure:
    """Sees nothing of its own: `result` (Sided[PairRow]) folds the cells."""

    needs: tuple[str, ...] = ("cells",)

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[PairRow]:
        """Rows by side."""
        cells: Cells = results["cells"]
        return by_pair(cells, cells.qname, self._context)


def by_pair(cells: Cells, name: Array, context: Context) -> Sided[PairRow]:
    """Rows by side for cells under the given names (one name id per cell: the question's, or its base)."""
    wanted = np.flatnonzero(name < NO_NAME)
    # Side and client follow from one another but for forwarders and clients on their own machine: three parts, two steps.
    asked = (cells.side[wanted].astype(np.int64) << 32) | cells.client[wanted]
    askers, _, asker = grouped(asked)
    keys, _, index = grouped((asker << 28) | name[wanted])
    group = np.full(len(cells), -1)
    group[wanted] = index
    groups = Groups(cells, group, len(keys), context)
    side, addr, node = askers[keys >> 28] >> 32, askers[keys >> 28] & 0xFFFFFFFF, keys & ((1 << 28) - 1)
    texts = cells.texts

    def row(at: int) -> PairRow:
        queries, questions = int(groups.queries[at]), int(groups.questions[at])
        return PairRow(
            side=SIDES[side[at]],
            client=texts.address(addr[at]),
            qname=texts.name(node[at]),
            queries=queries,
            questions=questions,
            per_min=per_min(queries, context.covered_ns),
            peak_60s=int(groups.peaks[at]),
            nxdomain_share=share(int(groups.nxdomain[at]), questions),
            types=groups.codes("types", at, rrtypes.text),
            first=int(groups.first_ns[at]),
            last=int(groups.last_ns[at]),
            error=cells.error,
        )

    order = np.lexsort((texts.name_rank(node), texts.address_rank(addr), -groups.queries))
    return sided(groups, side, order, row)
