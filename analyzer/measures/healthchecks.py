"""CoreDNS' health probes of its upstreams: `. IN NS` with RD and without OPT, which it sends only after an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns import header
from analyzer.measures import Context
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Side
from analyzer.measures.seen import Seen, largest, leg, seen
from analyzer.messages import ROOT, Array, Present, State, TransactionBatch, TransactionTable

__all__ = ["HealthLeg", "Measure"]

_NS: Final = 2
_SIZE: Final = 17  # header, root, type, class
_CAP: Final = 1 << 16
_MS: Final = 1_000_000
_WAIT_NS: Final = 1000 * _MS
SILENT_NS: Final = (1300 * _MS, 1700 * _MS)  # 1 s of waiting and 0.5 s of pause
REFUSED_NS: Final = (350 * _MS, 650 * _MS)  # the pause alone, after an error


@dataclass(frozen=True, slots=True)
class HealthLeg:
    """Probes of one leg. `run` is the longest row of probes 1.5 s or 0.5 s apart, only the last of which may be answered."""

    client: str
    server: str
    side: Side
    forwarder: bool
    probes: Seen
    answered: int  # within the second that the prober waits
    run: Seen
    runs: int  # rows of at least three
    silent_gaps: int  # in all runs
    refused_gaps: int


class Measure:
    """Keeps probes; `result` is a tuple of HealthLeg, longest run first."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rows = TransactionTable()

    def update(self, batch: TransactionBatch) -> None:
        """Keep the batch's probes."""
        rows = batch.transactions
        if not len(rows):
            return
        asked = (rows.present & int(Present.QUESTION | Present.EDNS)) == int(Present.QUESTION)
        probe = asked & (rows.qname == ROOT) & (rows.qtype == _NS) & (rows.size == _SIZE)
        probe &= ((rows.flags & int(header.Flag.RD)) != 0) & (rows.state != State.ORPHAN)
        if probe.any():
            self._keep(rows.take(probe))

    def _keep(self, rows: TransactionTable) -> None:
        self._rows = TransactionTable.concat([self._rows, rows]).take(slice(0, _CAP))

    def merge(self, other: Self) -> None:
        """Add the other's probes, which follow ours."""
        if len(other._rows):
            self._keep(other._rows)

    def result(self, results: Mapping[str, Any]) -> tuple[HealthLeg, ...]:
        """One row per leg."""
        rows = self._rows
        if not len(rows):
            return ()
        roles: Roles = results["roles"]
        found = [self._leg(rows.take(mine), roles) for _, mine in largest(leg(rows.client, rows.server))]
        return tuple(sorted(found, key=lambda row: (-row.run.count, -row.probes.count, row.client, row.server)))

    def _leg(self, rows: TransactionTable, roles: Roles) -> HealthLeg:
        rows = rows.take(np.lexsort((rows.frame, rows.file, rows.time_ns)))
        text = self._context.addresses.text
        answered = ((rows.state == State.ANSWERED) | (rows.state == State.LATE)) & (rows.rtt_ns <= _WAIT_NS)
        gaps = np.diff(rows.time_ns)
        silent, refused = _within(gaps, SILENT_NS), _within(gaps, REFUSED_NS)
        joined = (silent | refused) & ~answered[:-1]  # an answered probe ends the outage
        run = np.cumsum(np.concatenate([[True], ~joined])) - 1
        lengths = np.bincount(run)
        best = int(np.argmax(lengths))
        long = lengths >= self._context.options.thresholds.health_count
        inside = joined & long[run[1:]]
        return HealthLeg(
            client=text(int(rows.client[0])),
            server=text(int(rows.server[0])),
            side=SIDES[int(roles.side(rows.client[:1], rows.server[:1])[0])],
            forwarder=bool(roles.forwarder[int(rows.client[0])]),
            probes=seen(self._context, rows),
            answered=int(answered.sum()),
            run=seen(self._context, rows.take(run == best)),
            runs=int(long.sum()),
            silent_gaps=int((inside & silent).sum()),
            refused_gaps=int((inside & refused).sum()),
        )


def _within(gaps: Array, limits: tuple[int, int]) -> Array:
    return (gaps >= limits[0]) & (gaps <= limits[1])
