"""TCP connections: opened, failed, messages in each, most open at once; one row per client, server and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.eventlog import EventLog, Events
from analyzer.measures.folds import Rows, Sided
from analyzer.measures.keyed import Interner, Keyed, grouped
from analyzer.measures.peaks import by_group, peaks
from analyzer.measures.rates import share
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import ConnectionRow, Side
from analyzer.measures.texts import Texts
from analyzer.messages import Array, ConnectionBatch, TransactionBatch

__all__ = ["Measure"]

_SUMS: Final = 8  # seen, established, failed, reset, queries, responses, octets out, octets in
_LEGS: Final = 1 << 20


class Measure:
    """Counts connections by leg; `result` is Sided[ConnectionRow]."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._legs = Interner()
        self._sums = Keyed(_LEGS, _SUMS)
        events = context.options.limits.max_events
        self._opened, self._closed = EventLog(events), EventLog(events)

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's connections."""
        rows = batch.connections
        if not len(rows):
            return
        leg = self._number((rows.src_addr.astype(np.uint64) << np.uint64(32)) | rows.dst_addr)
        self._opened.add(rows.first_ns, leg)
        self._closed.add(rows.last_ns, leg)
        self._sums.add(leg.astype(np.uint64), *_outcome(rows))

    def _number(self, leg: Array) -> Array:
        legs, _, of = grouped(leg)
        if len(self._legs) + len(legs) > _LEGS:  # then new legs are one, from the unspecified address to itself
            legs = np.where(np.isin(legs, self._legs.keys), legs, np.uint64(0))
        distinct, _, again = grouped(legs)
        return self._legs.intern(distinct)[again][of]

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        if not len(other._legs):
            return
        number = self._number(other._legs.keys)
        self._sums.add(number[other._sums.keys.astype(np.int64)].astype(np.uint64), *other._sums.sums.T)
        self._opened.merge(other._opened, number)
        self._closed.merge(other._closed, number)

    def result(self, results: Mapping[str, Any]) -> Sided[ConnectionRow]:
        """Rows by side."""
        roles: Roles = results["roles"]
        texts = Texts(self._context)
        numbers = self._sums.keys.astype(np.int64)
        legs, sums = self._legs.keys[numbers], self._sums.sums
        client, server = (legs >> np.uint64(32)).astype(np.int64), (legs & np.uint64(0xFFFFFFFF)).astype(np.int64)
        side = roles.side(client, server)
        opened, closed, count = self._opened.events(), self._closed.events(), len(numbers)
        rows, starts = by_group(opened.number, count)
        busiest = peaks(opened.time_ns[rows], opened.weight[rows], starts)
        most = _open_at_once(opened, closed, count)
        first, last = _ends(opened, closed, count)

        def row(at: int) -> ConnectionRow:
            seen, established, failed, reset, queries, responses, octets_out, octets_in = sums[at].tolist()
            return ConnectionRow(
                side=SIDES[side[at]],
                client=texts.address(client[at]),
                server=texts.address(server[at]),
                opened=seen,
                established=established,
                failed=failed,
                reset=reset,
                queries=queries,
                responses=responses,
                queries_per_connection=share(queries, established),
                peak_open=int(most[at]),
                peak_60s=int(busiest[at]),
                octets_out=octets_out,
                octets_in=octets_in,
                first=int(first[at]),
                last=int(last[at]),
            )

        order = np.lexsort((texts.address_rank(server), texts.address_rank(client), -sums[:, 0]))
        totals = np.bincount(side, sums[:, 0], minlength=len(SIDES))
        shown = Side.CLIENT if totals[0] or not count else SIDES[int(np.argmax(totals))]
        tables = {name: Rows(order[side[order] == at], row, sums[:, 0]) for at, name in enumerate(SIDES)}
        return Sided(shown, shown != Side.CLIENT, {name: rows for name, rows in tables.items() if len(rows)})


def _outcome(rows: ConnectionBatch) -> list[Array]:
    syn, answered = rows.syn_ns > 0, rows.synack_ns > 0
    carried = (rows.bytes_out > 0) | (rows.bytes_in > 0)
    established = answered | carried
    return [
        np.ones(len(rows), np.int64),
        established,
        syn & ~established,
        rows.rst_ns > 0,
        rows.messages_out,
        rows.messages_in,
        rows.bytes_out,
        rows.bytes_in,
    ]


def _open_at_once(opened: Events, closed: Events, count: int) -> Array:
    """Most connections open at one time, by leg; one that closes and one that opens at the same time are both open."""
    number = np.concatenate([opened.number, closed.number])
    time_ns = np.concatenate([opened.time_ns, closed.time_ns])
    change = np.concatenate([opened.weight.astype(np.int64), -closed.weight.astype(np.int64)])
    order = np.lexsort((change < 0, time_ns, number))
    out = np.zeros(count, np.int64)
    if len(order):
        level = np.cumsum(change[order])  # every leg ends at nought, so the next begins there
        starts = np.flatnonzero(np.diff(number[order].astype(np.int64), prepend=-1))
        out[number[order][starts]] = np.maximum.reduceat(level, starts)
    return out


def _ends(opened: Events, closed: Events, count: int) -> tuple[Array, Array]:
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, opened.number, opened.time_ns)
    np.maximum.at(last, closed.number, closed.time_ns)
    return first, last
