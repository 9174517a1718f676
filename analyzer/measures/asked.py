"""What was asked on every leg: one row per client, server, name and type, with what it got, and when each query went out.

The ground that leaks, reverse lookups, unknown top-level domains and AAAA waste are counted on. No row depends on a vote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.eventlog import EventLog, Events
from analyzer.measures.keyed import Interner, grouped
from analyzer.messages import Array, Outcome, Present, State, TransactionBatch, TransactionTable
from analyzer.messages.table import Column, Table

__all__ = ["Asked", "AskedTable", "Measure"]

_OUTCOMES: Final = 16
_U64: Final = np.uint64


class AskedTable(Table):
    """One row per (client, server, name, type). Counts are queries, retries included."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("client", "u4", "address id", "who asks"),
        Column("server", "u4", "address id", "who is asked"),
        Column("qname", "u4", "name id", "name"),
        Column("qtype", "u2", "RR type", "type"),
        Column("queries", "i8", "messages", "queries"),
        Column("questions", "i8", "count", "questions"),
        *(Column(o.name.lower(), "i8", "messages", f"queries that got {o.name}") for o in Outcome),
        Column("no_soa", "i8", "messages", "negative answers (NXDOMAIN, NODATA) without an SOA"),
        Column("answer_addr", "u4", "address id", "first address of the first answer that had one (0 none)"),
        Column("first_ns", "i8", "ns since 1970 UTC", "first query"),
        Column("last_ns", "i8", "ns since 1970 UTC", "last query"),
        Column("first_file", "u2", "index", "file of the first query"),
        Column("first_frame", "u8", "number", "frame of the first query"),
        Column("last_file", "u2", "index", "file of the last query"),
        Column("last_frame", "u8", "number", "frame of the last query"),
    )
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """`rows`, and in `events` the time of every query by row number; `over` queries found no row of their own."""

    rows: AskedTable
    events: Events
    step_ns: int
    over: int

    def times(self, chosen: Array) -> tuple[Array, Array]:
        """Times (rising) and counts of the queries of the rows chosen by a mask or indices."""
        mask = np.zeros(len(self.rows), np.bool_)
        mask[chosen] = True
        inside = mask[self.events.number]
        return self.events.time_ns[inside], self.events.weight[inside]


