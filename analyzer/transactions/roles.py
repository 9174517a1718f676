"""What makes roles visible: which query of a forwarder serves which query of its client (docs/semantics.md).

C encloses U if both ask one question, U was sent after C and answered no later than `Limits.link_slack_ns` after C was
(an unanswered C counts as open for `Limits.step_ns`, else it would enclose whatever is asked while a server is down;
of an unanswered U only the sending counts). U is linked to the latest-sent
C that encloses it and whose server differs from U's server. Links are facts; the vote over them (which addresses are one forwarder,
hence the sides) is a measure's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import Array, Present, State
from analyzer.options import Limits
from analyzer.transactions.keys import U64, arrange, mix, segments

__all__ = ["Links"]

_NEVER: Final = np.iinfo(np.int64).min
_KEPT: Final = ("row", "time", "end", "client", "server", "key", "socket")

I64 = NDArray[np.int64]
Columns = dict[str, Array]


class Links:
    """Finds the link of each transaction; remembers those that can still enclose later ones."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._before: Columns = {}

    def feed(self, transactions: Mapping[str, Array]) -> None:
        """Write `fed_by` and its addresses into the columns of final transactions, in order of time."""
        used = transactions["state"] != State.ORPHAN
        used &= (transactions["present"] & Present.QUESTION) != 0
        rows = np.flatnonzero(used)
        if not len(rows):
            return
        new, wanted = self._columns(transactions, rows)
        # Who is answered before anything here was sent encloses none of it.
        old = {
            k: v[self._before["end"] >= new["time"][0] - self._limits.link_slack_ns] for k, v in self._before.items()
        }
        both = {name: np.concatenate([old[name], new[name]]) if old else new[name] for name in _KEPT}
        self._before = both
        first = len(both["row"]) - len(rows)
        least = np.concatenate([np.full(first, np.iinfo(np.int64).max), wanted - self._limits.link_slack_ns])
        found = _enclosing(both, first, least)
        # One socket and ID to several servers at once: musl asks them all, nobody forwards to anybody.
        fanned = (both["client"] == both["client"][found]) & (both["socket"] == both["socket"][found])
        linked = np.flatnonzero((found >= 0) & ~fanned)
        at, cause = rows[linked - first], found[linked]
        for name, source in (("fed_by", "row"), ("fed_by_client", "client"), ("fed_by_server", "server")):
            transactions[name][at] = both[source][cause]

    def _columns(self, transactions: Mapping[str, Array], rows: I64) -> tuple[Columns, I64]:
        part = {name: transactions[name][rows] for name in _READ}
        answered = part["rtt_ns"] >= 0
        end = np.where(answered, part["r_time_ns"], part["time_ns"] + self._limits.step_ns)
        kind = (part["qtype"].astype(np.uint64) << np.uint64(16)) | part["qclass"]
        columns = {name: part[name] for name in ("row", "client", "server")}
        columns |= {"time": part["time_ns"], "end": end, "key": mix(part["qname_hash"], kind)}
        columns["socket"] = (part["client_port"].astype(np.uint32) << np.uint32(16)) | part["msg_id"]
        return columns, np.where(answered, part["r_time_ns"], part["time_ns"])


_READ: Final = "row time_ns client server client_port msg_id qname_hash qtype qclass r_time_ns rtt_ns".split()


def _enclosing(rows: Columns, first: int, least: I64) -> I64:
    """For rows from `first` on the latest earlier row of the same question with another server and an end >= `least`."""
    found = np.full(len(least), -1, np.int64)
    order = _sharing(arrange(rows["key"]), rows["key"], rows["server"], first)
    if not len(order):
        return found
    server, end = rows["server"][order], rows["end"][order]
    starts = segments(rows["key"][order])
    start = np.repeat(starts, np.diff(np.append(starts, len(order))))
    asking = np.flatnonzero(order >= first)
    at = _latest_reaching(_Tree(end, server), asking, start[asking], least[order[asking]], server[asking])
    hit = at >= start[asking]
    found[order[asking[hit]]] = order[at[hit]]
    return found


def _sharing(order: I64, key: U64, server: Array, first: int) -> I64:
    """Sorted rows of the questions that were asked of several servers, and that a new row asks."""
    starts = segments(key[order])
    asked = server[order]
    mixed = np.minimum.reduceat(asked, starts) != np.maximum.reduceat(asked, starts)
    mixed &= np.maximum.reduceat(order, starts) >= first
    kept: I64 = order[np.repeat(mixed, np.diff(np.append(starts, len(order))))]
    return kept


class _Tree:
    """The greatest end in each block of 1, 2, 4, … rows, whose server has it, and the greatest of any other server."""

    def __init__(self, end: I64, server: Array) -> None:
        self.levels = [(end, server, np.full(len(end), _NEVER))]
        while len(self.levels[-1][0]) > 1:
            one, two = (self._half(which) for which in (0, 1))
            ahead = one[0] >= two[0]
            best, other = (
                [np.where(ahead, a, b) for a, b in zip(*pair, strict=True)] for pair in ((one, two), (two, one))
            )
            rest = np.maximum(best[2], np.where(other[1] == best[1], other[2], other[0]))
            self.levels.append((best[0], best[1], rest))

    def _half(self, which: int) -> list[Array]:
        """Every second block of the last level; a missing last one never ends."""
        size = (len(self.levels[-1][0]) + 1) // 2
        fill = (_NEVER, 0, _NEVER)
        halves = zip((column[which::2] for column in self.levels[-1]), fill, strict=True)
        return [half if len(half) == size else np.append(half, half.dtype.type(value)) for half, value in halves]

    def reaches(self, level: int, block: I64, least: I64, server: Array) -> NDArray[np.bool_]:
        """Whether the block holds an end >= `least` of another server."""
        end, of, rest = (column[block] for column in self.levels[level])
        found: NDArray[np.bool_] = np.where(of != server, end, rest) >= least
        return found


def _latest_reaching(tree: _Tree, rows: I64, start: I64, least: I64, server: Array) -> I64:
    """For every given row the nearest before it, not before `start`, that ends at `least` or later elsewhere, or -1.

    All at once up the tree to the nearest block with such a row, then down to the row: a logarithm of steps, whatever
    the traffic.
    """
    found, top = np.full(len(rows), -1, np.int64), np.zeros(len(rows), np.int64)
    left = np.arange(len(rows))
    for level in range(len(tree.levels)):
        block = (rows[left] >> level) - 1
        inside = (block + 1) << level > start[left]
        left, block = left[inside], block[inside]
        beside = block % 2 == 0  # this block and the one before are halves of one only if this is the second
        hit = beside & tree.reaches(level, np.maximum(block, 0), least[left], server[left])
        found[left[hit]], top[left[hit]] = block[hit], level
        left = left[~hit]
    for level in range(len(tree.levels) - 1, 0, -1):
        down = np.flatnonzero((top == level) & (found >= 0))
        second = 2 * found[down] + 1
        exists = second < len(tree.levels[level - 1][0])
        tried = np.where(exists, second, second - 1)
        good = exists & tree.reaches(level - 1, tried, least[down], server[down])
        found[down], top[down] = np.where(good, second, second - 1), level - 1
    return found
