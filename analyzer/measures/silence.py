"""Who gets no answer from whom: unanswered and late queries by leg, and the longest time without any answer.

Lost loop probes are not counted: their loss is how a loop, a server that has ended or an upstream that is away shows, and
probes have findings of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from analyzer.dns.probes import HINFO, TXT, probe_kind
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.failures import Failures
from analyzer.measures.keyed import grouped
from analyzer.measures.peaks import by_group
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Frame, Side
from analyzer.measures.seen import Seen, largest, leg, seen
from analyzer.messages import Array, State, TransactionBatch, TransactionTable

__all__ = ["Blackout", "Measure", "Silence"]


@dataclass(frozen=True, slots=True)
class Blackout:
    """The longest run of queries of one leg, none of which was answered."""

    queries: int
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame


@dataclass(frozen=True, slots=True)
class Silence:
    """One leg with unanswered or late queries. `asked_again` are unanswered queries that a resend went before or after;
    `probes` are lost loop probes, which only the blackout counts."""

    client: str
    server: str
    side: Side
    forwarder: bool
    queries: int
    answered: int
    asked_again: int
    unanswered: Seen
    late: Seen
    blackout: Blackout | None
    over: int
    probes: int


class Measure:
    """A fold over cells and failures; `result` is a tuple of Silence for the thousand legs with most, most unanswered first."""

    needs: tuple[str, ...] = ("cells", "failures", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: failures keep."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[Silence, ...]:
        """One row for each leg."""
        cells: Cells = results["cells"]
        kept: Failures = results["failures"]
        rows, resent = kept.silent, kept.resent
        if not len(rows):
            return ()
        again = np.isin(rows.question, resent.question)
        cell_leg = leg(cells.client, cells.server)
        sends = _Sends(cells, cell_leg)
        found = []
        for key, chosen in largest(leg(rows.client, rows.server)):
            row = self._row(rows.take(chosen), again[chosen], cells, cell_leg == key, sends, results, kept)
            found += [row] if row else []
        return tuple(sorted(found, key=lambda row: (-row.unanswered.count, -row.late.count, row.client, row.server)))

    def _row(
        self,
        rows: TransactionTable,
        again: Array,
        cells: Cells,
        mine: Array,
        sends: _Sends,
        results: Mapping[str, Any],
        kept: Failures,
    ) -> Silence | None:
        text, every = self._context.addresses.text, rows.take(rows.state == State.UNANSWERED)
        plain = ~self._probes(rows)
        probes, rows, again = int((~plain).sum()), rows.take(plain), again[plain]
        if not len(rows):
            return None
        client, server = int(rows.client[0]), int(rows.server[0])
        states = cells.states[mine].sum(axis=0)
        lost = rows.state == State.UNANSWERED
        side = int(cells.side[mine][0]) if mine.any() else 0
        return Silence(
            client=text(client),
            server=text(server),
            side=SIDES[side],
            forwarder=bool(results["roles"].forwarder[client]),
            queries=int(states.sum() - states[State.ORPHAN]) - probes,
            answered=int(states[State.ANSWERED] + states[State.LATE]),
            asked_again=int((again & lost).sum()),
            unanswered=seen(self._context, rows.take(lost)),
            late=seen(self._context, rows.take(~lost)),
            blackout=sends.longest(every),
            over=kept.over.get("silent", 0),
            probes=probes,
        )

    def _probes(self, rows: TransactionTable) -> NDArray[np.bool_]:
        """Which of the rows are lost loop probes."""
        asked = np.flatnonzero((rows.state == State.UNANSWERED) & ((rows.qtype == HINFO) | (rows.qtype == TXT)))
        found = np.zeros(len(rows), np.bool_)
        names, index = np.unique(rows.qname[asked], return_inverse=True)
        text = [self._context.names.text(name).lower() for name in names.tolist()]
        for kind in (HINFO, TXT):
            told = np.array([probe_kind(name, kind) is not None for name in text], np.bool_)
            found[asked] |= told[index] & (rows.qtype[asked] == kind)
        return found


class _Sends:
    """Times of all queries by leg, to see whether others, answered ones, went out between two that were not."""

    def __init__(self, cells: Cells, legs: Array) -> None:
        self._exact = not cells.step_ns and not cells.error
        self._legs, _, number = grouped(legs)
        order, self._starts = by_group(number[cells.log.number], len(self._legs))
        self._times = cells.log.time_ns[order]

    def longest(self, lost: TransactionTable) -> Blackout | None:
        """The longest run; None where there is none, or where times are not exact."""
        if not self._exact or not len(lost):
            return None
        at = int(np.searchsorted(self._legs, leg(lost.client[:1], lost.server[:1])[0]))
        times = self._times[self._starts[at] : self._starts[at + 1]]
        order = np.lexsort((lost.frame, lost.file, lost.time_ns))
        when = lost.time_ns[order]
        # How many queries went out up to each; two lost ones of a run have no other between them.
        sent, own = np.searchsorted(times, when, side="right"), np.searchsorted(when, when, side="right")
        fresh = np.concatenate([[True], np.diff(sent) != np.diff(own)])
        begins = np.flatnonzero(fresh)
        ends = np.concatenate([begins[1:], [len(when)]]) - 1
        best = int(np.lexsort((begins, -(ends - begins)))[0])
        first, last = int(order[begins[best]]), int(order[ends[best]])
        return Blackout(
            queries=int(ends[best] - begins[best]) + 1,
            first=int(lost.time_ns[first]),
            last=int(lost.time_ns[last]),
            first_frame=Frame(int(lost.file[first]), int(lost.frame[first])),
            last_frame=Frame(int(lost.file[last]), int(lost.frame[last])),
        )
