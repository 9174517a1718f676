"""Which servers leave one type unanswered: queries, answers and losses of A and AAAA, by server and zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.failures import Failures
from analyzer.measures.groups import Grouped
from analyzer.measures.keyed import grouped
from analyzer.measures.seen import Seen, seen
from analyzer.messages import State, TransactionBatch

__all__ = ["Measure", "TypeLoss"]

_A, _AAAA = 1, 28
_ROWS: Final = 100  # of servers, and of zones


@dataclass(frozen=True, slots=True)
class TypeLoss:
    """One server, one zone (empty: all its zones together): decided queries, and those lost."""

    server: str
    zone: str
    a_queries: int
    a_lost: int
    aaaa_queries: int
    aaaa_lost: int
    seen: Seen


class Measure:
    """A fold over cells; `result` is a tuple of TypeLoss with any AAAA lost, the most first, at most 200."""

    needs: tuple[str, ...] = ("cells", "failures", "groups")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[TypeLoss, ...]:
        """Sum by server, and by server and zone."""
        cells: Cells = results["cells"]
        groups: Grouped = results["groups"]
        kept: Failures = results["failures"]
        lost = kept.silent.take((kept.silent.state == State.UNANSWERED) & (kept.silent.qtype == _AAAA))
        if not len(lost):
            return ()
        found = []
        for zoned in (False, True):
            zone = groups.number + 1 if zoned else np.zeros(len(cells), np.int64)
            keys, _, of = grouped((cells.server.astype(np.int64) << 32) | zone)
            sums = []
            for qtype in (_A, _AAAA):
                typed = cells.qtype == qtype
                gone = np.bincount(of, cells.states[:, State.UNANSWERED] * typed, minlength=len(keys))
                heard = cells.states[:, State.ANSWERED] + cells.states[:, State.LATE]
                sums += [gone + np.bincount(of, heard * typed, minlength=len(keys)), gone]
            a_all, a_lost, all4, lost4 = (column.astype(np.int64) for column in sums)
            best = np.lexsort((keys, -lost4))[:_ROWS]
            for at in best[lost4[best] > 0].tolist():
                server, number = int(keys[at]) >> 32, int(keys[at]) & 0xFFFFFFFF
                names = cells.qname[(of == at) & (cells.qtype == _AAAA)]
                mine = lost.take((lost.server == server) & np.isin(lost.qname, names))
                found.append(
                    TypeLoss(
                        server=self._context.addresses.text(server),
                        zone=groups.groups[number - 1].suffix if number else "",
                        a_queries=int(a_all[at]),
                        a_lost=int(a_lost[at]),
                        aaaa_queries=int(all4[at]),
                        aaaa_lost=int(lost4[at]),
                        seen=seen(self._context, mine),
                    )
                )
        return tuple(sorted(found, key=lambda row: (-row.aaaa_lost, row.server, row.zone)))
