"""How long answers took: every round-trip time in one histogram per server and side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.histogram import bucket, quantiles, upper_ns
from analyzer.measures.keyed import Keyed, grouped
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Quantiles, Side
from analyzer.messages import Array, State, TransactionBatch

__all__ = ["Durations", "Latency", "Measure"]

_BITS: Final = 13  # of a bucket's number in a key; 25 for each address id, 1 for the kind of question
_STRICT: Final = 2  # QuestionTable.strict: only of a forwarder is this a question


class Durations(NamedTuple):
    """Rows by rising place, then bucket: place (side << 32 | server), bucket of `measures.histogram`, counts."""

    place: Array
    bucket: Array
    counts: Array

    def quantiles(self, places: Array) -> dict[int, Quantiles]:
        """Quantiles of each of the rising `places` that has durations."""
        low, high = np.searchsorted(self.place, places), np.searchsorted(self.place, places, side="right")
        return {
            place: quantiles(self.bucket[a:b], self.counts[a:b])
            for place, a, b in zip(places.tolist(), low.tolist(), high.tolist(), strict=True)
            if b > a
        }

    def histogram(self, side: Side) -> tuple[Array, Array]:
        """Of one side, all servers: rising durations (ns, each bucket's largest) and how many took about that long."""
        mine = (self.place >> 32) == SIDES.index(side)
        buckets, index = np.unique(self.bucket[mine], return_inverse=True)
        counts = np.bincount(index, self.counts[mine], minlength=len(buckets))
        return upper_ns(buckets), counts.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Latency:
    """`rtt`: clients' view, only of questions sent once (Karn). `server_rtt`: between the views nearest to the server."""

    rtt: Durations
    server_rtt: Durations


class Measure:
    """Counts durations by leg, since only the end knows the sides; `result` is Latency."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        cap = 8 * context.options.limits.max_keys
        self._rtt, self._server_rtt = Keyed(cap), Keyed(cap)

    def update(self, batch: TransactionBatch) -> None:
        """Count round-trip times of questions and of transactions."""
        questions, rows = batch.questions, batch.transactions
        questions = questions.take(questions.rtt_ns >= 0)
        _count(self._rtt, questions.client, questions.server, questions.strict == _STRICT, questions.rtt_ns)
        seen = (rows.server_rtt_ns >= 0) & (rows.send == 0) & (rows.state == State.ANSWERED)
        rows = rows.take(seen)
        _count(self._server_rtt, rows.client, rows.server, np.zeros(len(rows), np.bool_), rows.server_rtt_ns)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._rtt.merge(other._rtt)
        self._server_rtt.merge(other._server_rtt)

    def result(self, results: Mapping[str, Any]) -> Latency:
        """Durations by side and server."""
        roles: Roles = results["roles"]
        return Latency(_placed(self._rtt, roles), _placed(self._server_rtt, roles))


def _count(counts: Keyed, client: Array, server: Array, strict: Array, duration_ns: Array) -> None:
    counts.count((25, 25, 1, _BITS), (client, server, strict, bucket(duration_ns)))


def _placed(counts: Keyed, roles: Roles) -> Durations:
    """Counts by leg as counts by side and server; what is a question of forwarders only counts for those."""
    kind = counts.keys >> np.uint64(_BITS)
    leg = (kind >> np.uint64(1)).astype(np.int64)
    client, server = leg >> 25, leg & ((1 << 25) - 1)
    counted = np.flatnonzero(((kind & np.uint64(1)) == 0) | roles.forwarder[client])
    place = ((roles.side(client, server).astype(np.int64) << 32) | server)[counted]
    places, at = np.unique(place, return_inverse=True)
    buckets = (counts.keys[counted] & np.uint64((1 << _BITS) - 1)).astype(np.int64)
    both, _, index = grouped((at << _BITS) | buckets)
    total = np.bincount(index, counts.sums[counted, 0], minlength=len(both)).astype(np.int64)
    return Durations(places[both >> _BITS], both & ((1 << _BITS) - 1), total)
