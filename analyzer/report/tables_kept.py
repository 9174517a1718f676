"""The rows of a run that tables are made of, kept small until they are asked for: millions of messages wait here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analyzer.messages import Array, LookupTable, StepTable, Table, TransactionBatch, TransactionTable, UniqueTable
from analyzer.report.tables_messages import SPECS

__all__ = ["Kept"]

_FROM: Final[Mapping[str, tuple[str, type[Table]]]] = {
    "messages": ("unique", UniqueTable),
    "transactions": ("transactions", TransactionTable),
    "lookups": ("lookups", LookupTable),
    "chains": ("steps", StepTable),
}
_ALSO: Final = frozenset("time_ns client server present flags state rtt_ns end_ns question".split())


class Kept:
    """The rows of a run for these tables: arrays alone, and of those only the columns that a table shows.

    `keep` is made for the pipeline's tap. `pop` gives a table's columns and lets go of them.
    """

    def __init__(self, tables: Sequence[str] = tuple(SPECS)) -> None:
        self._parts: dict[str, dict[str, list[_Packed]]] = {name: {} for name in tables}
        self._wanted = {name: {spec.source or spec.name for spec in SPECS[name]} | _ALSO for name in tables}

    def keep(self, batch: TransactionBatch) -> None:
        """Keep what a batch adds."""
        for name, parts in self._parts.items():
            table: Table = getattr(batch, _FROM[name][0])
            if len(table):
                for key, values in table.columns().items():
                    if key in self._wanted[name]:
                        parts.setdefault(key, []).append(_packed(values))

    def pop(self, name: str) -> Mapping[str, Array]:
        """All rows of one table, column by column; they can be had only once."""
        parts = self._parts.pop(name)
        return _Rows(parts) if parts else _FROM[name][1]().columns()


class _Rows(Mapping[str, Array]):
    """Columns that are unpacked anew each time that one is read: only one stands there at its full width."""

    def __init__(self, parts: Mapping[str, Sequence[_Packed]]) -> None:
        self._parts = parts

    def __getitem__(self, key: str) -> Array:
        parts = self._parts[key]
        out = np.empty(sum(part.rows for part in parts), np.result_type(*(part.dtype for part in parts)))
        at = 0
        for part in parts:
            part.unpack(out[at : at + part.rows])
            at += part.rows
        return out

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


@dataclass(frozen=True, slots=True)
class _Packed:
    """A column's part as distances from its least value, or from row to row: most columns need an octet or two a row.

    `narrow` is empty where all distances are 0. All arithmetic is modulo 2^64, so it is exact for every integer type.
    """

    dtype: np.dtype[Any]
    rows: int
    start: np.uint64
    least: np.uint64
    stepped: bool
    narrow: Array

    def unpack(self, out: Array) -> None:
        """Write the values into an array of `rows`."""
        if not self.stepped:
            wide = self.narrow.astype(np.uint64) + self.least if len(self.narrow) else self.least
            out[:] = wide.astype(out.dtype)
            return
        steps = np.full(self.rows, self.least, np.uint64)
        steps[0] = self.start
        if len(self.narrow):
            steps[1:] += self.narrow
        out[:] = np.cumsum(steps, dtype=np.uint64).astype(out.dtype)


def _packed(values: Array) -> _Packed:
    """The narrower of both ways; steps are tried only where the values themselves need more than two octets."""
    least, narrow = _narrowed(values)
    stepped = False
    if narrow.itemsize > 2 and len(narrow) and values.itemsize == 8:
        step_least, steps = _narrowed(np.diff(values.view(np.int64)))
        if not len(steps) or steps.itemsize < narrow.itemsize:
            stepped, least, narrow = True, step_least, steps
    start = values[:1].astype(np.uint64)[0]
    return _Packed(values.dtype, len(values), start, least, stepped, narrow)


def _narrowed(values: Array) -> tuple[np.uint64, Array]:
    """The least value, and how far above it each is, as narrow as that can be told; empty where all are the least."""
    low, high = int(values.min()), int(values.max())
    least = np.uint64(low % 2**64)
    if low == high:
        return least, np.zeros(0, np.uint8)
    above = values.astype(np.uint64) - least
    return least, above.astype(np.min_scalar_type(high - low))
