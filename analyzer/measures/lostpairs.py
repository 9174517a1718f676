"""A and AAAA sent together from one port, one of them lost: the trace of the connection-tracking race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns import rrtypes
from analyzer.measures import Context
from analyzer.measures.rows import Frame
from analyzer.measures.seen import Seen, Sight, largest, leg, seen
from analyzer.messages import Array, Present, State, TransactionBatch, TransactionTable, Transport
from analyzer.options import NS

__all__ = ["LostPair", "LostPairs", "Measure"]

_A, _AAAA = 1, 28
_MS: Final = 1_000_000
_PAIR_NS: Final = 2 * _MS
_GLIBC_NS: Final = (4850 * _MS, 5150 * _MS)
_MUSL_NS: Final = (2400 * _MS, 2600 * _MS)
_FAST_NS: Final = 500 * _MS
_KEEP_NS: Final = 6 * NS  # a pair's resend comes within this
_CAP: Final = 1 << 15
_SAME: Final = 64  # rows of one port and name looked at; a stub sends a few


@dataclass(frozen=True, slots=True)
class LostPair:
    """One client and server: cases (the lost first sends), in how many pairs, and one case frame by frame.

    `lost_a`, `lost_aaaa` are the cases by type; `stopped` those whose lost query was captured in fewer places than its answered
    partner: it came in on one interface and did not go out by the other.
    """

    client: str
    server: str
    cases: Seen
    names: int
    lost_a: int
    lost_aaaa: int
    glibc: int
    musl: int
    stopped: int
    example: tuple[Sight, ...]


@dataclass(frozen=True, slots=True)
class LostPairs:
    """Rows, most cases first."""

    rows: tuple[LostPair, ...]


class Measure:
    """Looks for a lost query among pairs, its answered partner and its resend; `result` is LostPairs."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._head, self._tail = TransactionTable(), TransactionTable()  # rows near both ends, for those who come next
        self._first: int | None = None
        self._latest = 0
        self._cases: list[TransactionTable] = []  # rows of three: lost, partner, resend
        self._count = 0

    def update(self, batch: TransactionBatch) -> None:
        """Look at the batch, together with the last seconds before it."""
        rows = batch.transactions
        chosen = (rows.qtype == _A) | (rows.qtype == _AAAA)
        chosen &= (rows.transport == Transport.UDP) & (rows.state != State.ORPHAN)
        self._extend(rows.take(chosen & ((rows.present & int(Present.QUESTION)) != 0)))

    def _extend(self, rows: TransactionTable) -> None:
        if not len(rows):
            return
        if self._first is None:
            self._first = int(rows.time_ns[0])
        self._latest = int(rows.time_ns[-1])
        both = TransactionTable.concat([self._tail, rows])
        self._find(both, len(self._tail))
        self._head = self._bounded([self._head, rows.take(_of_head(rows, self._first))])
        self._tail = self._bounded([both.take(_of_tail(both))])

    def _find(self, rows: TransactionTable, old: int) -> None:
        """Cases whose resend stands at `old` or later: earlier ones are known."""
        resend = np.flatnonzero((rows.send > 0) & (rows.state == State.ANSWERED))
        resend = resend[resend >= old]
        if not len(resend) or self._count >= _CAP:
            return
        order, keys = _ordered(rows)
        lost = (rows.state == State.UNANSWERED) & (rows.send == 0)
        quick = (rows.state == State.ANSWERED) & (rows.rtt_ns <= _FAST_NS) & (rows.send == 0)
        want = _key(rows.take(resend))
        for again, low, high in zip(
            resend.tolist(),
            np.searchsorted(keys, want).tolist(),
            np.searchsorted(keys, want, side="right").tolist(),
            strict=True,
        ):
            self._case(rows, again, order[low:high][:_SAME], lost, quick)

    def _case(self, rows: TransactionTable, again: int, same: Array, lost: Array, quick: Array) -> None:
        """The lost first send of this resend, and its partner of the other type, all from one port for one name."""
        qtype, when = rows.qtype, rows.time_ns
        own = same[lost[same] & (qtype[same] == qtype[again]) & (rows.msg_id[same] == rows.msg_id[again])]
        gone = [int(at) for at in own if _waited(int(when[again] - when[at]))]
        if not gone:
            return
        near = quick[same] & (qtype[same] != qtype[again]) & (np.abs(when[same] - when[gone[-1]]) <= _PAIR_NS)
        if near.any():
            self._cases.append(rows.take(np.array([gone[-1], int(same[near][0]), again])))
            self._count += 1

    def merge(self, other: Self) -> None:
        """Add the other's cases, and those that begin here and end there."""
        if other._first is None:
            return
        tail, cases = self._tail, other._cases
        if len(other._head):
            self._find(TransactionTable.concat([tail, other._head]), len(tail))
            # What the other found in its head alone, it has found itself; only those with rows of ours are new.
            self._cases = _distinct(self._cases + cases)
        else:
            self._cases = _distinct(self._cases + cases)
        self._count = len(self._cases)
        if self._first is None:
            self._first, self._head = other._first, other._head
        else:
            near = other._head.time_ns <= self._first + _KEEP_NS
            self._head = self._bounded([self._head, other._head.take(near)])
        whole = self._bounded([tail, other._tail])
        self._tail = whole.take(whole.time_ns >= other._latest - _KEEP_NS)
        self._latest = max(self._latest, other._latest)

    def _bounded(self, parts: list[TransactionTable]) -> TransactionTable:
        """One table, of more rows than may be kept the latest."""
        whole, cap = TransactionTable.concat(parts), self._context.options.limits.max_rows
        return whole if len(whole) <= cap else whole.take(np.arange(len(whole) - cap, len(whole)))

    def result(self, results: Mapping[str, Any]) -> LostPairs:
        """One row per client and server."""
        if not self._cases:
            return LostPairs(())
        lost = TransactionTable.concat([case.take(slice(0, 1)) for case in self._cases])
        partner = TransactionTable.concat([case.take(slice(1, 2)) for case in self._cases])
        again = TransactionTable.concat([case.take(slice(2, 3)) for case in self._cases])
        text = self._context.addresses.text
        found = []
        for _, mine in largest(leg(lost.client, lost.server)):
            rows, wait = lost.take(mine), (again.time_ns - lost.time_ns)[mine]
            found.append(
                LostPair(
                    client=text(int(rows.client[0])),
                    server=text(int(rows.server[0])),
                    cases=seen(self._context, rows),
                    names=len(np.unique(rows.qname_hash)),
                    lost_a=int((rows.qtype == _A).sum()),
                    lost_aaaa=int((rows.qtype == _AAAA).sum()),
                    glibc=int((wait >= _GLIBC_NS[0]).sum()),
                    musl=int((wait <= _MUSL_NS[1]).sum()),
                    stopped=int((lost.views < partner.views)[mine].sum()),
                    example=self._example(self._cases[int(mine[0])]),
                )
            )
        return LostPairs(tuple(sorted(found, key=lambda row: (-row.cases.count, row.client, row.server))))

    def _example(self, case: TransactionTable) -> tuple[Sight, ...]:
        begin = int(case.time_ns.min())
        name = self._context.names.text(int(case.qname[0]))
        words = ("lost", "answered", "asked again, answered")
        sights = []
        for at in np.argsort(case.time_ns, kind="stable").tolist():
            since = (int(case.time_ns[at]) - begin) / 1e6
            kind = rrtypes.text(int(case.qtype[at]))
            text = (
                f"+{since:.3f} ms {name} {kind} from port {int(case.client_port[at])} ID {int(case.msg_id[at]):#06x}: "
            )
            sights.append(
                Sight(Frame(int(case.file[at]), int(case.frame[at])), int(case.time_ns[at]), text + words[at])
            )
        return tuple(sights)


