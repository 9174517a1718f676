from __future__ import annotations

import numpy as np

from analyzer.transactions.keys import arrange, mix, pack, segments


def test_arrange_keeps_equal_keys_in_order() -> None:
    keys = np.array([7, 3, 7, 3, 7], np.uint64) << np.uint64(60)
    assert arrange(keys).tolist() == [1, 3, 0, 2, 4]


def test_arrange_does_not_tear_keys_that_differ_in_the_lowest_bits() -> None:
    keys = np.array([5, 4, 5, 4, 6], np.uint64)
    assert arrange(keys).tolist() == [1, 3, 0, 2, 4]


def test_arrange_takes_no_rows_and_one() -> None:
    assert arrange(np.zeros(0, np.uint64)).tolist() == []
    assert arrange(np.array([9], np.uint64)).tolist() == [0]


def test_mix_tells_columns_apart_by_their_place() -> None:
    one, two = np.array([1, 2], np.uint64), np.array([2, 1], np.uint64)
    hashes = mix(one, two)
    assert hashes[0] != hashes[1]
    assert (mix(one, two) == hashes).all()


def test_pack_puts_one_above_the_other() -> None:
    assert pack(np.array([1], np.uint32), np.array([2], np.uint32)).tolist() == [(1 << 32) + 2]


def test_segments_begin_where_any_column_changes() -> None:
    assert segments(np.array([1, 1, 2, 2]), np.array([5, 5, 5, 6])).tolist() == [0, 2, 3]
    assert segments(np.zeros(0)).tolist() == []
