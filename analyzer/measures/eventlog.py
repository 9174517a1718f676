"""When things happened, for folds that only the end decides: (time, number) pairs, exact up to a cap, then in coarser steps.

A side, a suffix group, a base name is known when the capture ends, and a peak over a group cannot be had from peaks over its
parts. So the events themselves are kept, 12 octets each. Past the cap they are counted in steps of 1 s, then 2 s, 4 s, …,
each step begun at its first nanosecond, and `step_ns` says so. Which step, depends on the events alone, never on how they came.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Self

import numpy as np

from analyzer.messages import Array
from analyzer.options import NS, Limits

__all__ = ["EventLog", "Events"]

_EVENTS: Final = Limits().max_events


class Events(NamedTuple):
    """Rows in order of time: time (ns), number, how many."""

    time_ns: Array
    number: Array
    weight: Array


class EventLog:
    """Events by number. `step_ns` is 0 while times are exact."""

    def __init__(self, cap: int = _EVENTS) -> None:
        self._cap = cap
        self._parts: list[Events] = []
        self._rows = 0
        self.step_ns = 0

    def add(self, time_ns: Array, number: Array) -> None:
        """Take events in; times need not be ordered."""
        if len(time_ns):
            self._take(Events(time_ns.astype(np.int64), number.astype(np.uint32), np.ones(len(number), np.uint32)))

    def _take(self, part: Events) -> None:
        self._parts.append(part)
        self._rows += len(part.time_ns)
        if self._rows > self._cap:
            self._join()
        while self._rows > self._cap and self.step_ns < 1 << 61:  # a step of a century: one event a number is left
            self.step_ns = 2 * self.step_ns or NS
            self._join()

    def merge(self, other: Self, numbers: Array) -> None:
        """Add the other's events; `numbers` maps its numbers to ours, those with -1 are left out."""
        self.step_ns = max(self.step_ns, other.step_ns)
        for part in other._parts:
            number = numbers[part.number]
            known = slice(None) if len(number) and number.min() >= 0 else number >= 0
            self._take(Events(part.time_ns[known], number[known].astype(np.uint32), part.weight[known]))

    def renumber(self, numbers: Array) -> None:
        """Exchange every number for `numbers[number]`."""
        self._parts = [p._replace(number=numbers[p.number].astype(np.uint32)) for p in self._parts]

    def _join(self) -> None:
        time_ns = np.concatenate([p.time_ns for p in self._parts]) if self._parts else np.zeros(0, np.int64)
        number = np.concatenate([p.number for p in self._parts]) if self._parts else np.zeros(0, np.uint32)
        count = np.concatenate([p.weight for p in self._parts]) if self._parts else np.zeros(0, np.uint32)
        if self.step_ns:
            time_ns = time_ns // self.step_ns * self.step_ns
        if self.step_ns and len(time_ns):
            order = np.lexsort((number, time_ns))
            time_ns, number, count = time_ns[order], number[order], count[order]
            fresh = (time_ns[1:] != time_ns[:-1]) | (number[1:] != number[:-1])
            starts = np.flatnonzero(np.concatenate([[True], fresh]))
            time_ns, number, count = time_ns[starts], number[starts], np.add.reduceat(count, starts)
        elif len(time_ns) > 1 and (time_ns[1:] < time_ns[:-1]).any():
            order = np.argsort(time_ns, kind="stable")
            time_ns, number, count = time_ns[order], number[order], count[order]
        self._parts, self._rows = [Events(time_ns, number, count)], len(time_ns)

    def events(self) -> Events:
        """All events in order of time."""
        self._join()
        return self._parts[0]
