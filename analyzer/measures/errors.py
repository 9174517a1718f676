"""Servers that answer with errors: SERVFAIL, REFUSED, FORMERR by server, how soon, to whom, with which extended errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.failures import Failures
from analyzer.measures.seen import Seen, largest, seen
from analyzer.messages import Array, Present, State, TransactionBatch, TransactionTable

__all__ = ["Erring", "Measure"]

_CODES: Final = (1, 2, 5)
_MS: Final = 1_000_000
_GAVE_UP: Final = ((5800 * _MS, 6200 * _MS), (3800 * _MS, 4200 * _MS))  # CoreDNS: three tries of 2 s, or two
_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class Erring:
    """One server and RCODE. `gave_up` came 6.0 or 4.0 s after the query; `bursts` are for a question asked just before.

    `by_client`, `by_name`, `by_ede` are the largest five.
    """

    server: str
    rcode: int
    queries: int
    responses: int
    seen: Seen
    own: int  # from the server's own addresses
    gave_up: int
    bursts: int
    names: int
    by_client: Mapping[str, int]
    by_name: Mapping[str, int]
    by_ede: Mapping[int, int]


class Measure:
    """A fold over cells and failures; `result` is a tuple of Erring, most errors first."""

    needs: tuple[str, ...] = ("cells", "failures", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: failures keep."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[Erring, ...]:
        """One row per server and code."""
        cells: Cells = results["cells"]
        kept: Failures = results["failures"]
        rows = kept.errors
        roles = results["roles"]
        found = []
        for server, at in largest(rows.server):
            mine = rows.take(at)
            states = cells.states[cells.server == server].sum(axis=0)
            asked = int(states.sum() - states[State.ORPHAN])
            heard = int(states[State.ANSWERED] + states[State.LATE] + states[State.ORPHAN])
            for code in _CODES:
                chosen = mine.take(mine.rcode == code)
                if len(chosen):
                    own = int((roles.instances(chosen.client) == roles.instance(server)).sum())
                    found.append(self._row(chosen, server, code, asked, heard, own))
        return tuple(sorted(found, key=lambda row: (-row.seen.count, row.server, row.rcode)))

    def _row(self, rows: TransactionTable, server: int, code: int, asked: int, heard: int, own: int) -> Erring:
        text, names = self._context.addresses.text, self._context.names
        gave_up = np.logical_or.reduce([(rows.rtt_ns >= low) & (rows.rtt_ns <= high) for low, high in _GAVE_UP])
        told = rows.ede[(rows.r_present & int(Present.EDE)) != 0]
        return Erring(
            server=text(server),
            rcode=code,
            queries=asked,
            responses=heard,
            seen=seen(self._context, rows),
            own=own,
            gave_up=int(gave_up.sum()),
            bursts=_bursts(rows),
            names=len(np.unique(rows.qname)),
            by_client={text(key): count for key, count in _largest(rows.client)},
            by_name={names.text(key): count for key, count in _largest(rows.qname)},
            by_ede=dict(_largest(told)),
        )


def _largest(values: Array) -> list[tuple[int, int]]:
    keys, counts = np.unique(values, return_counts=True)
    order = np.lexsort((keys, -counts))[:_LISTED]
    return [(int(keys[at]), int(counts[at])) for at in order]


def _bursts(rows: TransactionTable) -> int:
    """Errors for a question that the same client had asked within 50 ms before: copies of one question, as a loop makes them."""
    order = np.lexsort((rows.time_ns, rows.qtype, rows.qname, rows.client))
    same = np.logical_and.reduce(
        [column[order][1:] == column[order][:-1] for column in (rows.client, rows.qname, rows.qtype)]
    )
    return int((same & (np.diff(rows.time_ns[order]) <= 50 * _MS)).sum())