def _waited(gap: int) -> bool:
    return _GLIBC_NS[0] <= gap <= _GLIBC_NS[1] or _MUSL_NS[0] <= gap <= _MUSL_NS[1]


def _of_head(rows: TransactionTable, first_ns: int) -> Array:
    """Which rows complete a case that began before: resends, and what may be the lost one or its partner."""
    again = (rows.send > 0) & (rows.state == State.ANSWERED) & (rows.time_ns <= first_ns + _KEEP_NS)
    return np.asarray(again | (rows.time_ns <= first_ns + _PAIR_NS))


def _of_tail(rows: TransactionTable) -> Array:
    """Which rows may begin a case that ends later: lost ones, and those that may be a lost one's partner."""
    latest = int(rows.time_ns[-1])
    lost = (rows.state == State.UNANSWERED) & (rows.send == 0)
    kept = lost | (rows.time_ns >= latest - _PAIR_NS)
    if lost.any():
        keys = _key(rows)
        kept |= np.isin(keys, keys[lost])
    return np.asarray(kept & (rows.time_ns >= latest - _KEEP_NS))


def _key(rows: TransactionTable) -> Array:
    """Client, port, server and name, mixed."""
    ends = (rows.client.astype(np.uint64) << np.uint64(32)) | rows.server.astype(np.uint64)
    mixed = (ends * np.uint64(0x9E3779B97F4A7C15)) ^ (rows.client_port.astype(np.uint64) << np.uint64(40))
    return np.asarray(mixed ^ rows.qname_hash)


def _ordered(rows: TransactionTable) -> tuple[Array, Array]:
    keys = _key(rows)
    order = np.argsort(keys, kind="stable")
    return order, keys[order]


def _distinct(cases: list[TransactionTable]) -> list[TransactionTable]:
    known: dict[tuple[int, ...], TransactionTable] = {}
    for case in cases:
        known.setdefault(tuple(int(v) for v in (*case.file, *case.frame)), case)
    return sorted(known.values(), key=lambda case: (int(case.time_ns[2]), int(case.file[2]), int(case.frame[2])))[:_CAP]
