"""What was asked on every leg: one row per client, server, name and type, with what it got, and when each query went out.

The ground that leaks, reverse lookups, unknown top-level domains and AAAA waste are counted on. No row depends on a vote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.eventlog import EventLog, Events
from analyzer.measures.growing import Growing
from analyzer.measures.keyed import Interner, number_rows, order_of
from analyzer.messages import Array, Outcome, Present, State, TransactionBatch, TransactionTable
from analyzer.messages.table import Column, Table

__all__ = ["Asked", "AskedTable", "Measure"]

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
        Column("data", "i8", "messages", "queries answered with data"),
        Column("nodata", "i8", "messages", "queries answered NODATA"),
        Column("nxdomain", "i8", "messages", "queries answered NXDOMAIN"),
        Column("silence", "i8", "messages", "queries without an answer"),
        Column(
            "other", "i8", "messages", "queries that got something else, referrals included, or whose answer is open"
        ),
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


class _Sent(Table):
    """What is needed of a transaction; copying all its columns would cost more than the work on them."""

    COLUMNS: ClassVar[tuple[Column, ...]] = tuple(
        c
        for c in TransactionTable.COLUMNS
        if c.name in "client server qname qtype time_ns file frame send outcome r_present answer_addr".split()
    )
    __slots__ = ()


@dataclass(frozen=True)
class Asked:
    """`rows`, and in `events` the time of every query by row number; `over` queries found no row of their own."""

    rows: AskedTable
    events: Events
    step_ns: int
    over: int

    def times(self, chosen: Array) -> tuple[Array, Array]:
        """Times (rising) and counts of the queries of the rows chosen by a mask or indices."""
        rows = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else np.unique(chosen)
        order, starts = self._by_row
        counts = starts[rows + 1] - starts[rows]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        at = np.sort(order[np.repeat(starts[rows], counts) + within])
        return self.events.time_ns[at], self.events.weight[at]

    @cached_property
    def _by_row(self) -> tuple[Array, Array]:
        """Events in order of their rows, and where each row's begin: many ask for the times of a few rows."""
        counts = np.bincount(self.events.number, minlength=len(self.rows))
        return order_of(self.events.number).astype(np.uint32), np.concatenate([[0], np.cumsum(counts)])


class Measure:
    """Counts transactions by leg, name and type; `result` is Asked."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._cap = context.options.limits.max_pairs
        self._numbers = Interner()
        kinds = {c.name: c.dtype for c in AskedTable.COLUMNS}
        self._rows = Growing(kinds | dict.fromkeys(_COUNTS, "u4"), self._cap)
        self._events = EventLog()
        self._over = 0

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's queries."""
        sent = batch.transactions
        chosen = (sent.state != State.ORPHAN) & ((sent.present & int(Present.QUESTION)) != 0)
        rows = _Sent({c.name: sent.columns()[c.name][chosen] for c in _Sent.COLUMNS})
        if not len(rows):
            return
        number, fresh = number_rows(self._numbers, _keys(rows), self._cap)
        self._begin(rows, fresh)
        if (number < 0).any():
            self._over += int((number < 0).sum())
            rows, number = rows.take(number >= 0), number[number >= 0]
        self._add(rows, number)

    def _begin(self, rows: _Sent, new: Array) -> None:
        at = {name: rows.columns()[name][new] for name in ("client", "server", "qname", "qtype")}
        times = {"first_ns": rows.time_ns[new], "first_file": rows.file[new], "first_frame": rows.frame[new]}
        self._rows.add(len(new), {**at, **times})

    def _add(self, rows: _Sent, number: Array) -> None:
        mine = self._rows
        zone = rows.r_present & int(Present.SOA | Present.NS)
        referral = (rows.outcome == Outcome.NODATA) & (zone == int(Present.NS))  # says nothing about the name
        column = np.where(referral, _OTHER, _COLUMN[np.minimum(rows.outcome, len(_COLUMN) - 1)])
        for at, name in enumerate(_OUTCOMES):
            np.add.at(mine[name], number[column == at], 1)
        negative = (column == _OUTCOMES.index("nxdomain")) | (column == _OUTCOMES.index("nodata"))
        bare = negative & ((rows.r_present & int(Present.SOA)) == 0)
        np.add.at(mine["questions"], number[rows.send == 0], 1)
        np.add.at(mine["no_soa"], number[bare], 1)
        for name, values in (("last_ns", rows.time_ns), ("last_file", rows.file), ("last_frame", rows.frame)):
            mine[name][number] = values  # rows are in order of time: the last assignment stays
        told = np.flatnonzero((rows.r_present & int(Present.ADDRESS)) != 0)[::-1]
        blank = told[mine["answer_addr"][number[told]] == 0]
        mine["answer_addr"][number[blank]] = rows.answer_addr[blank]  # in reverse: the first one stays
        self._events.add(rows.time_ns, number)

    def merge(self, other: Self) -> None:
        """Add what `other` counted of the batches that follow ours."""
        self._over += other._over
        theirs, mine = other._rows, self._rows
        if not len(theirs):
            return
        numbers, fresh = number_rows(self._numbers, other._numbers.keys, self._cap)
        keep = numbers >= 0
        named = [name for name in mine if name not in _COUNTS]
        mine.add(len(fresh), {name: theirs[name][fresh] for name in named})
        rows = np.flatnonzero(keep)
        at = numbers[rows]
        for name in _COUNTS:
            mine[name][at] += theirs[name][rows]
        self._over += int(sum(theirs[name][~keep].sum() for name in _OUTCOMES))
        for name in ("last_ns", "last_file", "last_frame"):
            mine[name][at] = theirs[name][rows]
        blank = mine["answer_addr"][at] == 0
        mine["answer_addr"][at[blank]] = theirs["answer_addr"][rows[blank]]
        self._events.merge(other._events, numbers)

    def result(self, results: Mapping[str, Any]) -> Asked:
        """The table as it is now."""
        columns = {name: self._rows[name] for name in self._rows}
        columns["queries"] = np.asarray(np.sum([columns[name] for name in _OUTCOMES], axis=0, dtype=np.int64))
        rows = AskedTable(columns)
        return Asked(rows, self._events.events(), self._events.step_ns, self._over)


_OUTCOMES: Final = ("data", "nodata", "nxdomain", "silence", "other")
_COUNTS: Final = (*_OUTCOMES, "questions", "no_soa")
_OTHER: Final = _OUTCOMES.index("other")
_COLUMN: Final = np.full(16, _OTHER)
_COLUMN[[Outcome.DATA, Outcome.NODATA, Outcome.NXDOMAIN, Outcome.SILENCE]] = [0, 1, 2, 3]


def _keys(rows: _Sent) -> Array:
    """64 bits per (client, server, name, type), mixed as in splitmix64."""
    key = (rows.client.astype(_U64) << _U64(32)) ^ rows.server.astype(_U64)
    key = (key ^ (key >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
    key += rows.qname.astype(_U64) << _U64(16) | rows.qtype.astype(_U64)
    key = (key ^ (key >> _U64(27))) * _U64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> _U64(31)))
