"""The crate's tables are those of the contract: same columns, same types, same order."""

from __future__ import annotations

import pytest

from analyzer.messages import COLUMNS, AnswerBatch, ConnectionBatch, MessageBatch, QuoteBatch

pytestmark = pytest.mark.native
TABLES = {table.__name__: table for table in (MessageBatch, AnswerBatch, ConnectionBatch, QuoteBatch)}


def test_the_crate_exports_the_contracts_columns() -> None:
    from analyzer.decode import _native

    exported = _native.columns()
    assert set(exported) == set(TABLES)
    for name, table in TABLES.items():
        assert [tuple(column) for column in exported[name]] == [(c.name, c.dtype) for c in table.COLUMNS]
    assert exported["MessageBatch"] == [(c.name, c.dtype) for c in COLUMNS]
