"""What makes roles visible: which query of a forwarder serves which query of its client (PATHOLOGIES 4, "Roles").

C encloses U if both ask one question, U was sent after C and answered no later than `Limits.link_slack_ns` after C was
(an unanswered C is open for `Limits.match_ns`; of an unanswered U only the sending counts). U is linked to the latest-sent
C that encloses it and whose server differs from U's server. Links are facts; the vote over them (which addresses are one forwarder,
hence the sides) is a measure's. Behind 64 steps through open transactions of one question nothing is looked for.
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

_STEPS: Final = 64
_KEPT: Final = ("row", "time", "end", "client", "server", "key")

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
        linked = np.flatnonzero(found >= 0)
        at, cause = rows[linked - first], found[linked]
        for name, source in (("fed_by", "row"), ("fed_by_client", "client"), ("fed_by_server", "server")):
            transactions[name][at] = both[source][cause]

    def _columns(self, transactions: Mapping[str, Array], rows: I64) -> tuple[Columns, I64]:
        part = {name: transactions[name][rows] for name in _READ}
        answered = part["rtt_ns"] >= 0
        end = np.where(answered, part["r_time_ns"], part["time_ns"] + self._limits.match_ns)
        kind = (part["qtype"].astype(np.uint64) << np.uint64(16)) | part["qclass"]
        columns = {name: part[name] for name in ("row", "client", "server")}
        columns |= {"time": part["time_ns"], "end": end, "key": mix(part["qname_hash"], kind)}
        return columns, np.where(answered, part["r_time_ns"], part["time_ns"])


_READ: Final = "row time_ns client server qname_hash qtype qclass r_time_ns rtt_ns".split()


def _enclosing(rows: Columns, first: int, least: I64) -> I64:
    """For rows from `first` on the latest earlier row of the same question with another server and an end >= `least`."""
    found = np.full(len(least), -1, np.int64)
    order = _sharing(arrange(rows["key"]), rows["key"], rows["server"], first)
    if not len(order):
        return found
    server, end = rows["server"][order], rows["end"][order]
    starts = segments(rows["key"][order])
    start = np.repeat(starts, np.diff(np.append(starts, len(order))))
    runs = segments(rows["key"][order], server)
    run = np.repeat(runs, np.diff(np.append(runs, len(order))))
    least = least[order]
    asking = np.flatnonzero(order >= first)
    asking = asking[_before_reach(end, start)[asking] >= least[asking]]
    longer = _previous_longer(end, start) if len(asking) else end
    at = asking - 1
    for _ in range(_STEPS):
        inside = at >= start[asking]
        asking, at = asking[inside], at[inside]
        if not len(asking):
            break
        short, same = end[at] < least[asking], server[at] == server[asking]
        hit = ~short & ~same
        found[order[asking[hit]]] = order[at[hit]]
        at = np.where(short, longer[at], run[at] - 1)[~hit]
        asking = asking[~hit]
    return found


def _sharing(order: I64, key: U64, server: Array, first: int) -> I64:
    """Sorted rows of the questions that were asked of several servers, and that a new row asks."""
    starts = segments(key[order])
    asked = server[order]
    mixed = np.minimum.reduceat(asked, starts) != np.maximum.reduceat(asked, starts)
    mixed &= np.maximum.reduceat(order, starts) >= first
    kept: I64 = order[np.repeat(mixed, np.diff(np.append(starts, len(order))))]
    return kept


def _before_reach(end: I64, start: I64) -> I64:
    """The latest end of any earlier row of the same segment (the least number where there is none)."""
    ranked = np.argsort(end, kind="stable")
    rank = np.empty(len(end), np.int64)
    rank[ranked] = np.arange(len(end))
    reach = np.maximum.accumulate(rank + start * len(end))  # segments never share a range of these
    out = np.full(len(end), np.iinfo(np.int64).min)
    inner = np.flatnonzero(np.arange(len(end)) > start)
    out[inner] = end[ranked[reach[inner - 1] - start[inner] * len(end)]]
    return out


def _previous_longer(end: I64, start: I64) -> I64:
    """For every row the nearest earlier one of its segment that ends later, or one before the segment."""
    before = np.arange(-1, len(end) - 1)
    todo = np.flatnonzero(before >= start)
    while True:
        todo = todo[before[todo] >= start[todo]]
        todo = todo[end[before[todo]] <= end[todo]]
        if not len(todo):
            return before
        before[todo] = before[before[todo]]
