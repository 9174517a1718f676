"""Lookups by signature: who asked whom for which candidates with which outcomes; how often, with how many queries, when.

Nothing here depends on a vote: what the base name is, which side a leg is on, is decided over the finished table.
"""

from __future__ import annotations

from typing import ClassVar, Final, Self

import numpy as np

from analyzer.measures.eventlog import EventLog
from analyzer.measures.keyed import Interner, grouped
from analyzer.messages import Array, LookupTable, StepTable
from analyzer.messages.table import Column, Table

__all__ = ["SignatureSteps", "SignatureTable", "Signatures"]

U64: Final = np.uint64


class SignatureTable(Table):
    """One row per signature; `first_step` and `steps` cut its candidates out of SignatureSteps."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("client", "u4", "address id", "who asks"),
        Column("server", "u4", "address id", "server of the first query"),
        Column("ending", "u1", "Ending", "how it ended"),
        Column("common", "u1", "labels", "labels that all candidates share on the left"),
        Column("one_port", "u1", "bool", "all candidates went out from one port"),
        Column("serial", "u1", "bool", "A and AAAA followed one another"),
        Column("pooled", "u1", "bool", "its port also carried other names"),
        Column("first_step", "i8", "index", "where its candidates begin in SignatureSteps"),
        Column("steps", "i8", "count", "candidates"),
        Column("lookups", "i8", "count", "lookups"),
        Column("queries", "i8", "messages", "queries sent, retries included"),
        Column("questions", "i8", "count", "questions"),
        Column("first_ns", "i8", "ns since 1970 UTC", "begin of the first lookup"),
        Column("last_ns", "i8", "ns since 1970 UTC", "begin of the last lookup"),
        Column("last_file", "u2", "index", "file of the last lookup's first query"),
        Column("last_frame", "u8", "number", "its frame"),
    )
    __slots__ = ()


class SignatureSteps(Table):
    """The candidates of every signature, in order; times, frames and answers are those of its first lookup."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        *(c for c in StepTable.COLUMNS if c.name not in ("lookup", "position", "queries", "questions")),
        Column("queries", "i8", "messages", "queries of this candidate in all lookups of the signature"),
        Column("example_queries", "u1", "messages", "queries of this candidate in the first lookup"),
    )
    __slots__ = ()


