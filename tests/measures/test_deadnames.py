"""Periods and workers from the times of lookups alone."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.measures.deadnames import period
from analyzer.options import Thresholds

SECOND = 1_000_000_000


def of(*times: float) -> tuple[float, int]:
    found, workers = period((np.array(sorted(times)) * SECOND).astype(np.int64), Thresholds())
    return round(found / SECOND, 2), workers


def test_one_worker() -> None:
    assert of(*(n + 0.004 * (n % 3) for n in range(20))) == (1.0, 1)


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_workers_at_odd_distances_are_counted(workers: int) -> None:
    """Plain gaps differ widely; the gap over all workers is the period."""
    shifts = [0.1 * worker for worker in range(workers)]
    assert of(*(3.0 * n + shift for n in range(20) for shift in shifts)) == (3.0, workers)


def test_chance_has_no_period() -> None:
    rng = np.random.default_rng(1)
    assert of(*np.cumsum(rng.exponential(1.0, 12) ** 3)) == (0, 0)


def test_few_gaps_say_nothing() -> None:
    assert of(0, 1, 2, 3, 4) == (0, 0)
    assert of(0, 1, 2, 3, 4, 5) == (1.0, 1)


def test_all_at_once_is_no_period() -> None:
    assert of(*[5.0] * 30) == (0, 0)