class Measure:
    """Counts transactions by leg, name and type; `result` is Asked."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._cap = context.options.limits.max_pairs
        self._numbers = Interner()
        self._tables: list[AskedTable] = []
        self._counts = np.zeros((0, _OUTCOMES + 2), np.int64)  # by outcome; then questions, no_soa
        self._events = EventLog(context.options.limits.max_events)
        self._over = 0

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's queries."""
        rows = batch.transactions
        rows = rows.take((rows.state != State.ORPHAN) & ((rows.present & int(Present.QUESTION)) != 0))
        if not len(rows):
            return
        distinct, first, index = grouped(_keys(rows))
        keep = self._fit(distinct)
        in_order = np.flatnonzero(keep)[np.argsort(first[keep], kind="stable")]
        numbers = np.full(len(distinct), -1, np.int64)
        before = len(self._numbers)
        numbers[in_order] = self._numbers.intern(distinct[in_order])
        self._begin(rows, first[in_order[numbers[in_order] >= before]])
        number = numbers[index]
        if not keep.all():
            self._over += int((number < 0).sum())
            rows, number = rows.take(number >= 0), number[number >= 0]
        self._add(rows, number)

    def _fit(self, distinct: Array) -> Array:
        room = self._cap - len(self._numbers)
        if len(distinct) <= room:
            return np.ones(len(distinct), np.bool_)
        known = np.isin(distinct, self._numbers.keys)
        keep = known.copy()
        keep[np.flatnonzero(~known)[: max(room, 0)]] = True
        return keep

    def _begin(self, rows: TransactionTable, new: Array) -> None:
        if not len(new):
            return
        at = {name: rows.columns()[name][new] for name in ("client", "server", "qname", "qtype")}
        times = {"first_ns": rows.time_ns[new], "first_file": rows.file[new], "first_frame": rows.frame[new]}
        self._tables.append(AskedTable({**at, **times}))
        self._counts = np.concatenate([self._counts, np.zeros((len(new), _OUTCOMES + 2), np.int64)])

    def _add(self, rows: TransactionTable, number: Array) -> None:
        size = len(self._counts)
        zone = rows.r_present & int(Present.SOA | Present.NS)
        referral = (rows.outcome == Outcome.NODATA) & (zone == int(Present.NS))  # says nothing about the name
        outcome = np.where(referral, int(Outcome.ERROR), np.minimum(rows.outcome, _OUTCOMES - 1)).astype(np.int64)
        self._counts[:, :_OUTCOMES] += np.bincount(number * _OUTCOMES + outcome, minlength=size * _OUTCOMES).reshape(
            size, _OUTCOMES
        )
        negative = (outcome == Outcome.NXDOMAIN) | (outcome == Outcome.NODATA)
        bare = negative & ((rows.r_present & int(Present.SOA)) == 0)
        for column, chosen in ((_OUTCOMES, rows.send == 0), (_OUTCOMES + 1, bare)):
            self._counts[:, column] += np.bincount(number[chosen], minlength=size)
        table = self._whole()
        table.last_ns[number], table.last_file[number], table.last_frame[number] = rows.time_ns, rows.file, rows.frame
        told = np.flatnonzero((rows.r_present & int(Present.ADDRESS)) != 0)[::-1]
        blank = told[table.answer_addr[number[told]] == 0]
        table.answer_addr[number[blank]] = rows.answer_addr[blank]  # in reverse: the first one stays
        self._events.add(rows.time_ns, number)

    def _whole(self) -> AskedTable:
        if len(self._tables) > 1:
            self._tables = [AskedTable.concat(self._tables)]
        return self._tables[0]

    def merge(self, other: Self) -> None:
        """Add what `other` counted of the batches that follow ours."""
        self._over += other._over
        if not len(other._counts):
            return
        theirs = other._whole()
        keep = self._fit(other._numbers.keys)
        numbers = np.full(len(theirs), -1, np.int64)
        before = len(self._numbers)
        numbers[keep] = self._numbers.intern(other._numbers.keys[keep])
        fresh = numbers >= before
        if fresh.any():
            self._tables.append(theirs.take(fresh))
            self._counts = np.concatenate([self._counts, np.zeros((int(fresh.sum()), _OUTCOMES + 2), np.int64)])
        rows = np.flatnonzero(keep)
        mine = numbers[rows]
        self._counts[mine] += other._counts[rows]
        self._over += int(other._counts[~keep, :_OUTCOMES].sum())
        table = self._whole()
        for name in ("last_ns", "last_file", "last_frame"):
            table.columns()[name][mine] = theirs.columns()[name][rows]
        blank = table.answer_addr[mine] == 0
        table.answer_addr[mine[blank]] = theirs.answer_addr[rows[blank]]
        events = other._events.events()
        inside = numbers[events.number] >= 0
        if inside.all():
            self._events.merge(other._events, numbers)
        else:
            self._events.add(events.time_ns[inside], numbers[events.number[inside]])

    def result(self, results: Mapping[str, Any]) -> Asked:
        """The table as it is now."""
        if not self._tables:
            return Asked(AskedTable(), self._events.events(), 0, self._over)
        got = {o.name.lower(): self._counts[:, int(o)] for o in Outcome}
        rows = self._whole().replace(
            **got,
            queries=self._counts[:, :_OUTCOMES].sum(axis=1),
            questions=self._counts[:, _OUTCOMES],
            no_soa=self._counts[:, _OUTCOMES + 1],
        )
        return Asked(rows, self._events.events(), self._events.step_ns, self._over)


def _keys(rows: TransactionTable) -> Array:
    """64 bits per (client, server, name, type), mixed as in splitmix64."""
    key = (rows.client.astype(_U64) << _U64(32)) ^ rows.server.astype(_U64)
    key = (key ^ (key >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
    key += rows.qname.astype(_U64) << _U64(16) | rows.qtype.astype(_U64)
    key = (key ^ (key >> _U64(27))) * _U64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> _U64(31)))
