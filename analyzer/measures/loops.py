"""Questions that come back: the transactions of questions that travel in a circle.

A query is kept when its sender has received the same question and its receiver sends it too (or both are one
address): only such queries can be part of a loop, whatever the servers' IDs, ports and TTLs. With them go all other
queries of that question to the same server (the originals). `result()` joins addresses into parties, finds the circles
and unrolls them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np

from analyzer.measures import Context
from analyzer.measures.loop_stacks import Circle, circles
from analyzer.messages import Array, Column, State, TransactionBatch, TransactionTable
from analyzer.messages.table import Table
from analyzer.options import NS

__all__ = ["LoopTable", "Measure"]

_OPEN_NS: Final = 6 * NS  # how long an unanswered query counts as open: CoreDNS' last try ends after 6 s
_NEAR_NS: Final = 30 * NS  # queries of one turn, or an original and its turns, are no further apart
_WINDOW_NS: Final = 3 * _NEAR_NS  # a row is near a row that is near two others: what must be seen to decide
_MAX_ROWS: Final = 400_000
_MAX_PER_KEY: Final = 20_000


class LoopTable(Table):
    """Transactions of questions that may go round. `end_ns` is the answer, or when the query stops counting as open."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        *(
            c
            for c in TransactionTable.COLUMNS
            if c.name
            in "row file frame time_ns client server client_port msg_id qname qname_hash qtype size rcode".split()
        ),
        Column("end_ns", "i8", "ns since 1970 UTC", "answer, or time_ns + 6 s"),
        Column("answered", "u1", "bool", "1 where end_ns is an answer"),
        Column("edns", "u1", "bool", "1 where the query carried an OPT record"),
        Column("kept", "u1", "bool", "1 once the row is in the store"),
    )
    __slots__ = ()


