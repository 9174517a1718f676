"""Buckets are narrow, in order, and give back quantiles to within their width."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.measures.histogram import BUCKETS, bucket, quantiles, upper_ns

DURATIONS = st.lists(st.integers(0, 2**62), min_size=1, max_size=50)


@given(DURATIONS)
def test_a_bucket_holds_its_durations_and_is_at_most_a_hundredth_wide(durations: list[int]) -> None:
    values = np.array(durations, np.int64)
    top = upper_ns(bucket(values))
    assert (bucket(values) < BUCKETS).all()
    assert (top >= values).all()
    assert ((top - values) <= values // 100).all()


@given(DURATIONS)
def test_buckets_rise_with_durations(durations: list[int]) -> None:
    assert (np.diff(bucket(np.sort(np.array(durations, np.int64)))) >= 0).all()


@given(DURATIONS)
def test_quantiles_are_those_of_the_sorted_list(durations: list[int]) -> None:
    buckets, counts = np.unique(bucket(np.array(durations, np.int64)), return_counts=True)
    found, ordered = quantiles(buckets, counts), sorted(durations)
    for got, percent in ((found.p50_ns, 50), (found.p95_ns, 95), (found.p99_ns, 99), (found.max_ns, 100)):
        want = ordered[-(-len(ordered) * percent // 100) - 1]
        assert got is not None
        assert want <= got <= want * 1.01 + 1


def test_nothing_has_no_quantiles() -> None:
    assert quantiles(np.zeros(0, np.int64), np.zeros(0, np.int64)).p50_ns is None
