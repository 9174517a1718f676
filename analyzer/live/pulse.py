"""How much there is right now: unique queries, and responses by code, in each of the last seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from analyzer.dns import header, rcodes
from analyzer.messages import Array, UniqueTable
from analyzer.options import NS

__all__ = ["Pulse"]

_QUERIES: Final = 16  # column of queries, behind those of the sixteen codes
_NOW: Final = 3  # seconds that "now" is the mean of


class Pulse:
    """Counts by second of packet time; `seconds` of them are kept."""

    def __init__(self, seconds: int = 60) -> None:
        self._counts = np.zeros((seconds, _QUERIES + 1), np.int64)
        self._second: int | None = None  # the latest one; row `_second % seconds`

    def add(self, rows: UniqueTable) -> None:
        """Count messages; those older than what is kept are passed over."""
        if not len(rows):
            return
        second = rows.time_ns // NS
        self.advance(int(second.max()) * NS)
        assert self._second is not None
        keep = second > self._second - len(self._counts)
        column = np.where(rows.flags & header.QR, rows.flags & 15, _QUERIES)
        np.add.at(self._counts, (second[keep] % len(self._counts), column[keep]), 1)

    def advance(self, now_ns: int) -> None:
        """Time has come so far; seconds without a message count as such."""
        second = now_ns // NS
        last = second - 1 if self._second is None else self._second
        for fresh in range(max(last + 1, second - len(self._counts) + 1), second + 1):
            self._counts[fresh % len(self._counts)] = 0
        self._second = max(second, last)

    def _rows(self) -> Array:
        """The seconds kept, the latest last."""
        if self._second is None:
            return self._counts
        return np.roll(self._counts, -(self._second % len(self._counts)) - 1, axis=0)

    @property
    def series(self) -> list[int]:
        """Queries in each second kept, the latest last."""
        found: list[int] = self._rows()[:, _QUERIES].tolist()
        return found

    @property
    def last_minute(self) -> Mapping[str, int]:
        """Queries, and responses by mnemonic, over the seconds kept."""
        return _named(self._counts.sum(axis=0))

    @property
    def now(self) -> Mapping[str, float]:
        """The same a second, over the last seconds that are complete."""
        rows = self._rows()[-_NOW - 2 : -2]  # the latest two may still get rows
        return {name: count / _NOW for name, count in _named(rows.sum(axis=0)).items()}


def _named(counts: Array) -> dict[str, int]:
    found = {rcodes.text(code): int(counts[code]) for code in np.flatnonzero(counts[:_QUERIES]).tolist()}
    return {"queries": int(counts[_QUERIES]), **dict(sorted(found.items(), key=lambda pair: -pair[1]))}
