"""Counting by key, vectorised: 64-bit keys packed from columns, 64-bit sums, merged exactly, bounded with overflow counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import numpy as np

from analyzer.messages import Array

__all__ = ["OVERFLOW", "Interner", "Keyed", "grouped", "order_of", "packed"]

OVERFLOW: Final = np.uint64(2**64 - 1)
"""The key that holds the sums of all keys that found no room."""

_PENDING: Final = 1 << 18  # rows waiting to be folded in


def order_of(keys: Array) -> Array:
    """Rows in the order of their keys, equal keys in the order of rows."""
    bits = int(keys.max()).bit_length() if len(keys) else 0
    if bits > 48 or len(keys) < 1024 or (keys.dtype.kind == "i" and keys.min() < 0):
        return np.argsort(keys, kind="stable")
    # Digits of 16 bits are sorted by counting, which is several times faster than comparing.
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    for shift in range(16, bits, 16):
        digit = (keys >> keys.dtype.type(shift)).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def packed(*columns: Array) -> Array:
    """One 64-bit key from columns that are not negative, in as few bits as their largest values need.

    Good for grouping within one batch; the same row may have another key in the next.
    """
    key, used = np.zeros(len(columns[0]), np.uint64), 0
    for column in columns:
        width = int(column.max()).bit_length() if len(column) else 0
        if used + width > 64:
            key = grouped(key)[2].astype(np.uint64)
            used = len(key).bit_length()
        key = (key << np.uint64(width)) | column.astype(np.uint64)
        used += width
    return key


def grouped(keys: Array) -> tuple[Array, Array, Array]:
    """Distinct keys in order, for each its first row, and for each row the index of its key."""
    if not len(keys):
        return keys, np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = order_of(keys)
    ordered = keys[order]
    fresh = np.empty(len(keys), np.bool_)
    fresh[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    index = np.empty(len(keys), np.int64)
    index[order] = np.cumsum(fresh) - 1
    return ordered[fresh], order[fresh], index


class Keyed:
    """Sums by key. At most `cap` keys are kept, those with the largest first sum; `overflow` says what the others held.

    Exact, whatever the batches, as long as there are no more than `cap` keys.
    """

    def __init__(self, cap: int, width: int = 1) -> None:
        self._cap, self._width = cap, width
        self._keys = np.zeros(0, np.uint64)
        self._sums = np.zeros((0, width), np.int64)
        self._pending: list[tuple[Array, Array]] = []
        self._waiting = 0

    def add(self, keys: Array, *sums: Array) -> None:
        """Count each key once, or add the given columns (one per sum)."""
        if len(keys):
            columns = [np.asarray(s, np.int64) for s in sums] or [np.ones(len(keys), np.int64)]
            self._take(*_summed(np.asarray(keys, np.uint64), np.stack(columns, axis=1)))

    def add_distinct(self, keys: Array, *sums: Array) -> None:
        """The same for keys of which each stands there once."""
        if len(keys):
            self._take(np.asarray(keys, np.uint64), np.stack([np.asarray(s, np.int64) for s in sums], axis=1))

    def count(self, bits: Sequence[int], columns: Sequence[Array], *sums: Array) -> None:
        """Count rows, or add sums, under the keys that columns make, each taking so many bits of the 64.

        Quicker than `add`: rows are grouped by as few bits as the batch needs. Values too large for their bits are cut.
        """
        if not len(columns[0]):
            return
        _, first, index = grouped(packed(*columns))
        key = np.zeros(len(first), np.uint64)
        for width, column in zip(bits, columns, strict=True):
            key = (key << np.uint64(width)) | (column[first].astype(np.uint64) & np.uint64((1 << width) - 1))
        totals = [np.bincount(index, s, minlength=len(first)) for s in sums] or [np.bincount(index)]
        self.add(key, *totals)

    def _take(self, keys: Array, sums: Array) -> None:
        self._pending.append((keys, sums))
        self._waiting += len(keys)
        if self._waiting > max(_PENDING, len(self._keys)):
            self._fold()

    def _fold(self) -> None:
        if self._pending:
            keys = np.concatenate([self._keys, *(k for k, _ in self._pending)])
            sums = np.concatenate([self._sums, *(s for _, s in self._pending)])
            self._pending, self._waiting = [], 0
            self._keys, self._sums = _summed(keys, sums)
        if len(self._keys) > self._cap + 1:
            self._prune()

    def _prune(self) -> None:
        rank = np.lexsort((self._keys, -self._sums[:, 0]))
        keep = np.zeros(len(rank), np.bool_)
        keep[rank[: self._cap]] = True
        keep &= self._keys != OVERFLOW
        keys = np.where(keep, self._keys, OVERFLOW)
        self._keys, self._sums = _summed(keys, self._sums)

    def merge(self, other: Self) -> None:
        """Add what `other` counted."""
        other._fold()
        if len(other._keys):
            self._take(other._keys, other._sums)

    @property
    def keys(self) -> Array:
        """Distinct keys, sorted, shape (n,)."""
        self._fold()
        return self._keys[: len(self._keys) - self._overflowed]

    @property
    def sums(self) -> Array:
        """Sums of every key, shape (n, width)."""
        self._fold()
        return self._sums[: len(self._keys) - self._overflowed]

    @property
    def _overflowed(self) -> int:
        return int(len(self._keys) > 0 and self._keys[-1] == OVERFLOW)

    @property
    def overflow(self) -> int:
        """First sum of all keys that found no room."""
        self._fold()
        return int(self._sums[-1, 0]) if self._overflowed else 0


def _summed(keys: Array, sums: Array) -> tuple[Array, Array]:
    order = order_of(keys)
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return ordered[starts], np.add.reduceat(sums[order], starts, axis=0)


class Interner:
    """Dense numbers for 64-bit keys, in the order in which they first came."""

    def __init__(self) -> None:
        self._sorted = np.zeros(0, np.uint64)
        self._number = np.zeros(0, np.int64)
        self._keys = np.zeros(0, np.uint64)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> Array:
        """The key of every number, shape (len(self),)."""
        return self._keys

    def intern(self, keys: Array) -> Array:
        """The number of every key; distinct keys, please (`grouped` makes them so)."""
        at = np.searchsorted(self._sorted, keys)
        known = np.zeros(len(keys), np.bool_)
        inside = at < len(self._sorted)
        known[inside] = self._sorted[at[inside]] == keys[inside]
        numbers = np.empty(len(keys), np.int64)
        numbers[known] = self._number[at[known]]
        fresh = ~known
        count = int(fresh.sum())
        if count:
            numbers[fresh] = np.arange(len(self._keys), len(self._keys) + count)
            self._keys = np.concatenate([self._keys, keys[fresh]])
            # `keys` need not be sorted, but what is inserted must be.
            order = np.argsort(keys[fresh], kind="stable")
            self._sorted = np.insert(self._sorted, at[fresh][order], keys[fresh][order])
            self._number = np.insert(self._number, at[fresh][order], numbers[fresh][order])
        return numbers
