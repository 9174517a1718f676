"""Every table as a file of its own: Parquet, or CSV where pyarrow is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from analyzer.errors import UsageError
from analyzer.measures import Context
from analyzer.report import tables
from analyzer.report.escape import csv_cell
from analyzer.report.model import Report
from analyzer.report.tables_columns import Col, Words
from analyzer.report.tables_kept import Kept

__all__ = ["export", "has_pyarrow"]

_PIECE: Final = 65_536  # rows that are spelled at once


def has_pyarrow() -> bool:
    """Whether Parquet can be written; asking does not load it."""
    try:
        return importlib.util.find_spec("pyarrow") is not None
    except ValueError:  # it was put out of reach
        return False


def export(folder: str, kept: Kept, report: Report, results: Mapping[str, Any], context: Context) -> list[str]:
    """Write all tables of `tables.SPECS` into `folder`, which is made; returns the names of the files.

    Raises UsageError where a file cannot be written.
    """
    parquet = has_pyarrow()
    names = []
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for table in tables.SPECS:
            cols = tables.columns(table, kept, report, results, context)
            path = Path(folder) / f"{table}.{'parquet' if parquet else 'csv'}"
            if parquet:
                from analyzer.report.tables_frames import write_parquet

                write_parquet(cols, str(path))
            else:
                with path.open("w", encoding="utf-8", newline="\n") as out:
                    _write_csv(cols, out)
            names.append(path.name)
    except OSError as error:
        raise UsageError(f"--export {folder}: {(error.strerror or str(error)).lower()}") from error
    return names


def _write_csv(cols: Sequence[Col], out: IO[str]) -> None:
    """A head line and a line for each row; no value is an empty cell, times are RFC 3339 UTC with nine decimals."""
    out.write(",".join(col.name for col in cols) + "\n")
    spellers = [_speller(col) for col in cols]
    for start in range(0, _length(cols[0]), _PIECE):
        piece = slice(start, start + _PIECE)
        for cells in zip(*(spell(piece) for spell in spellers), strict=True):
            out.write(",".join(cells) + "\n")


def _length(col: Col) -> int:
    return len(col.values.codes if isinstance(col.values, Words) else col.values)


def _speller(col: Col) -> Callable[[slice], Iterator[str]]:
    """A function that spells some rows; each word of a category is made ready once."""
    values, absent, kind = col.values, col.absent, col.spec.type
    if isinstance(values, Words):
        codes, words = values.codes, [*map(csv_cell, values.words), ""]
        return lambda piece: map(words.__getitem__, codes[piece].tolist())
    if isinstance(values, list):
        texts = values
        return lambda piece: (csv_cell(text or "") for text in texts[piece])

    def spelled(piece: slice) -> Iterator[str]:
        part = values[piece]
        if kind == "time":
            cells = [f"{text}Z" for text in np.datetime_as_string(part.view("M8[ns]"), unit="ns").tolist()]
        elif kind == "bool":
            cells = np.where(part, "true", "false").tolist()
        else:
            cells = [str(value) if value == value else "" for value in part.tolist()]  # NaN is unlike itself
        return iter(cells) if absent is None else _blanked(cells, absent[piece].tolist())

    return spelled


def _blanked(cells: Sequence[str], absent: Sequence[bool]) -> Iterator[str]:
    return ("" if no else cell for cell, no in zip(cells, absent, strict=True))
