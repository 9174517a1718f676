"""Ids as words and rows as columns: what is distinct, absent, ordered, and what cannot be a number."""

from __future__ import annotations

import enum

import numpy as np
import pytest

from analyzer.report.tables_columns import Spec, Words, col, words_of


class Colour(enum.Enum):
    RED = 1


def spelled(words: Words) -> list[str | None]:
    return [None if code < 0 else words.words[code] for code in words.codes.tolist()]


def test_each_id_is_spelled_once() -> None:
    asked = []
    words = words_of(np.array([7, 2, 7, 7], np.uint32), lambda ident: asked.append(ident) or f"n{ident}")
    assert spelled(words) == ["n7", "n2", "n7", "n7"]
    assert sorted(asked) == [2, 7]


def test_large_ids_cost_no_table_of_their_size() -> None:
    words = words_of(np.array([2**63, 5, 2**63], np.uint64), str)
    assert spelled(words) == [str(2**63), "5", str(2**63)]


def test_two_ids_of_one_word_are_one_category() -> None:
    words = words_of(np.array([1, 2, 3]), lambda ident: "same" if ident < 3 else "other")
    assert (spelled(words), list(words.words)) == (["same", "same", "other"], ["same", "other"])


def test_no_word_is_absent() -> None:
    assert spelled(words_of(np.array([0, 1, 0]), lambda ident: "x" if ident else None)) == [None, "x", None]


@pytest.mark.parametrize(("count", "dtype"), [(126, "int8"), (127, "int16"), (32_767, "int32")])
def test_codes_are_as_narrow_as_those_of_pandas(count: int, dtype: str) -> None:
    import pandas as pd

    words = words_of(np.arange(count), str)
    assert words.codes.dtype == dtype
    assert np.shares_memory(pd.Categorical.from_codes(words.codes, list(words.words)).codes, words.codes)


def test_no_rows_are_no_words() -> None:
    assert words_of(np.zeros(0, np.uint32), str).words == []


def test_plain_values_become_columns() -> None:
    number = col(Spec("n", "int64", "count", "", where="known"), [3, None])
    assert isinstance(number.values, np.ndarray)
    assert number.absent is not None
    assert (number.values.tolist(), number.absent.tolist()) == ([3, 0], [False, True])
    share = col(Spec("s", "float", "0 to 1", ""), [None, 0.5]).values
    assert isinstance(share, np.ndarray)
    assert np.isnan(share[0])
    assert share[1] == 0.5


def test_a_hole_in_a_column_that_has_none_is_an_error() -> None:
    with pytest.raises(TypeError):
        col(Spec("n", "int64", "count", ""), [3, None])


def test_ranked_words_keep_their_ranks() -> None:
    words = col(Spec("severity", "word", "", "", order=("low", "high")), ["high", "high"]).values
    assert isinstance(words, Words)
    assert (spelled(words), list(words.words)) == (["high", "high"], ["low", "high"])


def test_text_is_what_any_reader_takes() -> None:
    assert col(Spec("t", "text", "", ""), [Colour.RED, None, "a\udcffb"]).values == ["red", None, "a\\udcffb"]
