"""Rows kept from a run: only what tables show, in the batches' order, given away once, and unpacked as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analyzer.messages import NO_ROW, Array, TransactionBatch, UniqueTable
from analyzer.report.tables_kept import Kept


def kept(*columns: dict[str, Array]) -> Kept:
    made = Kept(["messages"])
    for some in columns:
        made.keep(TransactionBatch(unique=UniqueTable(some)))
    return made


def octets(made: Kept) -> int:
    return sum(part.narrow.nbytes for part in made._parts["messages"]["time_ns"])


def test_batches_follow_one_another() -> None:
    rows = kept(*({"row": np.array([row])} for row in (0, 1, 2))).pop("messages")
    assert rows["row"].tolist() == [0, 1, 2]


def test_rows_are_given_away_once() -> None:
    made = Kept()
    made.pop("messages")
    with pytest.raises(KeyError):
        made.pop("messages")


def test_only_columns_that_are_shown_are_kept() -> None:
    rows = kept({"row": np.array([1])}).pop("messages")
    assert {"row", "qname", "time_ns", "present"} <= set(rows)
    assert not {"qname_hash", "payload_hash", "ip_hash"} & set(rows)
    assert len(rows) == len(list(rows))


def test_no_rows_have_all_columns() -> None:
    assert {"row", "qname", "time_ns"} <= set(kept().pop("messages"))


@given(
    st.lists(
        arrays.arrays(np.int64, st.integers(1, 9), elements=st.one_of(st.integers(-3, 300), st.integers(-(2**63), 2**63 - 1))),
        min_size=1,
        max_size=3,
    )
)  # fmt: skip
def test_signed_numbers_are_unpacked_as_they_were(parts: list[Array]) -> None:
    rows = kept(*({"time_ns": part} for part in parts)).pop("messages")
    assert rows["time_ns"].dtype == np.int64
    assert rows["time_ns"].tolist() == [value for part in parts for value in part.tolist()]


@given(
    arrays.arrays(
        np.uint64, st.integers(1, 9), elements=st.one_of(st.integers(0, 9), st.integers(2**64 - 9, 2**64 - 1))
    )
)
def test_so_are_unsigned_ones(values: Array) -> None:
    rows = kept({"row": values}).pop("messages")
    assert rows["row"].tolist() == values.tolist()


def test_a_number_that_means_none_is_kept() -> None:
    assert kept({"row": np.array([5, NO_ROW], np.uint64)}).pop("messages")["row"].tolist() == [5, NO_ROW]


def test_what_grows_steadily_needs_few_octets() -> None:
    steps = np.full(1000, 10**9)
    assert octets(kept({"time_ns": np.cumsum(steps)})) == 0
    steps[500] += 200
    assert octets(kept({"time_ns": np.cumsum(steps)})) == 999
    assert octets(kept({"time_ns": np.cumsum(steps)[::-1]})) == 999


def test_what_does_not_change_needs_none() -> None:
    assert octets(kept({"time_ns": np.full(1000, 1_800_000_000_000_000_000)})) == 0
