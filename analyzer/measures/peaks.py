"""The exact count in the busiest 60 s, for many groups at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.measures.keyed import order_of
from analyzer.messages import Array
from analyzer.options import NS

__all__ = ["WINDOW_NS", "by_group", "peaks"]

WINDOW_NS: Final = 60 * NS
"""Half open: of two events exactly 60 s apart, a window holds one."""


def by_group(group: Array, groups: int) -> tuple[Array, Array]:
    """Row numbers ordered by group (rows of a group keep their order), and where each group begins, shape (groups + 1,)."""
    order = order_of(group)
    starts = np.zeros(groups + 1, np.int64)
    np.cumsum(np.bincount(group, minlength=groups), out=starts[1:])
    return order, starts


def peaks(time_ns: Array, count: Array, starts: Array, window_ns: int = WINDOW_NS) -> Array:
    """Largest sum of `count` in any window of each group; rows are ordered by group, then time; `starts` as `by_group` gives it.

    Two pointers over all groups at once: times become one rising axis on which a gap of a window or more, and the step to
    the next group, are one window long. So a row's window begins where the axis is one window back.
    """
    groups = len(starts) - 1
    out = np.zeros(groups, np.int64)
    if not len(time_ns):
        return out
    gaps = np.empty(len(time_ns), np.int64)
    gaps[0] = 0
    np.subtract(time_ns[1:], time_ns[:-1], out=gaps[1:])
    first = starts[:-1][starts[1:] > starts[:-1]]
    np.clip(gaps, 0, window_ns, out=gaps)
    gaps[first] = window_ns
    axis = np.cumsum(gaps)
    low = np.searchsorted(axis, axis - window_ns, side="right")
    sums = np.zeros(len(time_ns) + 1, np.int64)
    np.cumsum(count, out=sums[1:])
    inside = sums[1:] - sums[low]
    filled = starts[1:] > starts[:-1]
    out[filled] = np.maximum.reduceat(inside, first)
    return out
