"""Resends: who asks the same question again because it got no answer.

A resend after SERVFAIL, REFUSED or another error is failover, counted apart. One within 5 ms is no retry (systemd-resolved's
question without OPT, doubled packets), nor is one to another server within 0.3 s (musl asks all its servers at once).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.failures import Failures
from analyzer.measures.keyed import grouped
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Side
from analyzer.measures.seen import Seen, largest, seen
from analyzer.messages import Array, Outcome, State, TransactionBatch, TransactionTable

__all__ = ["Measure", "Retries"]

_MS: Final = 1_000_000
_DOUBLE_NS: Final = 5 * _MS
_FAILED: Final = (int(Outcome.SERVFAIL), int(Outcome.REFUSED), int(Outcome.ERROR))


@dataclass(frozen=True, slots=True)
class Retries:
    """One server as its clients see it. `first_sends` are queries less resends of any kind.

    `busy_sent`, `busy_lost`: queries and unanswered ones in the minute with most retries. `waits` counts retries by the
    time since the send before, in tenths of a second, the five most frequent.
    """

    server: str
    first_sends: int
    queries: int
    retries: Seen
    failover: int
    fan_out: int
    busy_sent: int
    busy_lost: int
    waits: Mapping[float, int]
    by_client: Mapping[str, int]


class Measure:
    """A fold over cells and failures; `result` is a tuple of Retries, most first."""

    needs: tuple[str, ...] = ("cells", "failures", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: failures keep."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[Retries, ...]:
        """One row per server that clients (no forwarders, no ring) asked again."""
        kept: Failures = results["failures"]
        cells: Cells = results["cells"]
        roles: Roles = results["roles"]
        rows = kept.resent
        rows = rows.take(_judged(roles, rows.client, rows.server))
        if not len(rows):
            return ()
        mine = _judged(roles, cells.client, cells.server)
        gap, failed, same_server = _before(rows, kept, self._context.options.limits.retry_same_id_ns)
        twin = (gap < _DOUBLE_NS) | (~same_server & (gap < self._context.options.limits.retry_silence_ns))
        retry = ~failed & ~twin
        found = []
        for server, here in largest(rows.server):
            queries = int(cells.queries[mine & (cells.server == server)].sum())
            chosen = rows.take(here[retry[here]])
            busy = self._busy(cells, mine & (cells.server == server), kept, server, chosen)
            found.append(
                Retries(
                    server=self._context.addresses.text(server),
                    first_sends=queries - len(here),
                    queries=queries,
                    retries=seen(self._context, chosen),
                    failover=int(failed[here].sum()),
                    fan_out=int((twin & ~failed)[here].sum()),
                    busy_sent=busy[0],
                    busy_lost=busy[1],
                    waits=_waits(gap[here[retry[here]]]),
                    by_client=self._clients(chosen.client),
                )
            )
        return tuple(sorted(found, key=lambda row: (-row.retries.count, row.server)))

    def _clients(self, clients: Array) -> dict[str, int]:
        keys, counts = np.unique(clients, return_counts=True)
        text = self._context.addresses.text
        return {text(int(keys[at])): int(counts[at]) for at in np.lexsort((keys, -counts))[:5]}

    def _busy(
        self, cells: Cells, mine: Array, kept: Failures, server: int, chosen: TransactionTable
    ) -> tuple[int, int]:
        """Queries and unanswered ones in the minute that holds most retries."""
        if not len(chosen):
            return 0, 0
        times = np.sort(chosen.time_ns)
        window = 60_000_000_000
        inside = np.searchsorted(times, times + window) - np.arange(len(times))
        begin = int(times[int(np.argmax(inside))])
        log = cells.log
        sent = mine[log.number] & (log.time_ns >= begin) & (log.time_ns < begin + window)
        lost = kept.silent
        gone = (lost.server == server) & (lost.state == State.UNANSWERED)
        gone &= (lost.time_ns >= begin) & (lost.time_ns < begin + window)
        return int(log.weight[sent].sum()), int(gone.sum())


def _judged(roles: Roles, client: Array, server: Array) -> Array:
    """Legs whose resends are retries: of clients, to servers that do not ask the client in turn."""
    if not len(client):
        return np.zeros(0, np.bool_)
    return np.asarray(roles.side(client, server) == SIDES.index(Side.CLIENT))


def _before(rows: TransactionTable, kept: Failures, unknown_ns: int) -> tuple[Array, Array, Array]:
    """For each resend: time since the send before, whether that one got an error, whether it went to the same server.

    A send before that is not among the rows kept was answered without error; its time is then unknown, and long.
    """
    parts = [kept.silent, kept.resent, kept.errors]
    earlier: TransactionTable = TransactionTable.concat(parts)
    _, first, _ = grouped(earlier.row)
    earlier = earlier.take(first)
    place = earlier.question << np.uint64(8) | earlier.send.astype(np.uint64)
    order = np.argsort(place, kind="stable")
    want = rows.question << np.uint64(8) | (rows.send - 1).astype(np.uint64)
    at = np.searchsorted(place[order], want).clip(max=max(len(order) - 1, 0))
    hit = place[order][at] == want
    found = order[at]
    gap = np.where(hit, rows.time_ns - earlier.time_ns[found], unknown_ns)
    outcome = earlier.outcome[found]
    failed = hit & np.logical_or.reduce([outcome == code for code in _FAILED])
    return gap, failed, ~hit | (earlier.server[found] == rows.server)


def _waits(gap: Array) -> dict[float, int]:
    tenths, counts = np.unique((gap + 50 * _MS) // (100 * _MS), return_counts=True)
    order = np.lexsort((tenths, -counts))[:5]
    return {int(tenths[at]) / 10: int(counts[at]) for at in order}
