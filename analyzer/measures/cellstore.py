"""Where `measures.cells` counts: cells numbered as they come, columns and codes by cell number, times by cell number."""

from __future__ import annotations

from typing import Final, Self

import numpy as np

from analyzer.measures.eventlog import EventLog
from analyzer.measures.keyed import Interner, Keyed, grouped, packed
from analyzer.messages import Array, State

__all__ = ["NO_NAME", "OTHER_NAMES", "Columns", "Store"]

OTHER_NAMES: Final = (1 << 28) - 1
"""Stands in place of a name id for all names that found no room."""
NO_NAME: Final = (1 << 28) - 2
"""Stands in place of a name id where the message has no question that could be read."""

_MAX_LEGS: Final = (1 << 20) - 1  # 20 bits of a cell's key; 28 are the name's, 16 the type's
_STATES: Final = len(State)


class Columns:
    """Growing columns by cell number: transactions by State, first and last time, first frame (file << 48 | frame)."""

    def __init__(self, room: int = 0) -> None:
        self.states = np.zeros((room, _STATES), np.int64)
        self.first_ns = np.full(room, np.iinfo(np.int64).max)
        self.last_ns = np.full(room, np.iinfo(np.int64).min)
        self.frame = np.zeros(room, np.uint64)

    def reserve(self, size: int) -> None:
        """Make room for `size` cells."""
        if size > len(self.states):
            grown, used = Columns(max(size, 2 * len(self.states), 1024)), len(self.states)
            for name in ("states", "first_ns", "last_ns", "frame"):
                getattr(grown, name)[:used] = getattr(self, name)
                setattr(self, name, getattr(grown, name))

    def add(self, at: Array, states: Array, first_ns: Array, last_ns: Array, frame: Array) -> None:
        """Fold rows into the cells `at`, each at most once."""
        self.states[at] += states
        earlier = (first_ns < self.first_ns[at]) | ((first_ns == self.first_ns[at]) & (frame < self.frame[at]))
        self.frame[at] = np.where(earlier, frame, self.frame[at])
        self.first_ns[at] = np.minimum(self.first_ns[at], first_ns)
        self.last_ns[at] = np.maximum(self.last_ns[at], last_ns)


class Store:
    """Cells and what is counted by them. `rcodes` keys are cell << 16 | RCODE, `questions` cell << 8 | Outcome << 2 | kind."""

    def __init__(self, cap: int, events: int) -> None:
        self.cap, self.events = cap, events
        self.legs, self.cells = Interner(), Interner()
        self.columns = Columns()
        self.rcodes, self.questions = Keyed(8 * cap), Keyed(8 * cap)
        self.sends, self.orphans = EventLog(events), EventLog(events)
        self.error = 0
        self.room = 2 * cap  # cells, before it is time to prune

    def __len__(self) -> int:
        return len(self.cells)

    def place(self, client: Array, server: Array, qname: Array, qtype: Array) -> tuple[Array, Array, Array]:
        """The distinct cells of the rows, the first row of each, and every row's index among them."""
        name = np.minimum(qname, OTHER_NAMES)
        _, first, index = grouped(packed(client, server, name, qtype))
        client, server, name, qtype = (column[first].astype(np.uint64) for column in (client, server, name, qtype))
        pairs, _, pair = grouped((client << np.uint64(32)) | server)
        if len(self.legs) + len(pairs) > _MAX_LEGS:  # then new legs are one, from the unspecified address to itself
            pairs = np.where(np.isin(pairs, self.legs.keys), pairs, np.uint64(0))
        distinct, _, of = grouped(pairs)
        leg = self.legs.intern(distinct)[of][pair].astype(np.uint64)
        keys, _, joined = grouped((leg << np.uint64(44)) | (name << np.uint64(16)) | qtype)
        earliest = np.full(len(keys), np.iinfo(np.int64).max)
        np.minimum.at(earliest, joined, first)
        first, index = earliest, joined[index]
        at = self.cells.intern(keys)
        self.columns.reserve(len(self.cells))
        return at, first, index

    def parts(self) -> tuple[Array, Array, Array, Array]:
        """Client, server, name and type of every cell."""
        keys = self.cells.keys
        legs = self.legs.keys[(keys >> np.uint64(44)).astype(np.int64)]
        client, server = legs >> np.uint64(32), legs & np.uint64(0xFFFFFFFF)
        name, kind = (keys >> np.uint64(16)) & np.uint64(OTHER_NAMES), keys & np.uint64(0xFFFF)
        return client.astype(np.int64), server.astype(np.int64), name.astype(np.int64), kind.astype(np.int64)

    def absorb(self, other: Self, keep: Array | None = None, typed: bool = True) -> None:
        """Add all that another store holds; cells that are not to be kept go to their leg's (and type's) `(others)`."""
        if not len(other):
            return
        count, columns = len(other), other.columns
        early = np.lexsort((columns.frame[:count], columns.first_ns[:count]))
        client, server, name, kind = (column[early] for column in other.parts())
        if keep is not None:
            name = np.where(keep[early], name, OTHER_NAMES)
            kind = kind if typed else np.where(keep[early], kind, 0)
        at, first, index = self.place(client, server, name, kind)
        states = np.zeros((len(at), _STATES), np.int64)
        np.add.at(states, index, columns.states[early])
        last_ns = np.full(len(at), np.iinfo(np.int64).min)
        np.maximum.at(last_ns, index, columns.last_ns[early])
        self.columns.add(at, states, columns.first_ns[early][first], last_ns, columns.frame[early][first])
        number = np.empty(count, np.int64)
        number[early] = at[index]
        for mine, theirs, bits in ((self.rcodes, other.rcodes, 16), (self.questions, other.questions, 8)):
            low = theirs.keys & np.uint64((1 << bits) - 1)
            cell = number[(theirs.keys >> np.uint64(bits)).astype(np.int64)].astype(np.uint64)
            mine.add((cell << np.uint64(bits)) | low, theirs.sums[:, 0])
        self.sends.merge(other.sends, number)
        self.orphans.merge(other.orphans, number)
        self.error += other.error

    def pruned(self) -> Self:
        """A store with the busiest `cap` cells, and the rest as `(others)` of their leg and type.

        Where legs and types alone are too many, the rest goes without its type: then cap and legs bound the size.
        """
        weight = self.columns.states[: len(self)].sum(axis=1)
        _, _, name, _ = self.parts()
        order = np.lexsort((self.cells.keys, -weight, name == OTHER_NAMES))
        keep = np.zeros(len(self), np.bool_)
        keep[order[: self.cap]] = True
        keep &= name != OTHER_NAMES
        out = type(self)(self.cap, self.events)
        out.absorb(self, keep)
        if len(out) > 2 * self.cap:
            out = type(self)(self.cap, self.events)
            out.absorb(self, keep, typed=False)
        out.room = max(2 * self.cap, 2 * len(out))
        out.error += int(weight[~keep & (name != OTHER_NAMES)].max(initial=0))
        return out