def _key(*columns: Array) -> Array:
    """One 64-bit key from several columns."""
    key = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        key = (key ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key


def _near(keys: Array, times: Array, other_keys: Array, other_times: Array) -> Array:
    """For each (key, time) whether the others, in order of time, hold the same key at most 30 s away."""
    if not len(other_keys):
        return np.zeros(len(keys), np.bool_)
    order = np.argsort(other_keys, kind="stable")
    # Keys of equal rank and then time, as one sorted array: rank * span + time.
    distinct, ranks = np.unique(other_keys[order], return_inverse=True)
    start = min(int(times.min()), int(other_times.min()))
    span = max(int(times.max()), int(other_times.max())) - start + 2 * _NEAR_NS + 1
    rank = np.minimum(np.searchsorted(distinct, keys), len(distinct) - 1)
    same = distinct[rank] == keys
    if span > 2**62 // len(distinct):  # centuries between rows: a lying clock, looked at more coarsely
        scale = span // (2**62 // len(distinct)) + 1
    else:
        scale = 1
    axis = ranks * (span // scale + 1) + (other_times[order] - start) // scale
    low = np.searchsorted(axis, rank * (span // scale + 1) + np.maximum(times - start - _NEAR_NS, 0) // scale, "left")
    high = np.searchsorted(axis, rank * (span // scale + 1) + (times - start + _NEAR_NS) // scale, "right")
    return np.asarray(same & (high > low))


def _around(rows: LoopTable) -> tuple[Array, Array]:
    """Which rows may be part of a circle, or lead into one; and each row's key of server and question."""
    to = _key(rows.qname_hash, rows.qtype, rows.server)
    own = rows.client == rows.server
    if not own.any() and not np.isin(rows.client, np.unique(rows.server)).any():
        return np.zeros(len(rows), np.bool_), to
    by = _key(rows.qname_hash, rows.qtype, rows.client)
    times = rows.time_ns
    around = own | (_near(by, times, to, times) & _near(to, times, by, times))
    return _near(to, times, to[around], times[around]), to


class Measure:
    """Keeps the rows of questions that may go round; memory is bounded by two caps, what they cut off is counted."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._head = self._recent = LoopTable()
        self._first_ns: int | None = None
        self._store: list[LoopTable] = []
        self._rows = 0
        self._per_key: dict[int, int] = {}
        self._cap = context.options.limits.max_rows
        self.left_out = 0

    def update(self, batch: TransactionBatch) -> None:
        rows = batch.transactions
        asked = rows.state != int(State.ORPHAN)
        if not asked.any():
            return
        new = _loop_rows(rows.take(asked))
        if self._first_ns is None:
            self._first_ns = int(new.time_ns[0])
        if int(new.time_ns[0]) < self._first_ns + _WINDOW_NS and len(self._head) < self._cap:
            head = LoopTable.concat([self._head, new.take(new.time_ns < self._first_ns + _WINDOW_NS)])
            self._head = head.take(np.arange(min(len(head), self._cap)))
        self._look_at(LoopTable.concat([self._recent, new]))

    def _look_at(self, window: LoopTable) -> None:
        chosen, keys = _around(window)
        fresh = chosen & (window.kept == 0)
        self._add(window.take(fresh), keys[fresh])
        recent = window.time_ns >= int(window.time_ns[-1]) - _WINDOW_NS
        recent[: max(0, len(recent) - self._cap)] = False
        self._recent = window.replace(kept=window.kept | chosen).take(recent)

    def _add(self, rows: LoopTable, keys: Array) -> None:
        if not len(rows):
            return
        order = np.argsort(keys, kind="stable")
        unique, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
        room = np.array([_MAX_PER_KEY - self._per_key.get(key, 0) for key in unique.tolist()])
        position = np.empty(len(rows), np.int64)
        position[order] = np.arange(len(rows)) - np.repeat(starts, counts)
        limit = np.empty(len(rows), np.int64)
        limit[order] = np.repeat(room, counts)
        taken = np.flatnonzero(position < limit)[: max(0, min(_MAX_ROWS, 4 * self._cap) - self._rows)]
        self.left_out += len(rows) - len(taken)
        for key, count in zip(*(x.tolist() for x in np.unique(keys[taken], return_counts=True)), strict=True):
            self._per_key[key] = self._per_key.get(key, 0) + count
        self._rows += len(taken)
        self._store.append(rows.take(taken))

    def merge(self, other: Measure) -> None:
        if other._first_ns is None:
            return
        self._first_ns = other._first_ns if self._first_ns is None else self._first_ns
        head = other._head.take(other._head.time_ns < self._first_ns + _WINDOW_NS)
        head = LoopTable.concat([self._head, head])
        self._head = head.take(np.arange(min(len(head), self._cap)))
        if len(self._recent):
            self._look_at(LoopTable.concat([self._recent, other._head]))
        for table in other._store:
            self._add(table, _key(table.qname_hash, table.qtype, table.server))
        window = LoopTable.concat([self._recent, other._recent])
        window = window.take(np.unique(window.row, return_index=True)[1])
        recent = window.time_ns >= int(window.time_ns[-1]) - _WINDOW_NS
        recent[: max(0, len(recent) - self._cap)] = False
        self._recent = window.take(recent)
        self.left_out += other.left_out

    def result(self, results: Mapping[str, Any]) -> list[Circle]:
        rows = LoopTable.concat(self._store) if self._store else LoopTable()
        return circles(rows.take(np.unique(rows.row, return_index=True)[1]), self._context, results["roles"])


def _loop_rows(rows: TransactionTable) -> LoopTable:
    answered = (rows.state == int(State.ANSWERED)) | (rows.state == int(State.LATE))
    columns = {c.name: rows.columns()[c.name] for c in LoopTable.COLUMNS if c.name in rows.columns()}
    return LoopTable(
        {
            **columns,
            "end_ns": np.where(answered, rows.r_time_ns, rows.time_ns + _OPEN_NS),
            "answered": answered,
            "edns": rows.present & 2 != 0,
        }
    )
