"""Rates are not extrapolated; series lie on the epoch."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.measures.rates import active_per_min, per_min, series, share
from analyzer.options import NS, Limits


@pytest.mark.parametrize(("covered", "rate"), [(60 * NS - 1, None), (60 * NS, 30.0), (120 * NS, 15.0)])
def test_per_minute_needs_a_minute(covered: int, rate: float | None) -> None:
    assert per_min(30, covered) == rate


@pytest.mark.parametrize(("count", "span", "rate"), [(2, 60, None), (3, 9, None), (3, 10, 18.0), (30, 60, 30.0)])
def test_active_rate_needs_ten_seconds_and_three_events(count: int, span: int, rate: float | None) -> None:
    assert active_per_min(count, 5 * NS, (5 + span) * NS) == rate


def test_a_share_of_nothing_is_unknown() -> None:
    assert share(0, 0) is None
    assert share(1, 4) == 0.25


def test_series_bins_lie_on_the_epoch() -> None:
    found = series(np.array([19, 20, 21, 45]) * NS, np.array([1, 1, 2, 1]), Limits())
    assert (found.start_ns, found.width_ns, found.counts) == (10 * NS, 10 * NS, (1, 3, 0, 1))


@pytest.mark.parametrize(("last", "width"), [(630, 10), (640, 20), (1279, 20), (1280, 40)])
def test_series_double_past_64_bins(last: int, width: int) -> None:
    found = series(np.array([0, last]) * NS, np.ones(2, np.int64), Limits())
    assert found.width_ns == width * NS
    assert sum(found.counts) == 2
    assert len(found.counts) <= 64
