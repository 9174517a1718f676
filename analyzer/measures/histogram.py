"""One histogram for all durations: buckets at most 1 % wide, so that quantiles of merged counts are those of the whole."""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.measures.rows import Quantiles
from analyzer.messages import Array

__all__ = ["BUCKETS", "bucket", "quantiles", "upper_ns"]

_SUB: Final = 7  # 128 buckets for every doubling: at most 1/128 wide
BUCKETS: Final = (64 - _SUB) << _SUB


def bucket(durations_ns: Array) -> Array:
    """The bucket of every duration (ns, not negative): exact up to 255 ns, then the eight highest bits."""
    value = np.asarray(durations_ns, np.int64)
    shift = np.zeros(len(value), np.int64)
    big = value
    for step in (32, 16, 8, 4, 2, 1):  # floor(log2(value)) - 7, by halving
        high = big >= np.int64(1) << np.int64(_SUB + step)
        shift += np.where(high, step, 0)
        big = np.where(high, big >> step, big)
    return (shift << _SUB) + (value >> shift)


def upper_ns(buckets: Array) -> Array:
    """The largest duration (ns) of every bucket."""
    index = np.asarray(buckets, np.int64)
    shift = np.maximum((index >> _SUB) - 1, 0)
    return np.asarray(((index - (shift << _SUB) + 1) << shift) - 1)


def quantiles(buckets: Array, counts: Array) -> Quantiles:
    """Nearest-rank quantiles of a histogram given as rising buckets and their counts."""
    total = int(counts.sum()) if len(counts) else 0
    if not total:
        return Quantiles()
    sums = np.cumsum(counts)
    ranks = [-(-total * percent // 100) for percent in (50, 95, 99, 100)]
    found = upper_ns(buckets[np.searchsorted(sums, ranks)]).tolist()
    return Quantiles(total, *found)
