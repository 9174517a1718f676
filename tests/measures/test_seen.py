"""Rows by key: all of them, and of many keys those with most rows."""

from __future__ import annotations

import numpy as np

from analyzer.measures import seen


def test_every_key_with_its_rows_in_order() -> None:
    found = {key: rows.tolist() for key, rows in seen.largest(np.array([7, 3, 7, 9, 3, 7], np.uint64))}
    assert found == {3: [1, 4], 7: [0, 2, 5], 9: [3]}
    assert list(seen.largest(np.zeros(0, np.uint64))) == []


def test_past_a_thousand_keys_those_with_most_rows_remain() -> None:
    keys = np.concatenate([np.arange(1500), np.arange(700, 800), [1499]]).astype(np.uint64)
    kept = [key for key, _ in seen.largest(keys)]
    assert len(kept) == 1000
    assert kept == sorted(kept)
    assert set(range(700, 800)) | {1499} <= set(kept)
    assert set(kept) == set(range(700, 800)) | {1499} | set(range(700)) | set(range(800, 999))


def test_a_leg_has_the_client_above_the_server() -> None:
    assert seen.leg(np.array([1], np.uint32), np.array([2], np.uint32)).tolist() == [(1 << 32) + 2]
