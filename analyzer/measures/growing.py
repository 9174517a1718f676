"""Columns that grow by rows, with room to spare: adding rows costs no copy of what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from analyzer.messages import Array

__all__ = ["Growing"]

_SMALL: Final = 1 << 16  # rows up to which room doubles; past that it is the cap's at once


class Growing:
    """Arrays of equal length by name. `columns[name]` is a view of the rows in use: writing to it writes the column.

    `cap` rows are expected at most. Room that was never written to costs address space, no memory: so where many rows come,
    all of it is taken at once, nothing is copied again, and a column that stays zero stays free.
    """

    def __init__(self, dtypes: Mapping[str, str], cap: int = 0) -> None:
        self._cap = cap
        self._arrays: dict[str, Array] = {name: np.zeros(0, dtype) for name, dtype in dtypes.items()}
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name][: self._rows]

    def add(self, count: int, values: Mapping[str, Array]) -> None:
        """Append `count` rows; columns without values get zeros."""
        stop = self._rows + count
        for name, array in self._arrays.items():
            if stop > len(array):
                size = max(stop, 2 * len(array), 1024)
                room = np.zeros(max(size, self._cap) if size > _SMALL else size, array.dtype)
                room[: self._rows] = array[: self._rows]
                self._arrays[name] = array = room
            if name in values:
                array[self._rows : stop] = values[name]
        self._rows = stop
