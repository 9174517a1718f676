"""Keys of 64 bits for grouping rows, and the quick stable sort by them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import Array

__all__ = ["U64", "arrange", "mix", "pack", "segments"]

U64 = NDArray[np.uint64]

# The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def mix(*columns: Array) -> U64:
    """One hash per row over all columns (integers of any width), order of the columns counts."""
    out = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        out ^= column.astype(np.uint64)
        out += _STEP
        out ^= out >> np.uint64(30)
        out *= _FIRST
        out ^= out >> np.uint64(27)
        out *= _SECOND
        out ^= out >> np.uint64(31)
    return out


def pack(high: Array, low: Array, bits: int = 32) -> U64:
    """`high` above `low`, where `low` has at most `bits` bits: equal exactly where both are equal."""
    return (high.astype(np.uint64) << np.uint64(bits)) | low.astype(np.uint64)


def arrange(keys: U64) -> NDArray[np.int64]:
    """The permutation that sorts by key, equal keys in the order given.

    The row number is sorted along in the key's low bits: several times faster than a stable argsort. Two keys that
    differ in those bits only would be torn apart; that is seen, and the plain sort taken.
    """
    size = len(keys)
    low = np.uint64((1 << max(size - 1, 1).bit_length()) - 1)
    packed = (keys & ~low) | np.arange(size, dtype=np.uint64)
    packed.sort()
    order = (packed & low).astype(np.int64)
    ordered = keys[order]
    torn = (ordered[1:] != ordered[:-1]) & ((ordered[1:] ^ ordered[:-1]) <= low)
    return np.argsort(keys, kind="stable") if torn.any() else order


def segments(*columns: Array) -> NDArray[np.int64]:
    """Where a row differs from the one before in any column: the starts of the segments of sorted rows."""
    size = len(columns[0])
    head = np.ones(size, np.bool_)
    if size:
        head[1:] = columns[0][1:] != columns[0][:-1]
        for column in columns[1:]:
            head[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(head)
