"""Holes in the capture: times without a DNS packet in busy traffic, packets that the capture dropped or cut short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from analyzer.dns.anomalies import Anomaly
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.roles import Roles
from analyzer.measures.rows import Frame
from analyzer.messages import TransactionBatch, UniqueTable
from analyzer.options import NS

__all__ = ["Gap", "Gaps", "Measure"]

_BITS: Final = {"cut": int(Anomaly.CUT), "first_fragment": int(Anomaly.FIRST_FRAGMENT)}
_ROUND_NS: Final = 10 * NS  # traffic on either side of a gap is measured over so long
_CAP: Final = 10_000
_LISTED: Final = 100
_WITH_LOOPBACK: Final = (0, 108, 113, 276)  # BSD loopback, and Linux's cooked frames, as of `-i any`
# Reasons that say something of DNS; encrypted frames and foreign link types may have carried anything.
_UNREAD: Final = frozenset(
    f"skipped.{reason}"
    for reason in (
        "snaplen fragment-missing fragment-overlap tcp-gap malformed-link malformed-ip malformed-transport malformed-tunnel "
        "tunnel-depth dns-header"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without messages: the frames around it."""

    before_ns: int
    after_ns: int
    before: Frame
    after: Frame


@dataclass(frozen=True, slots=True)
class Gaps:
    """`gaps` with at least so many messages in each of the ten seconds on both sides; `drops` by interface, as pcapng says.

    `unread` are frames that could not be read, by reason (keys of the ledger), of `frames` with DNS or unread. `beside`: addresses
    of this machine alone (link-local) that answer, where nothing shows that its loopback was captured.
    """

    messages: int
    cut: int
    first_fragments: int
    gaps: tuple[Gap, ...]
    drops: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    frames: int = 0
    beside: tuple[str, ...] = ()


class Measure:
    """Counts damaged messages and looks at the times between messages; `result` is Gaps."""

    needs: tuple[str, ...] = ("cells", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = np.zeros(3, np.int64)  # messages, cut, first fragments
        self._head, self._tail = UniqueTable(), UniqueTable()
        self._silences: dict[tuple[int, int], Gap] = {}
        self._busy = np.zeros(0, np.int64)  # seconds of the epoch with messages, and how many in each
        self._weight = np.zeros(0, np.int64)

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's messages."""
        rows = batch.unique
        if not len(rows):
            return
        hit = [np.count_nonzero(rows.anomalies & np.uint64(bit)) for bit in _BITS.values()]
        self._counts += np.array([len(rows), *hit], np.int64)
        seconds, counts = np.unique(rows.time_ns // NS, return_counts=True)
        self._add(seconds, counts)
        self._look(UniqueTable.concat([self._tail, rows]))
        self._head = self._head if len(self._head) else rows.take(np.array([0]))  # copies: a slice keeps all rows alive
        self._tail = rows.take(np.array([len(rows) - 1]))

    def _add(self, seconds: Any, counts: Any) -> None:
        both = np.concatenate([self._busy, seconds])
        self._busy, index = np.unique(both, return_inverse=True)
        weight = np.bincount(index, np.concatenate([self._weight, counts]), minlength=len(self._busy))
        self._weight = weight.astype(np.int64)

    def _look(self, rows: UniqueTable) -> None:
        limit = self._context.options.thresholds.gap_ns
        for at in np.flatnonzero(np.diff(rows.time_ns) > limit).tolist():
            if len(self._silences) < _CAP:
                before, after = int(rows.time_ns[at]), int(rows.time_ns[at + 1])
                frames = [Frame(int(rows.file[i]), int(rows.frame[i])) for i in (at, at + 1)]
                self._silences[before, after] = Gap(before, after, *frames)

    def merge(self, other: Self) -> None:
        """Add what the other saw, which follows ours."""
        self._counts += other._counts
        self._add(other._busy, other._weight)
        self._look(UniqueTable.concat([self._tail, other._head]))
        for key, gap in other._silences.items():
            if len(self._silences) < _CAP:
                self._silences[key] = gap
        self._head = self._head if len(self._head) else other._head
        self._tail = other._tail if len(other._tail) else self._tail

    def result(self, results: Mapping[str, Any]) -> Gaps:
        """Gaps amid busy traffic."""
        need, around = self._context.options.thresholds.gap_qps, _ROUND_NS // NS
        found = []
        for gap in self._silences.values():
            first, last = gap.before_ns // NS, gap.after_ns // NS
            before = (self._busy < first) & (self._busy >= first - around)
            after = (self._busy > last) & (self._busy <= last + around)
            steady = [self._weight[part] for part in (before, after)]
            if all(len(part) == around and int(part.min()) >= need for part in steady):
                found.append(gap)
        messages, cut, fragments = self._counts.tolist()
        drops: dict[str, int] = {}
        for info in self._context.interfaces:
            lost = sum(count for name, count in info.drops.items() if name in ("ifdrop", "osdrop"))
            if lost:
                drops[info.name or str(info.id)] = lost
        frames = self._context.ledger.frames
        unread = {key: count for key, count in frames.items() if key in _UNREAD and count}
        return Gaps(
            messages=messages,
            cut=cut,
            first_fragments=fragments,
            gaps=tuple(sorted(found, key=lambda gap: gap.before_ns)),
            drops=drops,
            unread=unread,
            frames=sum(unread.values()) + frames.get("message", 0) + frames.get("part", 0),
            beside=self._beside(results["cells"], results["roles"]),
        )

    def _beside(self, cells: Cells, roles: Roles) -> tuple[str, ...]:
        """Addresses that other machines cannot reach and that answer here, unless the capture holds the loopback."""
        interfaces = self._context.interfaces
        loopback = any(info.linktype in _WITH_LOOPBACK or info.name in ("any", "lo", "lo0") for info in interfaces)
        if loopback or not interfaces or (cells.client == cells.server).any():
            return ()
        address = self._context.addresses.address
        served = np.unique(cells.server[roles.serves[cells.server]]).tolist()
        known = ((ident, address(ident)) for ident in served)
        return tuple(sorted(str(found) for _, found in known if found is not None and found.is_link_local))[:_LISTED]
