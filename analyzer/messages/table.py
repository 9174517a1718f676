"""A table of equal-length NumPy columns, declared once and checked on creation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Column", "Table"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `dtype` as NumPy spells it, `unit` in words, and the names other tools give it."""

    name: str
    dtype: str
    unit: str
    doc: str
    zeek: str = ""
    tshark: str = ""


class _Picked(dict[str, Array]):
    """Columns of some rows, each copied when it is first read."""

    __slots__ = ("_of", "_rows")

    def __init__(self, of: Mapping[str, Array], rows: Array) -> None:
        self._of, self._rows = of, rows

    def __missing__(self, name: str) -> Array:
        self[name] = column = self._of[name][self._rows]
        return column


class Table:
    """Columns by attribute (`table.time_ns`), rows by index. Immutable by convention; `take` and `replace` copy.

    Subclasses set COLUMNS. Missing columns are filled with zeros, unknown ones are an error.
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    __slots__ = ("_columns", "_length")

    _columns: dict[str, Array]
    _length: int

    def __init__(self, columns: Mapping[str, Array] | None = None) -> None:
        given = dict(columns or {})
        length = len(next(iter(given.values()))) if given else 0
        out: dict[str, Array] = {}
        for column in self.COLUMNS:
            values = given.pop(column.name, None)
            out[column.name] = (
                np.zeros(length, column.dtype) if values is None else np.asarray(values, dtype=column.dtype)
            )
            if len(out[column.name]) != length:
                raise ValueError(f"column {column.name} has {len(out[column.name])} rows, not {length}")
        if given:
            raise ValueError(f"unknown columns: {', '.join(sorted(given))}")
        self._columns, self._length = out, length

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._columns[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no column {name!r}") from None

    def __len__(self) -> int:
        return self._length

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.columns(),)

    def columns(self) -> Mapping[str, Array]:
        """All columns by name, in the order of COLUMNS."""
        if isinstance(self._columns, _Picked):
            self._columns = {column.name: self._columns[column.name] for column in self.COLUMNS}
        return self._columns

    def take(self, rows: Array | slice) -> Self:
        """The given rows (indices, a boolean mask or a slice), in the given order."""
        return type(self)({name: values[rows] for name, values in self.columns().items()})

    def pick(self, rows: Array) -> Self:
        """As `take`, but a column is copied only when it is read. Keeps the whole table alive: not for what is kept."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if len(rows) == self._length and (not len(rows) or bool((rows == np.arange(len(rows))).all())):
            return self
        out = object.__new__(type(self))
        out._columns, out._length = _Picked(self._columns, rows), len(rows)
        return out

    def replace(self, **columns: Array) -> Self:
        """The same rows with some columns exchanged."""
        return type(self)({**self.columns(), **columns})

    @classmethod
    def concat(cls, tables: Iterable[Self]) -> Self:
        """The rows of all tables, one after another."""
        parts: Sequence[Self] = list(tables)
        if not parts:
            return cls()
        if len(parts) == 1:
            return parts[0]
        return cls({c.name: np.concatenate([p.columns()[c.name] for p in parts]) for c in cls.COLUMNS})
