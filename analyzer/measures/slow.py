"""How fast final servers answer, by client, server and zone: all round-trip times counted, the slow ones kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.groups import Grouped
from analyzer.measures.histogram import bucket, quantiles
from analyzer.measures.keyed import Keyed, grouped
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Quantiles, Side
from analyzer.measures.seen import Seen, Sight, busiest
from analyzer.messages import Array, QuestionTable, TransactionBatch
from analyzer.options import NS

__all__ = ["Measure", "SlowLeg"]

_U64: Final = np.uint64
_CAP: Final = 1 << 17  # slow questions kept
_STRICT: Final = 2  # QuestionTable.strict: only of a forwarder is this a question
_READ_NS: Final = 2 * NS
_BITS: Final = 13  # of a bucket's number
_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class SlowLeg:
    """One client, one server that forwards to nobody seen, one zone. `rtt` of questions sent once (Karn); `over_2_s` of them."""

    client: str
    server: str
    zone: str
    private: bool
    forwarder: bool
    side: Side
    rtt: Quantiles
    over_2_s: int
    slow: Seen  # questions slower than the lowest limit


class Measure:
    """Counts round-trip times of questions sent once; `result` is a tuple of SlowLeg with any slow, most first, at most 1000."""

    needs: tuple[str, ...] = ("cells", "groups", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limit = context.options.thresholds.slow_private_ns
        self._all = Keyed(context.options.limits.max_keys)  # by a hash of client, server, name, and the bucket
        self._slow = QuestionTable()

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's questions."""
        rows = batch.questions
        rows = rows.take((rows.rtt_ns >= 0) & (rows.strict != _STRICT))
        if not len(rows):
            return
        # The low bits hold the bucket of a round-trip time, the others a hash of the leg and name.
        key = _hash(rows.client, rows.server, rows.qname) << _U64(_BITS)
        self._all.add(key | bucket(rows.rtt_ns).astype(_U64))
        self._keep(rows.take(rows.rtt_ns > self._limit))

    def _keep(self, rows: QuestionTable) -> None:
        if len(rows) and len(self._slow) < _CAP:
            self._slow = QuestionTable.concat([self._slow, rows]).take(slice(0, _CAP))

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._all.merge(other._all)
        self._keep(other._slow)

    def result(self, results: Mapping[str, Any]) -> tuple[SlowLeg, ...]:
        """Fold names into zones."""
        cells: Cells = results["cells"]
        grouping: Grouped = results["groups"]
        roles: Roles = results["roles"]
        if not len(self._slow):
            return ()
        final = ~roles.forwarder[cells.server] & (cells.side != SIDES.index(Side.SELF))
        place = (cells.client.astype(_U64) << _U64(32)) | cells.server.astype(_U64)
        _, _, leg = grouped(place)
        zones, first, zone = grouped((leg.astype(np.int64) << 32) | (grouping.number + 1))
        ident = _hash(cells.client, cells.server, cells.qname) & _U64((1 << (64 - _BITS)) - 1)
        order = np.argsort(ident, kind="stable")
        known = self._all.keys
        at = np.searchsorted(ident[order], known >> _U64(_BITS)).clip(max=len(order) - 1)
        hit = ident[order][at] == known >> _U64(_BITS)
        of = np.where(hit, zone[order[at]], -1)
        slow_at = np.searchsorted(ident[order], (_slow_hash(self._slow))).clip(max=len(order) - 1)
        slow_of = zone[order[slow_at]]
        counts = np.bincount(slow_of, minlength=len(zones))
        found = []
        for number in np.lexsort((zones, -counts))[:_ROWS].tolist():
            cell = int(first[number])
            if counts[number] and final[cell]:
                mine = of == number
                buckets = (known[mine] & _U64((1 << _BITS) - 1)).astype(np.int64)
                sums = self._all.sums[mine, 0]
                turn = np.argsort(buckets, kind="stable")
                found.append(
                    self._row(cells, grouping, roles, cell, quantiles(buckets[turn], sums[turn]), slow_of == number)
                )
        return tuple(sorted(found, key=lambda row: (-row.slow.count, row.client, row.server, row.zone)))

    def _row(self, cells: Cells, grouping: Grouped, roles: Roles, cell: int, rtt: Quantiles, chosen: Array) -> SlowLeg:
        client, server, group = int(cells.client[cell]), int(cells.server[cell]), int(grouping.number[cell])
        rows = self._slow.take(chosen)
        address = self._context.addresses.address(server)
        return SlowLeg(
            client=self._context.addresses.text(client),
            server=self._context.addresses.text(server),
            zone=grouping.groups[group].suffix if group >= 0 else "",
            private=address is not None and address.is_private,
            forwarder=bool(roles.forwarder[client]),
            side=SIDES[int(cells.side[cell])],
            rtt=rtt,
            over_2_s=int((rows.rtt_ns > _READ_NS).sum()),
            slow=self._seen(rows),
        )

    def _seen(self, rows: QuestionTable) -> Seen:
        order = np.lexsort((rows.frame, rows.file, rows.time_ns))
        names = self._context.names.text
        worst = np.lexsort((rows.frame, rows.file, rows.time_ns, -rows.rtt_ns))[:6]
        begin, end = int(order[0]), int(order[-1])
        return Seen(
            count=len(rows),
            peak_60s=busiest(rows.time_ns),
            first=int(rows.time_ns[begin]),
            last=int(rows.time_ns[end]),
            first_frame=Frame(int(rows.file[begin]), int(rows.frame[begin])),
            last_frame=Frame(int(rows.file[end]), int(rows.frame[end])),
            examples=tuple(
                Sight(
                    Frame(int(rows.file[at]), int(rows.frame[at])),
                    int(rows.time_ns[at]),
                    f"{names(int(rows.qname[at]))}: {int(rows.rtt_ns[at]) / 1e6:.1f} ms",
                )
                for at in sorted(worst.tolist(), key=lambda at: int(rows.time_ns[at]))
            ),
        )


def _slow_hash(rows: QuestionTable) -> Array:
    return np.asarray(_hash(rows.client, rows.server, rows.qname) & _U64((1 << (64 - _BITS)) - 1))


def _hash(client: Array, server: Array, qname: Array) -> Array:
    """64 bits per client, server and name, mixed as in splitmix64."""
    key = (client.astype(_U64) << _U64(32)) ^ server.astype(_U64)
    key = (key ^ (key >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
    key += qname.astype(_U64)
    key = (key ^ (key >> _U64(27))) * _U64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> _U64(31)))
