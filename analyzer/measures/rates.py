"""Counts over time (docs/semantics.md): nothing is extrapolated from a short capture."""

from __future__ import annotations

import numpy as np

from analyzer.measures.rows import Series
from analyzer.messages import Array
from analyzer.options import NS, Limits

__all__ = ["active_per_min", "per_min", "series", "share"]


def per_min(count: int, covered_ns: int) -> float | None:
    """Mean a minute over the covered time; None where that is less than 60 s."""
    return 60 * NS * count / covered_ns if covered_ns >= 60 * NS else None


def active_per_min(count: int, first_ns: int, last_ns: int) -> float | None:
    """Mean a minute between first and last event; None where they are less than 10 s apart or fewer than three."""
    return 60 * NS * count / (last_ns - first_ns) if count >= 3 and last_ns - first_ns >= 10 * NS else None


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, None of nothing."""
    return part / whole if whole else None


def series(time_ns: Array, count: Array, limits: Limits) -> Series:
    """Counts of rising times in bins on the epoch: `limits.bin_ns` wide, doubled until `limits.series_bins` are enough."""
    width = limits.bin_ns
    if not len(time_ns):
        return Series(width_ns=width)
    first, last = int(time_ns[0]), int(time_ns[-1])
    while last // width - first // width >= limits.series_bins:
        width *= 2
    bins = np.bincount(time_ns // width - first // width, weights=count).astype(np.int64)
    return Series(first // width * width, width, tuple(bins.tolist()))
