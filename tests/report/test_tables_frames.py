"""The doors to pandas and Arrow: nothing is copied that need not be, no row makes an empty table as typed as any, and no pyarrow."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import MissingExtra
from analyzer.report.tables import SPECS
from analyzer.report.tables_columns import Col, Spec, Words, arrow_type, pandas_type
from analyzer.report.tables_frames import arrow, frame, write_parquet
from analyzer.report.tables_rows import SPECS as OF_ROWS
from analyzer.report.tables_rows import made


def test_arrays_are_shared() -> None:
    numbers, codes = np.arange(5), np.zeros(5, np.int8)
    out = frame([Col(Spec("n", "int64", "1", ""), numbers), Col(Spec("w", "word", "", ""), Words(codes, ["a"]))])
    assert np.shares_memory(out["n"].to_numpy(), numbers)
    assert np.shares_memory(out["w"].array.codes, codes)


def test_a_copy_can_be_changed_and_the_table_cannot() -> None:
    out = frame([Col(Spec("n", "int64", "1", ""), np.arange(5))])
    own = out.copy()
    own.loc[0, "n"] = 9
    own["twice"] = own["n"] * 2
    assert own["twice"].tolist() == [18, 2, 4, 6, 8]
    with pytest.raises(ValueError, match="read-only"):
        out.loc[0, "n"] = 9
    assert out["n"].tolist() == [0, 1, 2, 3, 4]


def test_times_before_1970_and_to_the_nanosecond() -> None:
    times = np.array([-1, 1_700_000_000_123_456_789])
    out = frame([Col(Spec("t", "time", "UTC", ""), times)])
    assert [str(t) for t in out["t"]] == [
        "1969-12-31 23:59:59.999999999+00:00",
        "2023-11-14 22:13:20.123456789+00:00",
    ]


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_table_without_rows_has_its_types(name: str) -> None:
    cols = made(SPECS[name], [])
    assert [str(dtype) for dtype in frame(cols).dtypes] == [pandas_type(spec) for spec in SPECS[name]]
    assert [str(field.type) for field in arrow(cols).schema] == [arrow_type(spec) for spec in SPECS[name]]


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dnsloupe\[parquet\]'"):
        arrow([])


def test_parquet_keeps_types_and_units(tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    cols = [
        Col(Spec("t", "time", "UTC", "when"), np.array([1, 2]), np.array([False, True])),
        Col(Spec("w", "word", "", "which", order=("a", "b")), Words(np.array([1, -1], np.int8), ["a", "b"])),
    ]
    write_parquet(cols, str(tmp_path / "x.parquet"))
    back = parquet.read_table(tmp_path / "x.parquet")
    assert back.equals(arrow(cols))
    assert back.schema.field("t").metadata[b"doc"] == b"when"
