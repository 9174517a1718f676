"""Columns that grow."""

from __future__ import annotations

import numpy as np

from analyzer.measures.growing import Growing


def test_rows_stay_what_they_are_while_columns_grow() -> None:
    columns = Growing({"a": "u4", "b": "i8"})
    for n in range(40):
        columns.add(100, {"a": np.full(100, n)})
        columns["b"][-1] = n
    assert len(columns) == 4000
    assert columns["a"].tolist() == [n for n in range(40) for _ in range(100)]
    assert columns["b"][99::100].tolist() == list(range(40))
    assert columns["b"][98] == 0
    assert columns["a"].dtype == np.uint32


def test_a_view_writes_the_column() -> None:
    columns = Growing({"a": "u4"})
    columns.add(3, {})
    columns["a"][1] = 7
    assert columns["a"].tolist() == [0, 7, 0]
