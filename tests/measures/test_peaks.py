"""Peaks against counting every window one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.measures.peaks import WINDOW_NS, by_group, peaks

EVENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400), st.integers(1, 3)), max_size=40)


def slow(events: list[tuple[int, int, int]], window: int) -> int:
    return max((sum(n for _, t, n in events if start <= t < start + window) for _, start, _ in events), default=0)


@given(EVENTS, st.integers(1, 100))
def test_peaks_are_those_of_every_window(events: list[tuple[int, int, int]], window: int) -> None:
    events = sorted(events, key=lambda e: e[1])
    group, time, count = (
        (np.array(column, np.int64) for column in zip(*events, strict=True)) if events else [np.zeros(0, np.int64)] * 3
    )
    order, starts = by_group(group, 4)
    found = peaks(time[order], count[order], starts, window)
    assert found.tolist() == [slow([e for e in events if e[0] == g], window) for g in range(4)]


@pytest.mark.parametrize(("gap", "peak"), [(WINDOW_NS - 1, 2), (WINDOW_NS, 1)])
def test_the_window_is_half_open(gap: int, peak: int) -> None:
    times = np.array([1_795_370_000_000_000_000, 1_795_370_000_000_000_000 + gap])
    assert peaks(times, np.ones(2, np.int64), np.array([0, 2])).tolist() == [peak]


def test_two_groups_do_not_share_a_window() -> None:
    times = np.array([10, 11, 10, 11])
    assert peaks(times, np.ones(4, np.int64), np.array([0, 2, 2, 4])).tolist() == [2, 0, 2]
