"""When responses came, by leg and response code: what the time line and the table of response codes fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.eventlog import EventLog, Events
from analyzer.measures.keyed import Interner, grouped
from analyzer.measures.roles import Roles
from analyzer.messages import Array, State, TransactionBatch

__all__ = ["Measure", "Replies"]

_LEGS: Final = 1 << 20  # past so many, new legs are one, from the unspecified address to itself


@dataclass(frozen=True, slots=True)
class Replies:
    """One row per leg and response code; `log` numbers them, in steps of `step_ns` (0: exact)."""

    side: Array
    rcode: Array
    log: Events
    step_ns: int


class Measure:
    """Keeps the times of responses; `result` is Replies."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._legs, self._kinds = Interner(), Interner()
        self._log = EventLog(context.options.limits.max_events)

    def update(self, batch: TransactionBatch) -> None:
        """Take in the responses of the batch's transactions."""
        rows = batch.transactions
        replied = np.flatnonzero((rows.state != State.UNANSWERED) & (rows.state != State.PENDING))
        if len(replied):
            leg = (rows.client[replied].astype(np.uint64) << np.uint64(32)) | rows.server[replied]
            time_ns = np.where(rows.state == State.ORPHAN, rows.time_ns, rows.r_time_ns)[replied]
            self._log.add(time_ns, self._number(leg, rows.rcode[replied]))

    def _number(self, leg: Array, rcode: Array) -> Array:
        legs, _, of = grouped(leg)
        if len(self._legs) + len(legs) > _LEGS:
            legs = np.where(np.isin(legs, self._legs.keys), legs, np.uint64(0))
        distinct, _, again = grouped(legs)
        number = self._legs.intern(distinct)[again][of].astype(np.uint64)
        kinds, _, index = grouped((number << np.uint64(16)) | rcode.astype(np.uint64))
        return self._kinds.intern(kinds)[index]

    def merge(self, other: Self) -> None:
        """Add the other's times."""
        if len(other._kinds):
            leg, rcode = other._unpack()
            self._log.merge(other._log, self._number(leg, rcode))

    def _unpack(self) -> tuple[Array, Array]:
        kinds = self._kinds.keys
        return self._legs.keys[(kinds >> np.uint64(16)).astype(np.int64)], (kinds & np.uint64(0xFFFF)).astype(np.int64)

    def result(self, results: Mapping[str, Any]) -> Replies:
        """All legs and codes with their sides."""
        roles: Roles = results["roles"]
        leg, rcode = self._unpack()
        client, server = (leg >> np.uint64(32)).astype(np.int64), (leg & np.uint64(0xFFFFFFFF)).astype(np.int64)
        return Replies(roles.side(client, server), rcode, self._log.events(), self._log.step_ns)
