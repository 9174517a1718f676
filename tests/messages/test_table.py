"""Tables: columns of one length with the declared types, rows picked, joined, pickled, changed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from analyzer.messages import MessageBatch, TransactionTable, UniqueTable


@pytest.fixture
def batch() -> MessageBatch:
    return MessageBatch({"frame": np.array([1, 2, 3]), "time_ns": np.array([30, 10, 20])})


def test_columns_have_their_declared_types_and_missing_ones_are_zero(batch: MessageBatch) -> None:
    assert {name: values.dtype for name, values in batch.columns().items()} == {
        column.name: np.dtype(column.dtype) for column in MessageBatch.COLUMNS
    }
    assert batch.qtype.tolist() == [0, 0, 0]


def test_rows_by_index_mask_and_slice(batch: MessageBatch) -> None:
    assert batch.take(np.argsort(batch.time_ns)).frame.tolist() == [2, 3, 1]
    assert batch.take(batch.time_ns > 10).frame.tolist() == [1, 3]
    assert batch.take(slice(1, None)).frame.tolist() == [2, 3]


def test_joining_replacing_pickling(batch: MessageBatch) -> None:
    assert MessageBatch.concat([batch, batch.take(slice(0, 1))]).frame.tolist() == [1, 2, 3, 1]
    assert len(MessageBatch.concat([])) == 0
    assert batch.replace(frame=np.array([7, 8, 9])).frame.tolist() == [7, 8, 9]
    assert batch.frame.tolist() == [1, 2, 3]
    copy = pickle.loads(pickle.dumps(batch))
    assert all((copy.columns()[name] == values).all() for name, values in batch.columns().items())


def test_mistakes_are_said(batch: MessageBatch) -> None:
    with pytest.raises(ValueError, match="2 rows, not 3"):
        MessageBatch({"frame": np.arange(3), "time_ns": np.arange(2)})
    with pytest.raises(ValueError, match="unknown columns: nonsense"):
        MessageBatch({"nonsense": np.arange(3)})
    with pytest.raises(AttributeError, match="no column 'nonsense'"):
        _ = batch.nonsense


def test_no_table_names_a_column_twice() -> None:
    for table in (MessageBatch, UniqueTable, TransactionTable):
        names = [column.name for column in table.COLUMNS]
        assert len(set(names)) == len(names)
