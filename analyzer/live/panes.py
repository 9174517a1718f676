"""Sliding windows over measures that can only add: panes of a few seconds, of which the last ones are merged."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from analyzer.measures import Context, MeasureType, registry
from analyzer.messages import TransactionBatch

__all__ = ["Measures", "Panes", "results_of"]

_TOGETHER: Final = 20_000  # rows that wait at most
_WIDEST: Final = 4  # panes that are merged into one where memory is short


class Measures:
    """One of each measure, over one context. Small batches are counted together: each costs the same, however small."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.active: dict[str, MeasureType] = {ident: measure(context) for ident, measure in registry().items()}
        self._waiting: list[TransactionBatch] = []
        self._rows = 0
        self.width = 1  # panes that were merged into this one

    def update(self, batches: Iterable[TransactionBatch]) -> None:
        """Count, now or later."""
        for batch in batches:
            self._waiting.append(batch)
            self._rows += len(batch.unique) + len(batch.transactions) + len(batch.quotes)
        if self._rows > _TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Count what waits."""
        if self._waiting:
            batch, self._waiting, self._rows = _joined(self._waiting), [], 0
            for measure in self.active.values():
                measure.update(batch)

    def merge(self, other: Measures) -> None:
        """Add what the other counted, later than this one."""
        other.settle()
        for ident, measure in self.active.items():
            measure.merge(other.active[ident])


def _joined(batches: Sequence[TransactionBatch]) -> TransactionBatch:
    """All batches as one."""
    if len(batches) == 1:
        return batches[0]
    tables = {field.name: [getattr(batch, field.name) for batch in batches] for field in fields(TransactionBatch)}
    return TransactionBatch(**{name: type(parts[0]).concat(parts) for name, parts in tables.items()})


def results_of(measures: Measures) -> dict[str, Any]:
    """The results by id, each measure after those that it needs."""
    measures.settle()
    results: dict[str, Any] = {}
    for ident, measure in measures.active.items():
        results[ident] = measure.result(results)
    return results


class Panes:
    """The last `count` closed panes and the one that is being filled."""

    def __init__(self, context: Context, count: int) -> None:
        self._context = context
        self._closed: deque[Measures | None] = deque(maxlen=count)
        self._open: Measures | None = None

    def update(self, batches: Sequence[TransactionBatch]) -> None:
        """Count into the open pane."""
        if batches:
            self._open = self._open or Measures(self._context)
            self._open.update(batches)

    def close(self) -> None:
        """Begin the next pane; the oldest falls out of the window. A pane that counted nothing takes no memory."""
        if self._open is not None:
            self._open.settle()
        self._closed.append(self._open)
        self._open = None

    def shed(self) -> None:
        """Take less memory: merge two neighbours, the oldest that are short enough; where none are, let the oldest go.

        A merged pane stays until its younger half is too old, so the window may be some seconds longer, or shorter.
        """
        slots, full = list(self._closed), [at for at, pane in enumerate(self._closed) if pane is not None]
        for earlier, later in itertools.pairwise(full):
            old, young = slots[earlier], slots[later]
            assert old is not None
            assert young is not None
            if old.width + young.width <= _WIDEST:
                old.merge(young)
                old.width += young.width
                slots[earlier], slots[later] = None, old
                break
        else:
            for at in full[:1]:
                slots[at] = None
        self._closed = deque(slots, self._closed.maxlen)

    def clear(self) -> None:
        """Let all panes go."""
        self._closed.clear()
        self._open = None

    @property
    def empty(self) -> bool:
        """Whether nothing was counted in the whole window."""
        return self._open is None and not any(self._closed)

    def window(self, context: Context) -> Mapping[str, Any]:
        """Results over the closed panes and the open one, under the window's own context."""
        whole = Measures(context)
        for pane in (*self._closed, self._open):
            if pane is not None:
                whole.merge(pane)
        return results_of(whole)
