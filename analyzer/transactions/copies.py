"""Copies: one packet captured several times becomes one message (docs/semantics.md).

Two frames are copies if their DNS octets (and TCP sequence number) are equal, they are at most the window apart, and
- IPv4 with an IP-ID: the IDs are equal and the headers too but for TTL and checksum, or interface or direction differ
  (then addresses and ports may differ: NAT);
- IPv6, or IP-ID 0: interface or direction differs, addresses and ports are equal.
Frames are taken in order of time; each joins the earliest group that is still open for it. A group lasts one window from
its first frame and holds at most one frame per interface and direction, except by equal headers: so true resends (same
ports, same ID, new IP-ID; or IP-ID 0 under `-i any`) stay apart, however close.
A query is represented by its earliest copy, a response by its latest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import Array, MessageBatch, Present, UniqueTable, ViewTable
from analyzer.transactions.keys import U64, arrange, mix, pack

__all__ = ["Copies", "Unique", "copy_groups"]

_NO_DIRECTION: Final = 255  # not a value that SLL uses below a link type's own
_CHECKED: Final = 8  # groups up to this size are compared pairwise; larger ones one frame after another
_VIEW_COLUMNS: Final = tuple(c.name for c in ViewTable.COLUMNS if c.name != "row")

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Unique:
    """Unique messages that are final, in order of time; `first_ns` and `last_ns` span all views of each."""

    table: UniqueTable = field(default_factory=UniqueTable)
    views: ViewTable = field(default_factory=ViewTable)
    first_ns: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    last_ns: I64 = field(default_factory=lambda: np.zeros(0, np.int64))


class Copies:
    """Collapses copies in rows of non-decreasing time; `window_ns` None keeps all."""

    def __init__(self, window_ns: int | None, max_keys: int = 1_000_000, first_row: int = 0) -> None:
        self._window = window_ns
        self._max_keys = max_keys
        self._carry = MessageBatch()
        self.next_row = first_row
        self.unique = 0
        self.copies = 0
        self.interface_pairs: Counter[tuple[int, int]] = Counter()
        self.nat_pairs: Counter[tuple[int, int]] = Counter()

    def feed(self, batch: MessageBatch) -> Unique:
        """Messages that can get no more copies and that no other can precede."""
        if not len(batch):
            return Unique()
        if self._window is None:
            alone = np.arange(len(batch))
            return self._emit(batch, alone, alone, alone)
        rows = MessageBatch.concat([self._carry, batch]) if len(self._carry) else batch
        return self._collapse(rows, int(rows.time_ns[-1]) - self._window)

    def finish(self) -> Unique:
        """Everything that is left."""
        rows, self._carry = self._carry, MessageBatch()
        return self._collapse(rows, None) if len(rows) else Unique()

    def _collapse(self, rows: MessageBatch, safe: int | None) -> Unique:
        """Emit the groups whose representative is older than `safe`: no frame to come joins them or precedes them."""
        assert self._window is not None
        leader = copy_groups(rows, self._window)
        rep = _representatives(rows, leader)
        if safe is None:
            return self._emit(rows, leader, rep, np.arange(len(rows)))
        done = np.flatnonzero(rows.time_ns[rep] < safe)
        if len(done) and done[-1] == len(done) - 1:
            self._carry = rows.take(np.arange(len(done), len(rows)))  # a slice would keep all rows alive
        else:
            stay = np.ones(len(rows), np.bool_)
            stay[done] = False
            self._carry = rows.take(stay)
        return self._emit(rows, leader, rep, done)

    def _emit(self, rows: MessageBatch, leader: I64, rep: I64, done: I64) -> Unique:
        views = np.bincount(rep[done], minlength=len(rows))
        reps = np.flatnonzero(views)
        count = len(reps)
        numbers = np.arange(self.next_row, self.next_row + count, dtype=np.uint64)
        self.next_row += count
        self.unique += count
        self.copies += len(done) - count
        in_a_row = count > 0 and reps[-1] == count - 1
        table = _unique(rows.take(slice(0, count) if in_a_row else reps), numbers, views[reps])
        if count == len(done):
            return Unique(table, ViewTable(), table.time_ns, table.time_ns)
        first = leader[reps]
        last = np.zeros(len(rows), np.int64)
        last[leader[done]] = done  # rows ascend, so the last one written is the last view
        number_of = np.zeros(len(rows), np.uint64)
        number_of[reps] = numbers
        seen = done[views[rep[done]] > 1]
        seen = seen[np.argsort(number_of[rep[seen]], kind="stable")]
        columns = {name: rows.columns()[name][seen] for name in _VIEW_COLUMNS}
        shown = ViewTable({"row": number_of[rep[seen]], **columns})
        self._count_pairs(rows, seen, leader[seen])
        return Unique(table, shown, rows.time_ns[first], rows.time_ns[last[first]])

    def _count_pairs(self, rows: MessageBatch, seen: I64, first: I64) -> None:
        """Which interfaces showed the same packet, and which addresses became which: the first view against each other."""
        seen, first = seen[seen != first], first[seen != first]
        pairs = [(self.interface_pairs, rows.interface)] + [(self.nat_pairs, c) for c in (rows.src_addr, rows.dst_addr)]
        for counter, column in pairs:
            one, two = column[first], column[seen]
            if counter is self.nat_pairs:
                one, two = one[one != two], two[one != two]
            found, counts = np.unique(pack(one, two), return_counts=True)
            for pair, times in zip(found.tolist(), counts.tolist(), strict=True):
                key = (pair >> 32, pair & 0xFFFFFFFF)
                if key in counter or len(counter) < self._max_keys:
                    counter[key] += times


def _unique(rows: MessageBatch, numbers: U64, views: Array) -> UniqueTable:
    """The derived columns: who asks and who is asked."""
    response = (rows.flags & 0x8000) != 0
    sides = {}
    for name, asks, asked in (("addr", "client", "server"), ("port", "client_port", "server_port")):
        src, dst = rows.columns()[f"src_{name}"], rows.columns()[f"dst_{name}"]
        sides[asks], sides[asked] = np.where(response, dst, src), np.where(response, src, dst)
    return UniqueTable({**rows.columns(), "row": numbers, "views": np.minimum(views, 0xFFFF), **sides})


def _representatives(rows: MessageBatch, leader: I64) -> I64:
    """For every row the row that stands for its group: the first for queries, the last for responses."""
    last = np.zeros(len(leader), np.int64)
    last[leader] = np.arange(len(leader))
    return np.where((rows.flags & 0x8000) != 0, last[leader], leader)


def copy_groups(rows: MessageBatch, window: int) -> I64:
    """For every row the first row of its group (itself where it is no copy); rows in order of time."""
    leader = np.arange(len(rows))
    with_id = ((rows.present & Present.IP_ID) != 0) & (rows.ip_id != 0)
    key = _key(rows, with_id)
    order = arrange(key)
    ordered, times = key[order], rows.time_ns[order]
    joins = np.zeros(len(rows) + 1, np.bool_)  # joins[i]: position i may be a copy of position i - 1
    joins[1:-1] = (ordered[1:] == ordered[:-1]) & (times[1:] - times[:-1] <= window)
    at = np.flatnonzero(joins[:-1] | joins[1:])
    if not len(at):
        return leader
    starts = np.flatnonzero(~joins[at])
    _group_runs(_Runs(rows, order[at], starts, with_id[order[at]]), window, leader)
    return leader


def _key(rows: MessageBatch, with_id: NDArray[np.bool_]) -> U64:
    """Equal for all frames that can be copies: octets and TCP sequence, and the IP-ID or else addresses and ports."""
    tcp = (rows.present & Present.FLOW) != 0
    tail = np.where(with_id, rows.ip_id, 0).astype(np.uint64) | (rows.transport.astype(np.uint64) << np.uint64(16))
    if tcp.any():
        tail |= np.where(tcp, rows.tcp_seq, 0).astype(np.uint64) << np.uint64(32)
    bare = np.flatnonzero(~with_id)
    if len(bare):
        ends = mix(pack(rows.src_addr[bare], rows.dst_addr[bare]), pack(rows.src_port[bare], rows.dst_port[bare], 16))
        tail[bare] = mix(tail[bare], ends)
    return mix(rows.payload_hash ^ mix(tail))


class _Runs:
    """Rows that may be copies of one another, run after run; each run is in order of time."""

    def __init__(self, rows: MessageBatch, at: I64, starts: I64, with_id: NDArray[np.bool_]) -> None:
        self.at, self.starts, self.with_id = at, starts, with_id
        self.ends = np.append(starts[1:], len(at))
        self.time = rows.time_ns[at]
        self.header = rows.ip_hash[at]
        direction = np.where((rows.present[at] & Present.DIRECTION) != 0, rows.direction[at], _NO_DIRECTION)
        self.seen_on = pack(rows.interface[at], direction, 8)

    def clear(self, window: int) -> NDArray[np.bool_]:
        """Which runs are plainly one group: within the window, and of one header, or each seen somewhere else."""
        run = np.repeat(np.arange(len(self.starts)), self.ends - self.starts)
        first = self.starts[run]
        one_header = np.logical_and.reduceat((self.header == self.header[first]) & self.with_id, self.starts)
        apart = (self.ends - self.starts) <= _CHECKED
        for distance in range(1, _CHECKED):
            meet = (run[distance:] == run[:-distance]) & (self.seen_on[distance:] == self.seen_on[:-distance])
            apart[run[distance:][meet]] = False
        short: NDArray[np.bool_] = self.time[self.ends - 1] - self.time[self.starts] <= window
        return short & (one_header | apart)


def _group_runs(runs: _Runs, window: int, leader: I64) -> None:
    clear = runs.clear(window)
    sizes = runs.ends - runs.starts
    plain = np.repeat(clear, sizes)
    leader[runs.at[plain]] = np.repeat(runs.at[runs.starts], sizes)[plain]
    for index in np.flatnonzero(~clear).tolist():
        part = slice(int(runs.starts[index]), int(runs.ends[index]))
        at = runs.at[part]
        headers = runs.header[part].tolist() if runs.with_id[part.start] else [None] * len(at)
        leader[at] = at[_walk(runs.time[part].tolist(), runs.seen_on[part].tolist(), headers, window)]


def _walk(times: list[int], seen_on: list[int], headers: list[int | None], window: int) -> list[int]:
    """The rule, frame after frame: for each the number of its group's first frame.

    Groups open in order of time, so per place (interface and direction) one pointer suffices to find the first
    group without a frame from there: the work is linear, whatever is sent.
    """
    opened: list[int] = []  # first frames of the groups
    places: list[set[int]] = []
    by_header: dict[int, int] = {}
    pointer: dict[int, int] = {}
    alive = 0  # groups before this one are older than the window
    out = []
    for row, (time, place, header) in enumerate(zip(times, seen_on, headers, strict=True)):
        while alive < len(opened) and time - times[opened[alive]] > window:
            alive += 1
        group = -1 if header is None else by_header.get(header, -1)
        if group < alive:
            group = max(pointer.get(place, 0), alive)
            while group < len(opened) and place in places[group]:
                group += 1
            pointer[place] = group
        if group == len(opened):
            opened.append(row)
            places.append(set())
        places[group].add(place)
        if header is not None:
            by_header[header] = group
        out.append(opened[group])
    return out
