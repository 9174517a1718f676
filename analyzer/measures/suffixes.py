"""Per suffix group: names that belong together, by the first rule that applies; one row per group and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.folds import Groups, Sided, sided
from analyzer.measures.groups import Grouped
from analyzer.measures.keyed import grouped
from analyzer.measures.rates import per_min, share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Side, SuffixRow
from analyzer.measures.wasted import Wasted
from analyzer.messages import Array, TransactionBatch

__all__ = ["Measure"]


class Measure:
    """Sees nothing of its own: `result` (Sided[SuffixRow]) folds the cells."""

    needs: tuple[str, ...] = ("cells", "groups", "wasted")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[SuffixRow]:
        """Rows by side."""
        return _table(results["cells"], results["groups"], results["wasted"], self._context)


def _table(cells: Cells, rules: Grouped, wasted: Wasted, context: Context) -> Sided[SuffixRow]:
    number, known = rules.number, rules.groups
    wanted = number >= 0
    keys, _, index = grouped((cells.side[wanted].astype(np.int64) << 32) | number[wanted])
    group = np.full(len(cells), -1)
    group[wanted] = index
    groups = Groups(cells, group, len(keys), context)
    side, which = keys >> 32, keys & 0xFFFFFFFF
    names, clients = groups.distinct(cells.qname), groups.distinct(cells.client)
    lost = _wasted(cells, group, len(keys), wasted)

    def row(at: int) -> SuffixRow:
        queries, questions = int(groups.queries[at]), int(groups.questions[at])
        rule = known[int(which[at])]
        own = SIDES[side[at]]
        return SuffixRow(
            side=own,
            suffix=rule.suffix,
            grouped_by=rule.grouped_by,
            queries=queries,
            questions=questions,
            responses=int(groups.responses[at]),
            per_min=per_min(queries, context.covered_ns),
            peak_60s=int(groups.peaks[at]),
            nxdomain_share=share(int(groups.nxdomain[at]), questions),
            names=int(names[at]),
            clients=int(clients[at]),
            rcodes=groups.codes("rcodes", at, rcodes.text),
            types=groups.codes("types", at, rrtypes.text),
            wasted_share=share(int(lost[at]), queries) if wasted.known and own == Side.CLIENT else None,
            namespace=rule.namespace,
            service=rule.service,
            first=int(groups.first_ns[at]),
            last=int(groups.last_ns[at]),
        )

    texts = sorted(range(len(known)), key=known.__getitem__)
    rank = np.empty(len(texts), np.int64)
    rank[texts] = np.arange(len(texts))
    return sided(groups, side, np.lexsort((rank[which], -groups.queries)), row)


def _wasted(cells: Cells, group: Array, count: int, wasted: Wasted) -> Array:
    """Wasted queries by group, over its names; they are the stubs', so on the client side only."""
    members = np.unique((group[group >= 0] << 32) | cells.qname[group >= 0])
    return np.bincount(members >> 32, wasted.of(members & 0xFFFFFFFF), minlength=count).astype(np.int64)
