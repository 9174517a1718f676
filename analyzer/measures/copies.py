"""Which pairs of interfaces showed one packet twice: a bridge and its port, a router's two sides, a NAT."""

from __future__ import annotations

from typing import Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.keyed import grouped
from analyzer.measures.rows import ViewPair
from analyzer.messages import Array, ViewTable

__all__ = ["CopyPairs"]

_MAX_PAIRS: Final = 10_000


class CopyPairs:
    """Counts by pair of interface ids: messages, of which rewritten, longest time between the two."""

    def __init__(self) -> None:
        self._pairs: dict[int, tuple[int, int, int]] = {}

    def add(self, views: ViewTable) -> None:
        """Count views; all views of a message stand in one table."""
        if not len(views):
            return
        order = np.lexsort((views.frame, views.file, views.time_ns, views.row))
        views = views.take(order)
        starts = np.concatenate([[True], views.row[1:] != views.row[:-1]])
        first = np.flatnonzero(starts)[np.cumsum(starts) - 1]
        other = np.flatnonzero(~starts)
        base = first[other]
        low = np.minimum(views.interface[base], views.interface[other]).astype(np.int64)
        high = np.maximum(views.interface[base], views.interface[other]).astype(np.int64)
        ends = ("src_addr", "dst_addr", "src_port", "dst_port")
        rewritten = np.logical_or.reduce([views.columns()[c][base] != views.columns()[c][other] for c in ends])
        self._count((low << 32) | high, rewritten, views.time_ns[other] - views.time_ns[base])

    def _count(self, keys: Array, rewritten: Array, spread: Array) -> None:
        pairs, _, index = grouped(keys)
        longest = np.zeros(len(pairs), np.int64)
        np.maximum.at(longest, index, spread)
        columns = np.bincount(index), np.bincount(index, rewritten).astype(np.int64), longest
        for pair, *counts in zip(pairs.tolist(), *(c.tolist() for c in columns), strict=True):
            self._add(pair, *counts)

    def _add(self, pair: int, messages: int, rewritten: int, spread: int) -> None:
        if pair in self._pairs or len(self._pairs) < _MAX_PAIRS:
            before = self._pairs.get(pair, (0, 0, 0))
            self._pairs[pair] = before[0] + messages, before[1] + rewritten, max(before[2], spread)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        for pair, counts in other._pairs.items():
            self._add(pair, *counts)

    def rows(self, context: Context) -> tuple[ViewPair, ...]:
        """Rows, the pair with most messages first."""
        names = {info.id: info.name or str(info.id) for info in context.interfaces}
        found = [
            ViewPair(names.get(pair >> 32, str(pair >> 32)), names.get(low := pair & 0xFFFFFFFF, str(low)), *counts)
            for pair, counts in self._pairs.items()
        ]
        return tuple(sorted(found, key=lambda row: (-row.messages, row.first, row.second)))
