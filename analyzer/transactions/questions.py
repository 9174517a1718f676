"""Questions (question instances): which queries are one question with its retries (PATHOLOGIES 4).

For each query of one client, name and type there is at most one earlier query that it can be a retry of:
- the latest with the same ID, if at most `Limits.retry_same_id_ns` ago (whatever became of it: glibc resends both of a
  pair); else
- the latest of all, if at most `Limits.retry_ns` ago and, when this one was sent, either answered SERVFAIL or REFUSED, or
  not answered for at least `Limits.retry_silence_ns`; never where client and server are one address (a loop's laps).
It joins that query's question while that lasts at most `Limits.question_ns` and `Limits.question_sends`; else it is a new one.
`strict_question` leaves the second rule out: a forwarder's sends under other IDs belong to several clients' questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import Array, Present
from analyzer.options import Limits
from analyzer.transactions.keys import U64, arrange, mix
from analyzer.transactions.store import Store

__all__ = ["assign"]

I64 = NDArray[np.int64]

_FAILED: Final = (2, 5)  # SERVFAIL, REFUSED: a resolver tries again


@dataclass(frozen=True, slots=True)
class _Sends:
    """Queries that may be joined, in order of time, the last `new` of them not yet in any question."""

    at: I64  # ordinals
    key: U64  # client, name, type
    row: U64
    time: I64
    is_new: NDArray[np.bool_]


def assign(store: Store, start: int, limits: Limits) -> None:
    """Write question, strict_question, send and their notes for the transactions from ordinal `start` on."""
    if start == store.stop:
        return
    at = np.arange(start, store.stop)
    orphan = store.view("r_row", start, store.stop) == store.view("row", start, store.stop)
    rows, times = store.view("row", start, store.stop), store.view("time_ns", start, store.stop)
    for question, first in (("question", "first_ns"), ("strict_question", "strict_first_ns")):
        store.set(question, at[~orphan], rows[~orphan])
        store.set(first, at, times)
    sends = _candidates(store, start, limits)
    if not len(sends.at):
        return
    same_id = _same_id(store, sends, limits)
    _join(store, sends, same_id, ("strict_question", "strict_first_ns", "strict_send"), limits)
    _join(store, sends, _retried(store, sends, same_id, limits), ("question", "first_ns", "send"), limits)


def _candidates(store: Store, start: int, limits: Limits) -> _Sends:
    """New queries and those before them that share client, name and type with another, one of them new."""
    earliest = int(store.view("time_ns", start, start + 1)[0]) - limits.retry_same_id_ns
    low = min(store.until(earliest), start)
    columns = {name: store.view(name, low, store.stop) for name in _READ}
    usable = (columns["r_row"] != columns["row"]) & ((columns["present"] & Present.QUESTION) != 0)
    at = np.flatnonzero(usable)
    key = mix(columns["client"][at], columns["qname_hash"][at], columns["qtype"][at])
    order = arrange(key)
    ordered = key[order]
    alike = ordered[1:] == ordered[:-1]
    several = np.zeros(len(order), np.bool_)
    several[1:] |= alike
    several[:-1] |= alike
    mask = np.zeros(len(order), np.bool_)
    mask[order[several]] = True
    at, key = at[mask], key[mask]
    fresh = at >= start - low
    at, key = (at, key) if fresh.any() else (at[:0], key[:0])
    return _Sends(at + low, key, columns["row"][at], columns["time_ns"][at], at >= start - low)


_READ: Final = ("row", "time_ns", "client", "qname_hash", "qtype", "present", "r_row")


def _before(key: U64) -> I64:
    """For every row the latest earlier row with the same key, or -1."""
    order = arrange(key)
    out = np.full(len(key), -1, np.int64)
    alike = key[order[1:]] == key[order[:-1]]
    out[order[1:][alike]] = order[:-1][alike]
    return out


def _same_id(store: Store, sends: _Sends, limits: Limits) -> I64:
    """For every row the row that it resends under the same ID, or -1."""
    found = _before(mix(sends.key, store.get("msg_id", sends.at)))
    late = sends.time - sends.time[found] > limits.retry_same_id_ns
    found[(found >= 0) & late] = -1
    return found


def _retried(store: Store, sends: _Sends, same_id: I64, limits: Limits) -> I64:
    """For every row the row that it retries under either rule, or -1."""
    found = _before(sends.key)
    gap = sends.time - sends.time[found]
    answered = store.get("r_row", sends.at[found]) < sends.row
    rcode = store.get("r_flags", sends.at[found]) & 15
    plain = ((store.get("r_present", sends.at[found]) & Present.EDNS) == 0) | (
        store.get("ext_rcode", sends.at[found]) == 0
    )
    failed = answered & plain & np.isin(rcode, _FAILED)
    silent = ~answered & (gap >= limits.retry_silence_ns)
    outward = store.get("client", sends.at) != store.get("server", sends.at)
    good = outward & (gap <= limits.retry_ns) & (failed | silent)
    return np.where(same_id >= 0, same_id, np.where(good & (found >= 0), found, -1))


def _join(store: Store, sends: _Sends, parent: I64, names: tuple[str, str, str], limits: Limits) -> None:
    """Follow each new query to the question that it continues, within the bounds of a question."""
    question, first, send = (store.get(name, sends.at) for name in names)
    joins = np.flatnonzero(sends.is_new & (parent >= 0))
    if not len(joins):
        return
    root, depth = np.arange(len(parent)), np.zeros(len(parent), np.int64)
    root[joins], depth[joins] = parent[joins], 1
    while True:
        further = joins[root[root[joins]] != root[joins]]
        if not len(further):
            break
        depth[further] += depth[root[further]]
        root[further] = root[root[further]]
    count = send[root[joins]] + depth[joins]
    too_far = (count >= limits.question_sends) | (sends.time[joins] - first[root[joins]] > limits.question_ns)
    question[joins], first[joins] = question[root[joins]], first[root[joins]]
    send[joins] = np.minimum(count, 255)
    odd = joins[too_far | _branches(sends, parent[joins], root[joins], question, send)]
    if len(odd):
        rows = np.flatnonzero(np.isin(sends.key, sends.key[odd]))
        _join_one_by_one(rows, sends, parent, (question, first, send), limits)
    for name, values in zip(names, (question, first, send), strict=True):
        store.set(name, sends.at[joins], values[joins])


def _branches(sends: _Sends, parent: I64, root: I64, question: Array, send: Array) -> NDArray[np.bool_]:
    """Where a question is no plain chain: two queries continue one, or one is continued that was not the latest."""
    found: NDArray[np.bool_] = np.bincount(parent, minlength=len(send))[parent] > 1
    old = np.flatnonzero(~sends.is_new)
    if len(old):
        order = old[np.lexsort((send[old], question[old]))]
        latest = np.ones(len(order), np.bool_)
        latest[:-1] = question[order[1:]] != question[order[:-1]]
        passed = np.zeros(len(send), np.bool_)
        passed[order[~latest]] = True
        found |= passed[root]
    return found


def _join_one_by_one(
    rows: I64, sends: _Sends, parent: I64, columns: tuple[Array, Array, Array], limits: Limits
) -> None:
    """The rule as it stands, for clients and names whose queries overlap or never rest."""
    question, first, send = columns
    count: dict[int, int] = {}
    for row, new, before in zip(rows.tolist(), sends.is_new[rows].tolist(), parent[rows].tolist(), strict=True):
        if new:
            question[row], first[row], send[row] = sends.row[row], sends.time[row], 0
            joined = int(question[before])
            lasts = sends.time[row] - first[before] <= limits.question_ns
            if before >= 0 and lasts and count[joined] < limits.question_sends:
                question[row], first[row], send[row] = joined, first[before], count[joined]
        mine = int(question[row])
        count[mine] = max(count.get(mine, 0), int(send[row]) + 1)
