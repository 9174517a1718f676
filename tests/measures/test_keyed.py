"""Sums by key against a dictionary; dense numbers; order by counting against plain sorting."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.measures.keyed import Interner, Keyed, grouped, order_of, packed

KEYS = st.lists(st.integers(0, 40), max_size=60)


@given(st.lists(KEYS, max_size=5), KEYS)
def test_sums_are_those_of_a_dictionary(batches: list[list[int]], other: list[int]) -> None:
    counts, merged = Keyed(100), Keyed(100)
    for keys in batches:
        counts.add(np.array(keys, np.uint64))
    merged.add(np.array(other, np.uint64))
    counts.merge(merged)
    want = Counter(key for keys in [*batches, other] for key in keys)
    assert dict(zip(counts.keys.tolist(), counts.sums[:, 0].tolist(), strict=True)) == want
    assert counts.overflow == 0


def test_several_sums_a_key() -> None:
    counts = Keyed(10, 2)
    counts.add(np.array([5, 3, 5], np.uint64), np.array([1, 2, 3]), np.array([10, 20, 30]))
    assert counts.keys.tolist() == [3, 5]
    assert counts.sums.tolist() == [[2, 20], [4, 40]]


def test_past_the_cap_the_largest_stay_and_the_rest_is_counted() -> None:
    counts = Keyed(2)
    counts.add(np.array([1] * 5 + [2] * 3 + [3] * 4 + [4], np.uint64))
    assert counts.keys.tolist() == [1, 3]
    assert counts.overflow == 4
    counts.add(np.array([9] * 10, np.uint64))
    assert counts.keys.tolist() == [1, 9]
    assert counts.sums.sum() + counts.overflow == 23


@given(st.lists(KEYS, max_size=5))
def test_numbers_are_dense_and_stay(batches: list[list[int]]) -> None:
    numbers = Interner()
    seen: dict[int, int] = {}
    for keys in batches:
        distinct, _, index = grouped(np.array(keys, np.uint64))
        for key, number in zip(keys, numbers.intern(distinct)[index].tolist(), strict=True):
            assert seen.setdefault(key, number) == number
    assert sorted(seen.values()) == list(range(len(numbers)))
    assert [seen[key] for key in numbers.keys.tolist()] == list(range(len(numbers)))


@given(st.lists(st.integers(-5, 2**50), max_size=30), st.integers(1, 3))
def test_order_is_that_of_a_stable_sort(keys: list[int], repeat: int) -> None:
    rows = np.array(keys * repeat * 100, np.int64)
    assert order_of(rows).tolist() == np.argsort(rows, kind="stable").tolist()


def test_order_by_three_digits() -> None:
    rows = np.random.default_rng(1).integers(0, 2**40, 5000)
    assert order_of(rows).tolist() == np.argsort(rows, kind="stable").tolist()


def test_grouped_rows() -> None:
    keys, first, index = grouped(np.array([7, 3, 7, 9, 3]))
    assert keys.tolist() == [3, 7, 9]
    assert first.tolist() == [1, 0, 3]
    assert index.tolist() == [1, 0, 1, 2, 0]


def test_keys_wider_than_64_bits_still_tell_rows_apart() -> None:
    wide = np.array([2**40, 2**40, 2**40 + 1, 2**40])
    key = packed(wide, np.array([2**40, 2**40 + 1, 2**40, 2**40]), wide)
    assert len(np.unique(key)) == 3
    assert key[0] == key[3]
