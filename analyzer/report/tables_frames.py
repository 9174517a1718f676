"""Columns as pandas DataFrames, Arrow tables and Parquet files: the door to pandas and pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.errors import MissingExtra
from analyzer.report.tables_columns import Col, Words, pandas_type

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["arrow", "frame", "write_parquet"]

NAT = np.iinfo(np.int64).min


def frame(cols: Sequence[Col], index: str = "") -> pd.DataFrame:
    """A DataFrame whose arrays are the columns' own and read-only; `attrs["columns"]` says unit and meaning of each."""
    import pandas as pd

    out = pd.DataFrame({col.name: _series(col) for col in cols}, copy=False)
    out.attrs["columns"] = {col.name: {"unit": col.spec.unit, "doc": col.spec.doc} for col in cols}
    return out.set_index(index) if index else out


def _series(col: Col) -> Any:
    import pandas as pd

    values, spec = col.values, col.spec
    if isinstance(values, Words):
        words = pd.Index(list(values.words), dtype="str")
        return pd.Series(pd.Categorical.from_codes(values.codes, words, ordered=bool(spec.order)), copy=False)
    if isinstance(values, list):
        return pd.Series(values, dtype="string")
    values.flags.writeable = False  # they are shared with Arrow: who wants to change them takes a copy
    if spec.type == "time":
        stamps = values if col.absent is None else np.where(col.absent, NAT, values)
        return pd.Series(stamps.view("M8[ns]"), copy=False).dt.tz_localize("UTC")
    if col.absent is not None:
        return pd.Series(pd.arrays.IntegerArray(values, col.absent), copy=False)
    return pd.Series(values, dtype=pandas_type(spec), copy=False)


def arrow(cols: Sequence[Col]) -> pa.Table:
    """An Arrow table, nulls where there is no value; unit and meaning stand in each field's metadata.

    Raises MissingExtra without pyarrow.
    """
    pa = _pyarrow()
    arrays = [_array(pa, col) for col in cols]
    fields = [
        pa.field(col.name, array.type, metadata={"unit": col.spec.unit, "doc": col.spec.doc})
        for col, array in zip(cols, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def write_parquet(cols: Sequence[Col], path: str) -> None:
    """The same as a Parquet file, compressed with zstd. Raises MissingExtra, and OSError where it cannot be written."""
    table = arrow(cols)
    import pyarrow.parquet as parquet

    parquet.write_table(table, path, compression="zstd")


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtra("Arrow tables need pyarrow: pip install 'dnsloupe[parquet]'") from None
    return pa


def _array(pa: Any, col: Col) -> Any:
    values, spec = col.values, col.spec
    if isinstance(values, Words):
        codes = pa.array(values.codes.astype(np.int32), mask=values.codes < 0)
        words = pa.array(list(values.words), pa.string())
        return pa.DictionaryArray.from_arrays(codes, words, ordered=bool(spec.order))
    if isinstance(values, list):
        return pa.array(values, pa.string())
    if spec.type == "time":
        return pa.array(values, pa.int64(), mask=col.absent).cast(pa.timestamp("ns", "UTC"))
    if spec.type == "float":  # NaN is no value, as in pandas
        return pa.array(values, mask=np.isnan(values))
    return pa.array(values, mask=col.absent)
