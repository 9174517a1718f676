"""Per name: queries, questions, rates, codes, first and last (docs/semantics.md); one row per name and side, types inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.cellstore import NO_NAME
from analyzer.measures.folds import OUTCOMES, Groups, Sided, sided
from analyzer.measures.keyed import grouped
from analyzer.measures.rates import active_per_min, per_min, share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import NameRow
from analyzer.messages import Array, TransactionBatch

__all__ = ["Measure", "by_name"]


class Measure:
    """Sees nothing of its own: `result` (Sided[NameRow]) folds the cells."""

    needs: tuple[str, ...] = ("cells",)

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[NameRow]:
        """Rows by side."""
        cells: Cells = results["cells"]
        name = np.where(cells.qname < NO_NAME, cells.qname, -1)
        return by_name(cells, name, cells.texts.name, cells.texts.name_rank, self._context)


def by_name(
    cells: Cells, name: Array, text: Callable[[int], str], rank: Callable[[Array], Array], context: Context
) -> Sided[NameRow]:
    """Rows by side for cells under numbers that `text` names and `rank` orders (below 2^32; -1: no row)."""
    wanted = name >= 0
    keys, _, index = grouped((cells.side[wanted].astype(np.int64) << 32) | name[wanted])
    group = np.full(len(cells), -1)
    group[wanted] = index
    groups = Groups(cells, group, len(keys), context)
    side, node = keys >> 32, keys & 0xFFFFFFFF
    clients, servers = groups.distinct(cells.client), groups.distinct(cells.server)

    def row(at: int) -> NameRow:
        queries, questions = int(groups.queries[at]), int(groups.questions[at])
        first, last = int(groups.first_ns[at]), int(groups.last_ns[at])
        return NameRow(
            side=SIDES[side[at]],
            qname=text(int(node[at])),
            queries=queries,
            questions=questions,
            responses=int(groups.responses[at]),
            per_min=per_min(queries, context.covered_ns),
            peak_60s=int(groups.peaks[at]),
            active_per_min=active_per_min(queries, first, last),
            nxdomain_share=share(int(groups.nxdomain[at]), questions),
            rcodes=groups.codes("rcodes", at, rcodes.text),
            types=groups.codes("types", at, rrtypes.text),
            outcomes=groups.codes("outcomes", at, OUTCOMES),
            clients=int(clients[at]),
            servers=int(servers[at]),
            first=first,
            last=last,
            first_frame=groups.frame(at),
            series=groups.series(at),
        )

    order = np.lexsort((rank(node), -groups.queries))
    return sided(groups, side, order, row)
