"""Questions (question instances): which queries are one question with its retries (docs/semantics.md).

A query of one client, name and type can be a retry of one earlier query, the latest of those that fit:
- sent with the same ID from the same port at most `Limits.retry_same_id_ns` ago, whatever became of it (glibc resends both
  of a pair though one was answered);
- sent with the same ID from another port as long ago, and so far unanswered, failed or truncated (c-ares; glibc after a
  refusal). An answered one is no such: IDs recur by chance, and load generators count them up from nought.
Only if neither is there: the latest of all, at most `Limits.retry_ns` ago and, when this one was sent, either failed at most
`Limits.retry_failed_ns` before or not answered for at least `Limits.retry_silence_ns` (Go). Failed is SERVFAIL or REFUSED:
resolvers go on at once after it, so what comes later under another ID is a program's next call. Where client and server are
one address only the first rule counts, else the laps of a loop were one question.
A query joins the question of what it retries while that lasts at most `Limits.question_ns` and `Limits.question_sends`;
else it begins a new one. `strict_question` knows the first rule alone: what a forwarder sends under another ID or port may
serve another client's question.
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
Mask = NDArray[np.bool_]

_TC: Final = 0x0200
_FAILED: Final = (2, 5)  # SERVFAIL, REFUSED: a resolver tries again


@dataclass(frozen=True, slots=True)
class _Sends:
    """Queries that may be joined, in order of time, the last `new` of them not yet in any question."""

    at: I64  # ordinals
    key: U64  # client, name, type
    row: U64
    time: I64
    is_new: Mask


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
    resent = _resent(store, sends, limits)
    _join(store, sends, resent, ("strict_question", "strict_first_ns", "strict_send"), limits)
    _join(store, sends, _retried(store, sends, resent, limits), ("question", "first_ns", "send"), limits)


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


def _resent(store: Store, sends: _Sends, limits: Limits) -> I64:
    """For every row the row that it resends from the same port under the same ID, or -1."""
    port = (store.get("client_port", sends.at).astype(np.uint32) << 1) | store.get("transport", sends.at)
    found = _before(mix(sends.key, store.get("msg_id", sends.at), port))
    return _within(found, sends, limits.retry_same_id_ns)


def _within(found: I64, sends: _Sends, longest_ns: int) -> I64:
    return np.where((found >= 0) & (sends.time - sends.time[found] <= longest_ns), found, -1)


def _retried(store: Store, sends: _Sends, resent: I64, limits: Limits) -> I64:
    """For every row the row that it retries under any rule, or -1."""
    outward = store.get("client", sends.at) != store.get("server", sends.at)
    same_id = _within(_before(mix(sends.key, store.get("msg_id", sends.at))), sends, limits.retry_same_id_ns)
    waits, failed, cut = _so_far(store, sends, same_id)
    same_id = np.maximum(resent, np.where(outward & (same_id >= 0) & (waits | failed | cut), same_id, -1))
    other = _within(_before(sends.key), sends, limits.retry_ns)
    waits, failed, _ = _so_far(store, sends, other)
    waits &= sends.time - sends.time[other] >= limits.retry_silence_ns
    failed &= sends.time - store.get("r_time_ns", sends.at[other]) <= limits.retry_failed_ns
    other = np.where(outward & (other >= 0) & (waits | failed), other, -1)
    return np.where(same_id >= 0, same_id, other)


def _so_far(store: Store, sends: _Sends, earlier: I64) -> tuple[Mask, Mask, Mask]:
    """What was known of an earlier query when each row was sent: no answer yet, a failure, a truncated answer."""
    at = sends.at[earlier]
    answered = store.get("r_row", at) < sends.row
    flags = store.get("r_flags", at)
    plain = ((store.get("r_present", at) & Present.EDNS) == 0) | (store.get("ext_rcode", at) == 0)
    return ~answered, answered & plain & np.isin(flags & 15, _FAILED), answered & ((flags & _TC) != 0)


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
        rows = np.flatnonzero(np.isin(question, question[odd]))
        _join_one_by_one(rows, sends, parent, (question, first, send), limits)
    for name, values in zip(names, (question, first, send), strict=True):
        store.set(name, sends.at[joins], values[joins])


def _branches(sends: _Sends, parent: I64, root: I64, question: Array, send: Array) -> Mask:
    """Where a question is no plain chain: two queries continue one, or one is continued that was not the latest."""
    found: Mask = np.bincount(parent, minlength=len(send))[parent] > 1
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
    """The rule as it stands, for questions that overlap or never rest. `rows` holds whole trees of retries."""
    question, first, send = columns
    place = np.full(len(question), -1, np.int64)
    place[rows] = np.arange(len(rows))
    before = np.where(parent[rows] >= 0, place[parent[rows]], -1)
    mine, begun, sent = question[rows].tolist(), first[rows].tolist(), send[rows].tolist()
    cells = zip(
        sends.is_new[rows].tolist(), before.tolist(), sends.row[rows].tolist(), sends.time[rows].tolist(), strict=True
    )
    count: dict[int, int] = {}
    for at, (new, earlier, row, time) in enumerate(cells):
        if new:
            joined = mine[earlier]
            lasts = earlier >= 0 and time - begun[earlier] <= limits.question_ns
            if lasts and count[joined] < limits.question_sends:
                mine[at], begun[at], sent[at] = joined, begun[earlier], count[joined]
            else:
                mine[at], begun[at], sent[at] = row, time, 0
        count[mine[at]] = max(count.get(mine[at], 0), sent[at] + 1)
    question[rows], first[rows], send[rows] = mine, begun, sent
