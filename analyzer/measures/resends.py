"""How long each client waits before it asks again, and how often it asks before it gives up: `timeout` and `attempts` of its
resolv.conf, where silence made them visible.

Only what was asked again after silence counts, or under the same ID before its answer came. A query that failed (SERVFAIL,
REFUSED) is asked again when the failure comes, so the gap says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.keyed import Keyed, grouped
from analyzer.messages import Array, Outcome, State, TransactionBatch

__all__ = ["Measure", "Resends"]

_STRICT: Final = 2  # QuestionTable.strict: rows for forwarders only
_FAILED: Final = (Outcome.SERVFAIL, Outcome.REFUSED)
_BIN_NS: Final = 50_000_000
_SHORTEST: Final = 6  # bins: below 0.3 s it was no timer of a resolver
_LONGEST: Final = 600  # bins: 30 s, the longest question
_AROUND: Final = 3  # bins to both sides that are the same timer
_FEW: Final = 3
_MOST: Final = 0.5
_MAX_CLIENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Resends:
    """`wait_ns` from the first query of a question to the second, None where no such gap prevails; `resends` that show it.
    `attempts` are queries a server, None where no question was seen given up after a resend; `given_up` that show it."""

    wait_ns: int | None
    resends: int
    attempts: int | None
    given_up: int


class Measure:
    """`result` maps the address of every client that asked again after silence to its Resends."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gaps = Keyed(context.options.limits.max_keys, 2)  # by client and bin: questions, their gaps' sum
        self._ends = Keyed(context.options.limits.max_keys)  # by client and queries a server

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's questions."""
        rows = batch.questions
        waited = (rows.first_outcome == Outcome.SILENCE) | (rows.same_id == 1)
        waited &= ~np.isin(rows.first_outcome, _FAILED)
        rows = rows.take((rows.strict != _STRICT) & waited & (rows.gap_ns >= 0))
        at = rows.gap_ns // _BIN_NS
        timed = (at >= _SHORTEST) & (at < _LONGEST)
        ones = np.ones(int(timed.sum()), np.int64)
        self._gaps.add(_key(rows.client[timed], at[timed]), ones, rows.gap_ns[timed])
        over = timed & (rows.state == State.UNANSWERED)
        each = -(-rows.sends[over].astype(np.int64) // np.maximum(rows.servers[over], 1))
        self._ends.add(_key(rows.client[over], each), np.ones(int(over.sum()), np.int64))

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._gaps.merge(other._gaps)
        self._ends.merge(other._ends)

    def result(self, results: Mapping[str, Any]) -> Mapping[str, Resends]:
        """The prevailing wait and number of sends of every client."""
        ends = {client: (bins, sums[:, 0]) for client, bins, sums in _by_client(self._ends)}
        found = {}
        for client, bins, sums in _by_client(self._gaps)[:_MAX_CLIENTS]:
            wait, resends = _wait(bins, sums)
            attempts, given_up = _attempts(*ends[client]) if client in ends else (None, 0)
            if wait is not None or attempts is not None:
                found[self._context.addresses.text(client)] = Resends(wait, resends, attempts, given_up)
        return found


def _key(client: Array, value: Array) -> Array:
    return np.asarray((client.astype(np.uint64) << np.uint64(32)) | value.astype(np.uint64))


def _by_client(keyed: Keyed) -> list[tuple[int, Array, Array]]:
    """Every client with its values and their sums, those with most events first."""
    keys, sums = keyed.keys, keyed.sums
    order = np.argsort(keys, kind="stable")
    keys, sums = keys[order], sums[order]
    clients, first, _ = grouped(keys >> np.uint64(32))
    ends = [*first[1:].tolist(), len(keys)][: len(first)]  # none where there are no keys
    values = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    rows = [(int(c), values[a:b], sums[a:b]) for c, a, b in zip(clients, first.tolist(), ends, strict=True)]
    return sorted(rows, key=lambda row: (-int(row[2][:, 0].sum()), row[0]))


def _wait(bins: Array, sums: Array) -> tuple[int | None, int]:
    """The mean of the gaps around which at least half of all lie, and how many these are."""
    near = np.abs(bins[:, None] - bins[None, :]) <= _AROUND
    counts = near @ sums[:, 0]
    best = int(np.argmax(counts))
    count = int(counts[best])
    if count < _FEW or count < _MOST * int(sums[:, 0].sum()):
        return None, 0
    return int(near[best] @ sums[:, 1]) // count, count


def _attempts(sends: Array, counts: Array) -> tuple[int | None, int]:
    best = int(np.argmax(counts))
    count = int(counts[best])
    if count < _FEW or count < _MOST * int(counts.sum()):
        return None, 0
    return int(sends[best]), count
