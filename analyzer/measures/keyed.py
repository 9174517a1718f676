"""Counting by key, vectorised: 64-bit keys packed from columns, 64-bit sums, merged exactly, bounded with overflow counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np

from analyzer.messages import Array

__all__ = ["OVERFLOW", "Interner", "Keyed", "Numbered", "grouped", "number_rows", "order_of", "packed"]

OVERFLOW: Final = np.uint64(2**64 - 1)
"""The key that holds the sums of all keys that found no room."""

_PENDING: Final = 1 << 17  # rows waiting to be folded in


def order_of(keys: Array) -> Array:
    """Rows in the order of their keys, equal keys in the order of rows.

    The row number is sorted along in the low bits, several times faster than a stable argsort. Where key and number have no
    room in 64 bits the key's low ones are left out; should two keys differ in those alone, that is seen, and the plain sort taken.
    """
    size = len(keys)
    bits = int(keys.max()).bit_length() if size else 0
    if size < 64 or (keys.dtype.kind == "i" and keys.min() < 0):
        return np.argsort(keys, kind="stable")
    width = size.bit_length()
    cut = max(0, bits + width - 64)
    rows = keys.astype(np.uint64)
    if cut:
        rows >>= np.uint64(cut)
    rows <<= np.uint64(width)
    rows |= np.arange(size, dtype=np.uint64)
    rows.sort()
    rows &= np.uint64((1 << width) - 1)
    order = rows.view(np.int64)
    if cut:
        ordered = keys[order]
        if (ordered[1:] < ordered[:-1]).any():
            return np.argsort(keys, kind="stable")
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
        if self._waiting > max(_PENDING, len(self._keys) // 4):
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
    """Dense numbers for 64-bit keys, in the order in which they first came.

    Held in sorted runs, each at most a quarter of the one before: a new key moves a few times, not with every batch.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Array, Array]] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def keys(self) -> Array:
        """The key of every number, shape (len(self),)."""
        out = np.empty(self._size, np.uint64)
        for keys, numbers in self._runs:
            out[numbers] = keys
        return out

    def find(self, keys: Array) -> Array:
        """The number of every key, -1 where it has none."""
        numbers = np.full(len(keys), -1, np.int64)
        left = np.arange(len(keys))
        for known, of in self._runs:
            asked = keys if len(left) == len(keys) else keys[left]
            at = np.searchsorted(known, asked)
            at[at == len(known)] = 0
            hit = known[at] == asked
            numbers[left[hit]] = of[at[hit]]
            left = left[~hit]
        return numbers

    def intern(self, keys: Array, first: Array | None = None, room: int | None = None) -> Array:
        """The number of every key; distinct keys, please (`grouped` makes them so).

        New ones are numbered in the order given, or of `first`; no more than `room`, the others get -1.
        """
        numbers = self.find(keys)
        fresh = np.flatnonzero(numbers < 0)
        if room is not None:
            fresh = fresh[: max(room - self._size, 0)]
        if len(fresh):
            given = np.arange(self._size, self._size + len(fresh))
            numbers[fresh if first is None else fresh[np.argsort(first[fresh], kind="stable")]] = given
            order = np.argsort(keys[fresh], kind="stable")
            self._insert(keys[fresh][order], numbers[fresh][order].astype(np.uint32))
        return numbers

    def _insert(self, keys: Array, numbers: Array) -> None:
        self._size += len(keys)
        self._runs.append((keys, numbers))
        while len(self._runs) > 1 and 4 * len(self._runs[-1][0]) > len(self._runs[-2][0]):
            (keys, numbers), (more, theirs) = self._runs[-2:]
            at = np.searchsorted(keys, more) + np.arange(len(more))
            old = np.ones(len(keys) + len(more), np.bool_)
            old[at] = False
            self._runs[-2:] = [(_woven(old, at, keys, more), _woven(old, at, numbers, theirs))]


def _woven(old: Array, at: Array, values: Array, more: Array) -> Array:
    """Values where `old` says, the others at `at`."""
    out = np.empty(len(old), values.dtype)
    out[old], out[at] = values, more
    return out


class Numbered(NamedTuple):
    """Rows by the number of their key: of every row (-1: no room), and the first rows of keys that are new, in order."""

    number: Array
    fresh: Array


def number_rows(known: Interner, keys: Array, cap: int) -> Numbered:
    """Give every row the number of its key; at most `cap` keys get one."""
    distinct, first, index = grouped(keys)
    before = len(known)
    numbers = known.intern(distinct, first, cap)
    new = np.flatnonzero(numbers >= before)
    fresh = np.empty(len(new), np.int64)
    fresh[numbers[new] - before] = first[new]
    return Numbered(numbers[index], fresh)
