"""Transactions that are not final yet: columns that grow at the end, are filled in, and are handed on from the front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import NO_ROW, Array, TransactionTable, UniqueTable

__all__ = ["Store"]

I64 = NDArray[np.int64]

# What stages note beside the table's own columns: last view of the query, its questions' first sends, more of the answer.
_NOTES: Final = {
    "last_view_ns": "i8",
    "first_ns": "i8",
    "strict_first_ns": "i8",
    "strict_send": "u1",
    "resent": "u1",
} | {
    "r_anomalies": "u8",
    "ext_rcode": "u1",
}
_COLUMNS: Final = {c.name: c.dtype for c in TransactionTable.COLUMNS} | _NOTES
_FROM_MESSAGE: Final = tuple({c.name for c in TransactionTable.COLUMNS} & {c.name for c in UniqueTable.COLUMNS})
_RESPONSE: Final = {
    "r_row": "row",
    "r_frame": "frame",
    "r_file": "file",
    "r_time_ns": "time_ns",
    "r_flags": "flags",
    "r_size": "size",
    "r_present": "present",
    "r_nscount": "nscount",
    "r_anomalies": "anomalies",
} | {
    name: name
    for name in "ancount answer_ttl answer_matches answer_addr answer_cname soa_ttl soa_minimum soa_owner ns_owner ede ext_rcode".split()
}
_ABSENT: Final = {
    "r_row": NO_ROW,
    "fed_by": NO_ROW,
    "question": NO_ROW,
    "strict_question": NO_ROW,
    "rtt_ns": -1,
    "server_rtt_ns": -1,
}


_SPARE: Final = 1 << 18  # rows of room that are kept though nothing is in them


class Store:
    """Rows by ordinal (0 for the first ever). Rows already taken are never written again, so slices stay true."""

    def __init__(self) -> None:
        self.start = 0  # the first row still here
        self.stop = 0
        self._base = 0  # ordinal of index 0
        self._columns: dict[str, Array] = {name: np.zeros(0, dtype) for name, dtype in _COLUMNS.items()}

    def __len__(self) -> int:
        return self.stop - self.start

    def append(self, messages: UniqueTable, rows: I64, last_view_ns: I64) -> None:
        """Add one row per given message."""
        first, count = self.stop - self._base, len(rows)
        if first + count > len(self._columns["row"]):
            self._make_room(count)
            first = self.stop - self._base
        part = slice(first, first + count)
        for name, column in self._columns.items():
            if name in _FROM_MESSAGE and name not in _RESPONSE:
                column[part] = messages.columns()[name][rows]
            else:
                column[part] = _ABSENT.get(name, 0)
        self._columns["last_view_ns"][part] = last_view_ns
        self.stop += count

    def _make_room(self, count: int) -> None:
        live = slice(self.start - self._base, self.stop - self._base)
        room = len(self) + len(self) // 2 + count + 1024
        for name, column in self._columns.items():
            fresh = np.empty(room, column.dtype)
            fresh[: len(self)] = column[live]
            self._columns[name] = fresh
        self._base = self.start

    def respond(self, at: I64, messages: UniqueTable, rows: I64) -> None:
        """Write responses into the transactions that they close."""
        for name, source in _RESPONSE.items():
            self._columns[name][at - self._base] = messages.columns()[source][rows]

    def get(self, name: str, at: I64) -> Array:
        """A column's values at the given ordinals."""
        found: Array = self._columns[name][at - self._base]
        return found

    def set(self, name: str, at: I64, values: Array) -> None:
        """Write a column's values at the given ordinals."""
        self._columns[name][at - self._base] = values

    def view(self, name: str, start: int, stop: int) -> Array:
        """A column's values from one ordinal to another (no copy)."""
        return self._columns[name][start - self._base : stop - self._base]

    def until(self, time_ns: int) -> int:
        """The ordinal of the first row not older than a time."""
        return self.start + int(np.searchsorted(self.view("time_ns", self.start, self.stop), time_ns))

    def take(self, stop: int) -> Mapping[str, Array]:
        """Hand on all rows before an ordinal; they are gone from here."""
        out = {name: self.view(name, self.start, stop) for name in self._columns}
        self.start = stop
        if _SPARE + 4 * len(self) < len(self._columns["row"]):  # after a flood, or at the end
            self._make_room(0)
        return out
