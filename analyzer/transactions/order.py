"""Restores the order of time: rows come in capture order, which is not time order (several interfaces, CPUs, files).

Within `Limits.order_ns` rows are sorted by (time, file, frame). A row older than that, against the latest row before it,
cannot be put right any more: rows behind it may be gone. It keeps its place in the capture and is flagged OUT_OF_ORDER;
its clock is taken to have been set back, so its time, and that of the rows that follow on the same clock, is moved
to continue from the latest time before. Distances between such rows stay true, and everything after this
stage may rely on non-decreasing time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import MessageBatch

__all__ = ["Order"]

_SMALL: Final = 32_768  # rows below which copying costs less than handling two tables


@dataclass(slots=True)
class _Source:
    """One capture in its own order. `latest` is the greatest time so far, `shift` what a stepped clock is moved by."""

    latest: int | None = None
    shift: int = 0
    shifted: bool = False  # the row before was moved
    open: bool = True


class Order:
    """Puts rows in order of (time, file, frame). Several sources (captures that overlap in time) are merged.

    `feed(batch, source)` returns the rows that no later row of any source can precede. `close(source)` says that a
    source has no more rows; `finish` closes all. `behind` names the source to read next, so that little is held back.
    """

    def __init__(self, order_ns: int, sources: int = 1) -> None:
        self._order_ns = order_ns
        self._sources = [_Source() for _ in range(sources)]
        self._held = MessageBatch()
        self.out_of_order = 0
        self.clock_steps = 0
        self.latest_ns: int | None = None

    @property
    def behind(self) -> int:
        """The open source with the least time so far (the first that has none yet)."""
        still = [i for i, s in enumerate(self._sources) if s.open]
        return min(still, key=lambda i: -(2**63) if (at := self._sources[i].latest) is None else at, default=0)

    def feed(self, batch: MessageBatch, source: int = 0) -> list[MessageBatch]:
        """Take rows of a source in capture order; the rows that are now certain, in order of time."""
        if not len(batch):
            return []
        at = self._sources[source]
        batch = self._on_one_clock(batch, at)
        if at.latest is not None:
            self.latest_ns = at.latest if self.latest_ns is None else max(at.latest, self.latest_ns)
        return self._release(batch)

    def close(self, source: int) -> list[MessageBatch]:
        """No more rows from this source."""
        self._sources[source].open = False
        return self._release(MessageBatch())

    def finish(self) -> list[MessageBatch]:
        """All rows that are left."""
        for source in self._sources:
            source.open = False
        return self._release(MessageBatch())

    def _on_one_clock(self, batch: MessageBatch, source: _Source) -> MessageBatch:
        times = batch.time_ns
        before = int(times[0]) if source.latest is None else source.latest
        latest = np.maximum(np.maximum.accumulate(times), before)
        late = np.empty(len(times), np.bool_)
        late[0] = times[0] < before - self._order_ns
        late[1:] = times[1:] < latest[:-1] - self._order_ns
        if not late.any():
            source.latest, source.shifted = int(latest[-1]), False
            return batch
        first = int(np.argmax(late))
        if first:
            source.latest, source.shifted = int(latest[first - 1]), False
        moved = times.copy()
        flags = np.zeros(len(times), np.bool_)
        moved[first:], flags[first:] = self._follow(times[first:].tolist(), source)
        self.out_of_order += int(flags.sum())
        flagged = batch.anomalies | np.where(flags, np.uint64(Anomaly.OUT_OF_ORDER), np.uint64(0))
        return batch.replace(time_ns=moved, anomalies=flagged)

    def _follow(self, times: list[int], source: _Source) -> tuple[list[int], list[bool]]:
        """Row by row from the first late one on: the time that counts, and whether it was moved."""
        latest = times[0] if source.latest is None else source.latest
        moved, flags = [], []
        for time in times:
            at, late = time, time < latest - self._order_ns
            if late:
                at = time + source.shift
                if not source.shifted or at < latest - self._order_ns:
                    source.shift, at = latest - time, latest
                    self.clock_steps += 1
            source.shifted = late
            latest = max(latest, at)
            moved.append(at)
            flags.append(late)
        source.latest = latest
        return moved, flags

    def _release(self, new: MessageBatch) -> list[MessageBatch]:
        pieces = _merged(self._held, new)
        latest = [s.latest for s in self._sources if s.open]
        known = [at for at in latest if at is not None]
        if len(known) < len(latest):
            self._held = MessageBatch.concat(pieces)
            return []
        if not known:
            self._held = MessageBatch()
            return [piece for piece in pieces if len(piece)]
        safe = min(known) - self._order_ns
        cuts = [int(np.searchsorted(piece.time_ns, safe)) for piece in pieces]
        self._held = MessageBatch.concat(
            # Indices copy: a slice would keep the whole batch alive behind the second that is held.
            [piece.take(np.arange(cut, len(piece))) for piece, cut in zip(pieces, cuts, strict=True)]
        )
        return [piece.take(slice(0, cut)) for piece, cut in zip(pieces, cuts, strict=True) if cut]


def _merged(held: MessageBatch, new: MessageBatch) -> list[MessageBatch]:
    """The rows of both in order, in one piece or two (where they follow one another, nothing large is copied)."""
    if len(held) and len(new) and len(held) + len(new) > _SMALL and _follows(held, new) and _ordered(new):
        return [held, new]
    both = MessageBatch.concat([part for part in (held, new) if len(part)])
    return [both if _ordered(both) else both.take(np.lexsort((both.frame, both.file, both.time_ns)))]


def _follows(first: MessageBatch, then: MessageBatch) -> bool:
    ends = [(t.time_ns[i], t.file[i], t.frame[i]) for t, i in ((first, -1), (then, 0))]
    return bool(ends[0] <= ends[1])


def _ordered(batch: MessageBatch) -> bool:
    time, file, frame = batch.time_ns, batch.file, batch.frame
    step = time[1:] > time[:-1]
    if step.all():
        return True
    even = np.flatnonzero(~step)
    if (time[even] > time[even + 1]).any() or (file[even] > file[even + 1]).any():
        return False
    return not ((file[even] == file[even + 1]) & (frame[even] > frame[even + 1])).any()
