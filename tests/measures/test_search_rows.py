"""What the rows work out by themselves."""

from __future__ import annotations

import pytest

from analyzer.measures.search_rows import BillRow, Ndots


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (5, 5, "ndots = 5"),
        (5, 7, "4 < ndots <= 7"),
        (5, None, "ndots > 4"),
        (None, 3, "ndots <= 3"),
        (None, None, "unknown"),
    ],
)
def test_ndots_in_words(low: int | None, high: int | None, text: str) -> None:
    assert Ndots(low, high).text == text


def test_a_bill_rows_shares() -> None:
    row = BillRow("a", 5, 60, 10)
    assert (row.wasted, row.wasted_share, row.amplification) == (50, 50 / 60, 6.0)
    assert BillRow("none", 0, 0, 0).amplification is None
