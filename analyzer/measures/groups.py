"""The suffix group of every cell; counts the zone cuts that one of the rules goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.cellstore import NO_NAME
from analyzer.measures.grouping import Group, Grouping
from analyzer.measures.keyed import Keyed
from analyzer.measures.search_rows import Search
from analyzer.messages import Array, Present, State, TransactionBatch

__all__ = ["Grouped", "Measure"]


@dataclass(frozen=True, slots=True)
class Grouped:
    """`number` of every cell's group in `groups`, -1 where it has no name."""

    number: Array
    groups: Sequence[Group]


class Measure:
    """Counts owners of SOA and NS records in authority sections; `result` is Grouped."""

    needs: tuple[str, ...] = ("cells", "clusterdomain", "search")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._cuts = Keyed(context.options.limits.max_keys)

    def update(self, batch: TransactionBatch) -> None:
        """Count zone cuts."""
        rows = batch.transactions
        replied = (rows.state != State.UNANSWERED) & (rows.state != State.PENDING)
        for owner, bit in ((rows.soa_owner, Present.SOA), (rows.ns_owner, Present.NS)):
            self._cuts.add(owner[replied & ((rows.r_present & bit) != 0)].astype(np.uint64))

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._cuts.merge(other._cuts)

    def result(self, results: Mapping[str, Any]) -> Grouped:
        """Apply the rules to every name."""
        cells: Cells = results["cells"]
        search: Search = results["search"]
        rules = Grouping(self._context, cells.texts, search.suffix_of, results["clusterdomain"], self._cuts.keys)
        nodes, index = np.unique(cells.qname, return_inverse=True)
        known: dict[Group, int] = {}
        of = np.full(len(nodes), -1)
        for at, node in enumerate(nodes.tolist()):
            if node < NO_NAME:
                of[at] = known.setdefault(rules.group(node), len(known))
        return Grouped(of[index], list(known))
