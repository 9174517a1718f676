"""Folding cells into the groups of a table: sums, codes, distinct members, peaks and series of each group."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, overload

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cells import Cells, Counted
from analyzer.measures.cellstore import NO_NAME, OTHER_NAMES
from analyzer.measures.keyed import grouped
from analyzer.measures.peaks import WINDOW_NS, by_group, peaks
from analyzer.measures.rates import series
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Frame, Series, Side
from analyzer.messages import Array, Outcome

__all__ = ["OUTCOMES", "Groups", "Rows", "Sided", "sided"]

Row = TypeVar("Row")

OUTCOMES: Final = {outcome: outcome.name.lower() for outcome in Outcome}
_KEPT: Final = 16_384  # rows of a table that are made once


class Rows(Sequence[Row]):
    """Rows in their order, each made when it is asked for: of a million names mostly the first ten are.

    A row is a kilobyte or two in many objects, so only as many are kept as a report shows (10,000) and some.
    """

    def __init__(self, order: Array, build: Callable[[int], Row], counts: Array) -> None:
        self._order, self._anew, self._build = order, build, functools.lru_cache(maxsize=_KEPT)(build)
        self.counts = counts[order]
        """What the rows are ordered by, shape (len(self),): for sums without making the rows."""

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self._build(group) for group in self._order[index].tolist()]
        return self._build(int(self._order[index]))

    def __iter__(self) -> Iterator[Row]:
        order = self._order.tolist()
        yield from map(self._build, order[:_KEPT])
        yield from map(self._anew, order[_KEPT:])


@dataclass(frozen=True, slots=True)
class Sided(Generic[Row]):
    """One table, side by side. `side` is the one to show: the usual one of the table, or the busiest that was captured.

    `fallback` is True where the usual side has no queries; `others` are queries of each side that found no room.
    """

    side: Side
    fallback: bool
    tables: Mapping[Side, Sequence[Row]]
    others: Mapping[Side, int] = field(default_factory=dict)

    @property
    def rows(self) -> Sequence[Row]:
        """Rows of the side to show."""
        return self.tables.get(self.side, ())

    def all(self) -> Iterator[Row]:
        """Rows of all sides, one side after another; never add them up."""
        for side in SIDES:
            yield from self.tables.get(side, ())


class Groups:
    """Groups of cells. `group` numbers every cell's group from 0, -1 where it belongs to none.

    Arrays over groups have shape (count,): `queries`, `responses`, `questions`, `nxdomain` (questions), `states`
    (transactions by State, shape (count, 5)), `first_ns`, `last_ns`.
    """

    def __init__(self, cells: Cells, group: Array, count: int, context: Context) -> None:
        self.cells, self.count = cells, count
        # Several such folds are there at once, of a million cells each: so narrow numbers, and times only when asked for.
        self._group, self._limits = group.astype(np.int32), context.options.limits
        rows = np.flatnonzero(group >= 0)
        self._rows, at = rows.astype(np.int32), self._group[rows]
        self._at = at
        self.queries = self._sum(cells.queries[rows])
        self.responses = self._sum(cells.responses[rows])
        self.states = np.stack([self._sum(column[rows]) for column in cells.states.T], axis=1)
        self._outcomes = self._fold(cells.questions)
        self.questions = self._counted(self._outcomes, None)
        self.nxdomain = self._counted(self._outcomes, Outcome.NXDOMAIN)
        self.first_ns = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(self.first_ns, at, cells.first_ns[rows])
        self.last_ns = np.full(count, np.iinfo(np.int64).min)
        np.maximum.at(self.last_ns, at, cells.last_ns[rows])

    def _sum(self, values: Array) -> Array:
        # Sums of doubles are exact up to 2^53.
        return np.bincount(self._at, values, minlength=self.count).astype(np.int64)

    def _fold(self, counted: Counted) -> Counted:
        """The same counts by group and code, ordered by both."""
        group = self._group[counted.cell]
        mine = np.flatnonzero(group >= 0)
        keys, _, index = grouped(
            (group[mine].astype(np.uint64) << np.uint64(16)) | counted.code[mine].astype(np.uint64)
        )
        count = np.bincount(index, counted.count[mine], minlength=len(keys)).astype(np.int64)
        return Counted((keys >> np.uint64(16)).astype(np.int32), (keys & np.uint64(0xFFFF)).astype(np.int32), count)

    def _counted(self, counted: Counted, code: int | None) -> Array:
        rows = slice(None) if code is None else counted.code == code
        return np.bincount(counted.cell[rows], counted.count[rows], minlength=self.count).astype(np.int64)

    @functools.cached_property
    def _codes(self) -> dict[str, tuple[Counted, Array]]:
        cells = self.cells
        typed = np.flatnonzero((cells.qname < NO_NAME) | (cells.qtype > 0))  # else nought says that none is known
        types = self._fold(Counted(typed, cells.qtype[typed], cells.queries[typed]))
        found = {"rcodes": self._fold(cells.rcodes), "types": types, "outcomes": self._outcomes}
        return {name: (c, np.searchsorted(c.cell, np.arange(self.count + 1))) for name, c in found.items()}

    def codes(self, what: str, group: int, text: Callable[[int], str] | Mapping[Any, str]) -> dict[str, int]:
        """Counts of a group by word, the largest first; `what` is `rcodes`, `types` or `outcomes`."""
        counted, starts = self._codes[what]
        rows = slice(int(starts[group]), int(starts[group + 1]))
        word = text if callable(text) else text.__getitem__
        pairs = [(word(c), n) for c, n in zip(counted.code[rows].tolist(), counted.count[rows].tolist(), strict=True)]
        return {w: n for w, n in sorted(pairs, key=lambda pair: (-pair[1], pair[0])) if n}

    def _members(self, ids: Array) -> tuple[Array, int, Array]:
        """Group << width | id of every cell whose id stands for one thing; the width; and which of the rows these are."""
        mine = np.flatnonzero(ids[self._rows] < NO_NAME)
        member = ids[self._rows[mine]].astype(np.int64)
        width = int(member.max(initial=0)).bit_length()
        return (self._at[mine].astype(np.int64) << width) | member, width, mine

    def distinct(self, ids: Array) -> Array:
        """For every group how many different `ids` (one per cell: addresses, or names without those that are none)."""
        key, width, _ = self._members(ids)
        return np.bincount(grouped(key)[0] >> width, minlength=self.count)

    def top(self, ids: Array) -> Callable[[int], list[int]]:
        """A function that lists a group's `ids` (one per cell), those with most queries first, at most 64."""
        keys, width, mine = self._members(ids)
        key, _, index = grouped(keys)
        weight = np.bincount(index, self.cells.queries[self._rows[mine]], minlength=len(key))
        starts = np.searchsorted(key, np.arange(self.count + 1) << width)
        member = key & ((1 << width) - 1)

        def listed(group: int) -> list[int]:
            rows = np.arange(starts[group], starts[group + 1])
            chosen = rows[np.lexsort((member[rows], -weight[rows]))][:64]
            return [int(x) for x in member[chosen]]

        return listed

    def frame(self, group: int) -> Frame:
        """The first packet of a group."""
        packed = int(self._frames[group])
        return Frame(packed >> 48, packed & ((1 << 48) - 1))

    @functools.cached_property
    def _frames(self) -> Array:
        cells, rows = self.cells, self._rows
        order = np.lexsort((cells.frame[rows], cells.first_ns[rows], self._at))
        starts = np.flatnonzero(np.diff(self._at[order], prepend=-1))
        out = np.zeros(self.count, np.uint64)
        out[self._at[order][starts]] = cells.frame[rows][order][starts]
        return out

    @functools.cached_property
    def _timed(self) -> tuple[Array, Array]:
        """Rows of the log ordered by group, then time; where each group begins."""
        group = self._group[self.cells.log.number]
        if len(self._rows) < len(self._group):
            mine = np.flatnonzero(group >= 0)
            order, starts = by_group(group[mine], self.count)
            return mine[order].astype(np.uint32), starts
        order, starts = by_group(group, self.count)
        return order.astype(np.uint32), starts

    @functools.cached_property
    def peaks(self) -> Array:
        """Most queries in any 60 s, shape (count,)."""
        log = self.cells.log
        if not len(log.time_ns) or log.time_ns[-1] - log.time_ns[0] < WINDOW_NS:
            return self.queries
        rows, starts = self._timed
        return peaks(log.time_ns[rows], log.weight[rows], starts)

    def series(self, group: int) -> Series:
        """Queries of a group over time."""
        log, (order, starts) = self.cells.log, self._timed
        rows = order[int(starts[group]) : int(starts[group + 1])]
        return series(log.time_ns[rows], log.weight[rows], self._limits)


def sided(
    groups: Groups,
    side: Array,
    order: Array,
    build: Callable[[int], Row],
    usual: Side = Side.CLIENT,
) -> Sided[Row]:
    """A table from groups that each lie on one side (an index of SIDES per group); `order` lists all groups."""
    tables, totals = {}, {}
    for number, name in enumerate(SIDES):
        mine = order[side[order] == number]
        if len(mine):
            tables[name] = Rows(mine, build, groups.queries)
            totals[name] = int(groups.queries[mine].sum())
    busiest = max(totals, key=lambda name: totals[name], default=usual)
    shown = usual if totals.get(usual) or not totals else busiest
    return Sided(shown, shown != usual, tables, _others(groups.cells))


def _others(cells: Cells) -> dict[Side, int]:
    lost = cells.qname == OTHER_NAMES
    counts = np.bincount(cells.side[lost], cells.queries[lost], minlength=len(SIDES)).astype(np.int64)
    return {name: int(counts[number]) for number, name in enumerate(SIDES) if counts[number]}
