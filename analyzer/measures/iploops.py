"""One packet seen on one interface with falling TTLs: routers pass it round (nothing to do with DNS forwarding)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from analyzer.measures import Context
from analyzer.messages import TransactionBatch, ViewTable

__all__ = ["Measure", "RoutedRound"]

_MAX_PAIRS: Final = 10_000
_MAX_FRAMES: Final = 16


@dataclass(slots=True)
class RoutedRound:
    """Packets between two addresses (ids) that came by again: how many, and one of them frame by frame with its TTLs."""

    src: int
    dst: int
    packets: int = 0
    most_ttls: int = 0
    first_ns: int = 0
    last_ns: int = 0
    frames: list[tuple[int, int, int, int]] = field(default_factory=list)  # time_ns, file, frame, ttl


class Measure:
    """Looks for unique packets with at least three TTLs among their views on one interface."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rounds: dict[tuple[int, int], RoutedRound] = {}

    def update(self, batch: TransactionBatch) -> None:
        views = batch.views
        if not len(views):
            return
        keys = np.stack([views.row.astype(np.int64), views.interface.astype(np.int64), views.ip_ttl.astype(np.int64)])
        distinct = np.unique(keys, axis=1)
        packets, counts = np.unique(distinct[:2], axis=1, return_counts=True)
        for at in np.flatnonzero(counts >= self._context.options.thresholds.ip_loop_ttls).tolist():
            row, interface = packets[:, at].tolist()
            chosen = np.flatnonzero((views.row == row) & (views.interface == interface))
            self._keep(views.take(chosen), int(counts[at]))

    def _keep(self, views: ViewTable, ttls: int) -> None:
        key = (int(views.src_addr[0]), int(views.dst_addr[0]))
        found = self._rounds.get(key)
        if found is None:
            if len(self._rounds) >= _MAX_PAIRS:
                return
            found = self._rounds[key] = RoutedRound(*key, first_ns=int(views.time_ns.min()))
        found.packets += 1
        found.last_ns = max(found.last_ns, int(views.time_ns.max()))
        if ttls > found.most_ttls:
            found.most_ttls = ttls
            columns = (views.time_ns, views.file, views.frame, views.ip_ttl)
            found.frames = sorted(zip(*(c.tolist() for c in columns), strict=True))[:_MAX_FRAMES]

    def merge(self, other: Measure) -> None:
        for key, theirs in other._rounds.items():
            mine = self._rounds.setdefault(key, theirs)
            if mine is not theirs:
                mine.packets += theirs.packets
                mine.last_ns = max(mine.last_ns, theirs.last_ns)
                if theirs.most_ttls > mine.most_ttls:
                    mine.most_ttls, mine.frames = theirs.most_ttls, theirs.frames

    def result(self, results: Mapping[str, Any]) -> list[RoutedRound]:
        return sorted(self._rounds.values(), key=lambda r: (-r.packets, r.src, r.dst))