class Signatures:
    """Counts lookups. At most `cap` signatures; what finds no room is counted in `over` (lookups, queries)."""

    def __init__(self, cap: int, events: int) -> None:
        self._cap = cap
        self._numbers = Interner()
        self._rows: list[SignatureTable] = []
        self._steps: list[SignatureSteps] = []
        self._sums = np.zeros((0, 3), np.int64)  # lookups, queries, questions
        self._last = np.zeros(0, np.int64)
        self._last_at = np.zeros((0, 2), np.uint64)
        self._begins = np.zeros(0, np.int64)
        self._step_queries = np.zeros(0, np.int64)
        self.events = EventLog(events)
        self.over = np.zeros(2, np.int64)

    def add(self, lookups: LookupTable, steps: StepTable) -> None:
        """Count a batch; steps stand in the order of their lookups."""
        if not len(lookups):
            return
        begin = np.concatenate([[0], np.cumsum(lookups.steps.astype(np.int64))[:-1]])
        key = _hashes(lookups, steps, begin)
        distinct, first, index = grouped(key)
        keep = self._fit(distinct)
        if not keep.all():
            lost = ~keep[index]
            self.over += [int(lost.sum()), int(lookups.queries[lost].sum())]
        numbers = np.full(len(distinct), -1, np.int64)
        before = len(self._numbers)
        in_order = np.flatnonzero(keep)[np.argsort(first[keep], kind="stable")]
        numbers[in_order] = self._numbers.intern(distinct[in_order])
        fresh = in_order[numbers[in_order] >= before]
        self._append(lookups, steps, begin, first[fresh])
        number = numbers[index]
        inside = np.flatnonzero(number >= 0)
        self._count(lookups, steps, begin, inside, number)

    def _fit(self, distinct: Array) -> Array:
        room = self._cap - len(self._numbers)
        if len(distinct) <= room:
            return np.ones(len(distinct), np.bool_)
        known = np.isin(distinct, self._numbers.keys)
        keep = known.copy()
        keep[np.flatnonzero(~known)[: max(room, 0)]] = True
        return keep

    def _append(self, lookups: LookupTable, steps: StepTable, begin: Array, rows: Array) -> None:
        """Take over the first lookup of each new signature."""
        if not len(rows):
            return
        count = lookups.steps[rows].astype(np.int64)
        starts = len(self._step_queries) + np.concatenate([[0], np.cumsum(count)[:-1]])
        of_steps = _spans(begin[rows], count)
        fields = {
            c.name: steps.columns()[c.name][of_steps] for c in SignatureSteps.COLUMNS if c.name in steps.columns()
        }
        example = fields.pop("queries")
        self._steps.append(SignatureSteps({**fields, "example_queries": example}))
        names = "client server ending common one_port serial pooled steps".split()
        self._rows.append(
            SignatureTable(
                {
                    **{name: lookups.columns()[name][rows] for name in names},
                    "first_step": starts,
                    "first_ns": lookups.time_ns[rows],
                }
            )
        )
        self._begins = np.concatenate([self._begins, starts])
        self._step_queries = np.concatenate([self._step_queries, np.zeros(int(count.sum()), np.int64)])
        self._sums = np.concatenate([self._sums, np.zeros((len(rows), 3), np.int64)])
        self._last = np.concatenate([self._last, np.zeros(len(rows), np.int64)])
        self._last_at = np.concatenate([self._last_at, np.zeros((len(rows), 2), np.uint64)])

    def _count(self, lookups: LookupTable, steps: StepTable, begin: Array, rows: Array, number: Array) -> None:
        mine = number[rows]
        for at, values in enumerate((np.ones(len(rows), np.int64), lookups.queries[rows], lookups.questions[rows])):
            np.add.at(self._sums[:, at], mine, values)
        self._last[mine] = lookups.time_ns[rows]  # rows are in order of time: the last assignment stays
        self._last_at[mine, 0] = steps.file[begin[rows]]
        self._last_at[mine, 1] = steps.frame[begin[rows]]
        count = lookups.steps[rows].astype(np.int64)
        where = _spans(self._begins[mine], count)
        asked = steps.queries[_spans(begin[rows], count)]
        np.add.at(self._step_queries, where, asked)
        self.events.add(lookups.time_ns[rows], mine)

    def merge(self, other: Self) -> None:
        """Add what `other` counted of the lookups that follow ours."""
        self.over += other.over
        if not len(other._last):
            return
        table, steps = other.table()
        keep = self._fit(other._numbers.keys)
        before = len(self._numbers)
        numbers = np.full(len(keep), -1, np.int64)
        numbers[keep] = self._numbers.intern(other._numbers.keys[keep])
        self.over += [int(table.lookups[~keep].sum()), int(table.queries[~keep].sum())]
        fresh = np.flatnonzero(numbers >= before)
        if len(fresh):
            of_steps = _spans(table.first_step[fresh], table.steps[fresh])
            starts = len(self._step_queries) + np.concatenate([[0], np.cumsum(table.steps[fresh])[:-1]])
            self._rows.append(table.take(fresh).replace(first_step=starts))
            self._steps.append(steps.take(of_steps))
            self._begins = np.concatenate([self._begins, starts])
            self._step_queries = np.concatenate([self._step_queries, np.zeros(len(of_steps), np.int64)])
            self._sums = np.concatenate([self._sums, np.zeros((len(fresh), 3), np.int64)])
            self._last = np.concatenate([self._last, np.zeros(len(fresh), np.int64)])
            self._last_at = np.concatenate([self._last_at, np.zeros((len(fresh), 2), np.uint64)])
        rows = np.flatnonzero(keep)
        mine = numbers[rows]
        self._sums[mine] += other._sums[rows]
        self._last[mine], self._last_at[mine] = other._last[rows], other._last_at[rows]
        where = _spans(self._begins[mine], table.steps[rows])
        self._step_queries[where] += steps.queries[_spans(table.first_step[rows], table.steps[rows])]
        if keep.all():
            self.events.merge(other.events, numbers)
        else:
            events = other.events.events()
            inside = keep[events.number]
            self.events.add(events.time_ns[inside], numbers[events.number[inside]])

    def table(self) -> tuple[SignatureTable, SignatureSteps]:
        """Everything counted, in the order in which signatures first came."""
        rows = SignatureTable.concat(self._rows).replace(
            lookups=self._sums[:, 0],
            queries=self._sums[:, 1],
            questions=self._sums[:, 2],
            last_ns=self._last,
            last_file=self._last_at[:, 0],
            last_frame=self._last_at[:, 1],
        )
        return rows, SignatureSteps.concat(self._steps).replace(queries=self._step_queries)


def _spans(begin: Array, count: Array) -> Array:
    """Indices begin[i] .. begin[i] + count[i] - 1, one after another."""
    count = np.asarray(count, np.int64)
    starts = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(count) else count
    return np.asarray(np.repeat(np.asarray(begin, np.int64) - starts, count) + np.arange(int(count.sum())))


def _mix(value: Array) -> Array:
    """The finaliser of splitmix64: each bit of the input changes about half of the output."""
    value = (value ^ (value >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> U64(27))) * U64(0x94D049BB133111EB)
    return np.asarray(value ^ (value >> U64(31)))


def _hashes(lookups: LookupTable, steps: StepTable, begin: Array) -> Array:
    """64 bits per lookup over everything that makes a signature."""
    word = steps.qname.astype(U64)
    for name, shift in (("qtypes", 32), ("outcome_a", 35), ("outcome_aaaa", 39), ("outcome_other", 43)):
        word |= steps.columns()[name].astype(U64) << U64(shift)
    word |= np.where(steps.qtypes == 4, steps.qtype, 0).astype(U64) << U64(47)
    word = _mix(word + (steps.position.astype(U64) + U64(1)) * U64(0x9E3779B97F4A7C15))
    total = np.add.reduceat(word, begin)
    leg = lookups.client.astype(U64) << U64(32) | lookups.server.astype(U64)
    flags = lookups.ending.astype(U64) | lookups.one_port.astype(U64) << U64(8) | lookups.serial.astype(U64) << U64(9)
    flags |= lookups.pooled.astype(U64) << U64(10)
    return _mix(_mix(total + _mix(leg)) + flags)
