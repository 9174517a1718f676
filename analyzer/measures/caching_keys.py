"""The state of every cache key: its answers so far, and which queries asked again what was already answered.

A key is (client, server, name, type, DO, CD). Which answer a query could have been spared by is a matter of times: the
latest that was there when it was sent, whatever the order in which the queries went out.
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from analyzer.measures.eventlog import EventLog
from analyzer.measures.growing import Growing
from analyzer.measures.keyed import Keyed
from analyzer.messages import Array, Column, Outcome, Present, Table, TransactionTable
from analyzer.options import NS

__all__ = ["COUNTS", "KINDS", "TENTHS_NS", "CacheKeys", "Sent", "key_of"]

_U64: Final = np.uint64
_NONE, _NEGATIVE, _BARE, _POSITIVE = range(4)
KINDS: Final = ("bare", "negative", "positive")
"""Of answers and re-asks: negative without SOA, negative with one, with data."""

_FLOOR_NS: Final = 5 * NS  # CoreDNS keeps every answer for at least 5 s
_CAP_NS: Final = 3600 * NS
_DO: Final = 0x8000
_CD: Final = 0x0010
TENTHS_NS: Final = 100_000_000
_NEVER: Final = 2**62
COUNTS: Final = (
    "queries",
    "bare_answers",
    "negative_answers",
    "positive_answers",
    "bare",
    "negative",
    "positive",
    "near",
)
_LAST: Final = ("kind", "time", "ttl", "file", "frame")
_BARE_LAST: Final = ("bare_time", "bare_file", "bare_frame")
_PROOF: Final = ("first_file", "first_frame", "first_ns", "again_file", "again_frame", "again_ns")
_STATE: Final = {
    **dict.fromkeys((*_LAST, *_BARE_LAST, *_PROOF, "neg_ttl", "pos_ttl"), "i8"),
    **dict.fromkeys(("kind", "file", "bare_file", "first_file", "again_file"), "i4"),
}

Columns = dict[str, Array]


class Sent(Table):
    """What is needed of a transaction; copying all its columns would cost more than the work on them."""

    COLUMNS: ClassVar[tuple[Column, ...]] = tuple(
        c
        for c in TransactionTable.COLUMNS
        if c.name
        in (
            "client server qname qtype time_ns r_time_ns file frame flags r_flags present r_present edns_flags outcome "
            "soa_ttl soa_minimum answer_ttl"
        ).split()
    )
    __slots__ = ()


class CacheKeys:
    """Columns by key number. `logs` hold when re-asks of each kind were sent, `gaps` how long after the answer
    (key number << 18 | tenths of a second << 2 | kind)."""

    def __init__(self, ignore_ns: int, max_keys: int, max_events: int) -> None:
        self._ignore = ignore_ns
        named = {"client": "u4", "server": "u4", "qname": "u4", "qtype": "u2", "min_gap": "i8"}
        self.columns = Growing({**named, **dict.fromkeys(COUNTS, "u4"), **_STATE}, max_keys)
        self.gaps = Keyed(max_keys)
        self.logs = {kind: EventLog(max_events) for kind in KINDS}
        self._under_way: Columns = {}  # answers later than the last query seen

    def grow(self, rows: Sent, new: Array) -> None:
        """Make room for new keys, in the order of their numbers; `new` are their first rows."""
        self._join({name: rows.columns()[name][new] for name in ("client", "server", "qname", "qtype")})

    def _join(self, named: Columns) -> None:
        count = len(named["client"])
        self.columns.add(count, {**named, "min_gap": np.full(count, _NEVER)})

    def begin(self, rows: Sent, number: Array, now_ns: int) -> None:
        """Take transactions that are their key's first and, in this batch, only one: nothing to compare them with."""
        kind, ttl = _answers(rows)
        self.columns["queries"][number] = 1
        for code, word in ((_BARE, "bare"), (_NEGATIVE, "negative"), (_POSITIVE, "positive")):
            self.columns[f"{word}_answers"][number] = kind == code
        for code, name in ((_NEGATIVE, "neg_ttl"), (_POSITIVE, "pos_ttl")):
            self.columns[name][number] = np.where(kind == code, ttl, 0)
        bare = kind == _BARE
        for name, values in (("bare_time", rows.r_time_ns), ("bare_file", rows.file), ("bare_frame", rows.frame)):
            self.columns[name][number[bare]] = values[bare]
        done = kind != _NONE
        answers = {
            "number": number,
            "time": rows.r_time_ns,
            "kind": kind,
            "ttl": ttl,
            "file": rows.file,
            "frame": rows.frame,
        }
        there = done & (rows.r_time_ns < now_ns)
        for name in _LAST:
            self.columns[name][number[there]] = answers[name][there]
        waits = {name: values[done & ~there].astype(np.int64) for name, values in answers.items()}
        self._under_way = (
            {k: np.concatenate([self._under_way[k], v]) for k, v in waits.items()} if self._under_way else waits
        )

    def follow(self, rows: Sent, number: Array, now_ns: int) -> None:
        """Take transactions in order of their queries, and the number of each one's key; `now_ns` is the batch's last
        query."""
        order = np.argsort(number, kind="stable")
        rows, number = rows.take(order), number[order]
        kind, ttl = _answers(rows)
        last = self._latest(rows, number, kind, ttl, now_ns)
        bare = self._bare_before(rows, number, kind)
        gap = rows.time_ns - last["time"]
        keepable = (last["kind"] == _NEGATIVE) | (last["kind"] == _POSITIVE)
        early = keepable & (gap < last["ttl"] - NS)
        near = early & (gap < self._ignore)
        early &= ~near
        # A cache that prefetches asks in the last tenth of the TTL.
        early &= ~((last["kind"] == _POSITIVE) & (last["ttl"] - gap < last["ttl"] // 10))
        hits = {
            "bare": (kind == _BARE) & (bare["time"] > 0),
            "negative": early & (last["kind"] == _NEGATIVE),
            "positive": early & (last["kind"] == _POSITIVE),
        }
        answers = {
            f"{word}_answers": kind == code for word, code in zip(KINDS, (_BARE, _NEGATIVE, _POSITIVE), strict=True)
        }
        for name, chosen in {"queries": np.ones(len(rows), np.bool_), "near": near, **answers, **hits}.items():
            np.add.at(self.columns[name], number[chosen], 1)
        # What a re-ask is held against; for repeats of an answer without SOA that answer, else the latest.
        against = {name: np.where(hits["bare"], bare[name], last[name]) for name in bare}
        for place, (name, chosen) in enumerate(hits.items()):
            hit = np.flatnonzero(chosen)
            self.logs[name].add(rows.time_ns[hit], number[hit])
            self._measure(place, rows, number, hit, against["time"])
        self._prove(rows, number, np.flatnonzero(np.logical_or.reduce(list(hits.values()))), against)
        for chosen, name in ((kind == _NEGATIVE, "neg_ttl"), (kind == _POSITIVE, "pos_ttl")):
            np.maximum.at(self.columns[name], number[chosen], ttl[chosen])

    def _latest(self, rows: Sent, number: Array, kind: Array, ttl: Array, now_ns: int) -> Columns:
        """For every query the latest answer of its key that was there when it was sent."""
        done = np.flatnonzero(kind != _NONE)
        new = {
            "number": number[done],
            "time": rows.r_time_ns[done],
            "kind": kind[done],
            "ttl": ttl[done],
            "file": rows.file[done].astype(np.int64),
            "frame": rows.frame[done].astype(np.int64),
        }
        answers = {k: np.concatenate([self._under_way[k], v]) for k, v in new.items()} if self._under_way else new
        count = len(answers["number"])
        numbers = np.concatenate([answers["number"], number])
        is_answer = np.arange(len(numbers)) < count
        order = np.lexsort((is_answer, np.concatenate([answers["time"], rows.time_ns]), numbers))
        at = np.arange(len(order))
        filled = np.maximum.accumulate(np.where(is_answer[order], at, -1))
        found = order[np.maximum(filled, 0)]
        valid = (filled >= 0) & (numbers[found] == numbers[order])
        mine = np.full(len(rows), -1, np.int64)
        asks = ~is_answer[order]
        mine[order[asks] - count] = np.where(valid, found, -1)[asks]
        state = self.columns
        out = {
            name: np.where(mine >= 0, answers[name][np.maximum(mine, 0)], state[name][number])
            if count
            else state[name][number]
            for name in _LAST
        }
        self._keep(answers, now_ns)
        return out

    def _keep(self, answers: Columns, now_ns: int) -> None:
        """Remember the latest answer of every key; those still under way at the last query wait."""
        order = np.lexsort((answers["time"], answers["number"]))
        order = order[answers["time"][order] < now_ns]
        number = answers["number"][order]
        last = order[np.append(number[1:] != number[:-1], True)] if len(order) else order
        last = last[answers["time"][last] >= self.columns["time"][answers["number"][last]]]
        for name in _LAST:
            self.columns[name][answers["number"][last]] = answers[name][last]
        waits = answers["time"] >= now_ns
        self._under_way = {name: values[waits] for name, values in answers.items()}

    def _bare_before(self, rows: Sent, number: Array, kind: Array) -> Columns:
        """For every query the answer without SOA that its key got to the query before; `time` 0 where there is none."""
        at = np.arange(len(rows))
        begin = np.concatenate([[True], number[1:] != number[:-1]])
        start = np.maximum.accumulate(np.where(begin, at, 0))
        latest = np.maximum.accumulate(np.where(kind == _BARE, at, -1))
        before = np.concatenate([[-1], latest[:-1]])
        inside, prior = before >= start, np.maximum(before, 0)
        values = {"time": rows.r_time_ns, "file": rows.file, "frame": rows.frame}
        out = {
            name: np.where(inside, column[prior].astype(np.int64), self.columns[f"bare_{name}"][number])
            for name, column in values.items()
        }
        mine = np.flatnonzero(kind == _BARE)
        for name, column in values.items():
            self.columns[f"bare_{name}"][number[mine]] = column[mine]
        return out

    def _measure(self, place: int, rows: Sent, number: Array, hit: Array, answered_ns: Array) -> None:
        """Keep the gaps of re-asks."""
        gap = rows.time_ns - answered_ns
        hit = hit[gap[hit] > 0]
        np.minimum.at(self.columns["min_gap"], number[hit], gap[hit])
        tenths = np.minimum(gap[hit] // TENTHS_NS, 65535).astype(_U64)
        self.gaps.add(number[hit].astype(_U64) << _U64(18) | tenths << _U64(2) | _U64(place))

    def _prove(self, rows: Sent, number: Array, hit: Array, against: Columns) -> None:
        """Keep the frames of each key's first re-ask, of whatever kind."""
        hit = hit[rows.time_ns[hit] > against["time"][hit]]
        first = hit[::-1]
        blank = first[self.columns["again_ns"][number[first]] == 0]  # in reverse: the first one stays
        found = (against["file"], against["frame"], against["time"], rows.file, rows.frame, rows.time_ns)
        for name, values in zip(_PROOF, found, strict=True):
            self.columns[name][number[blank]] = values[blank]

    def merge(self, other: CacheKeys, numbers: Array, fresh: Array) -> None:
        """Add another's keys under our `numbers` (-1: no room), `fresh` the rows of new ones. A re-ask right across the
        border between the two is not seen."""
        mine, columns = self.columns, other.columns
        if len(fresh):
            self._join({k: columns[k][fresh] for k in ("client", "server", "qname", "qtype")})
        self._merge_gaps(other, numbers)
        for kind in KINDS:
            self.logs[kind].merge(other.logs[kind], numbers)
        kept = np.flatnonzero(numbers >= 0)
        numbers, theirs = numbers[kept], {name: columns[name][kept] for name in columns}
        for name in COUNTS:
            mine[name][numbers] += theirs[name]
        mine["min_gap"][numbers] = np.minimum(mine["min_gap"][numbers], theirs["min_gap"])
        for name in ("neg_ttl", "pos_ttl"):
            mine[name][numbers] = np.maximum(mine[name][numbers], theirs[name])
        for known, names in ((theirs["kind"] != _NONE, _LAST), (theirs["bare_time"] > 0, _BARE_LAST)):
            for name in names:
                mine[name][numbers[known]] = theirs[name][known]
        proof = (mine["again_ns"][numbers] == 0) & (theirs["again_ns"] != 0)
        for name in _PROOF:
            mine[name][numbers[proof]] = theirs[name][proof]
        self._under_way = {}

    def _merge_gaps(self, other: CacheKeys, numbers: Array) -> None:
        keys, sums = other.gaps.keys, other.gaps.sums[:, 0]
        number = numbers[(keys >> _U64(18)).astype(np.int64)]
        kept = number >= 0
        self.gaps.add(number[kept].astype(_U64) << _U64(18) | keys[kept] & _U64((1 << 18) - 1), sums[kept])


def key_of(rows: Sent) -> Array:
    """64 bits per key, mixed as in splitmix64."""
    edns = (rows.present & int(Present.EDNS)) != 0
    flags = ((rows.edns_flags & _DO) != 0) & edns
    bits = flags.astype(_U64) | ((rows.flags & _CD) != 0).astype(_U64) << _U64(1)
    key = (rows.client.astype(_U64) << _U64(32)) ^ rows.server.astype(_U64)
    key = (key ^ (key >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
    key += rows.qname.astype(_U64) << _U64(18) | rows.qtype.astype(_U64) << _U64(2) | bits
    key = (key ^ (key >> _U64(27))) * _U64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> _U64(31)))


def _answers(rows: Sent) -> tuple[Array, Array]:
    """What kind of answer each transaction got, and how long it may be kept, ns."""
    negative = (rows.outcome == Outcome.NXDOMAIN) | (rows.outcome == Outcome.NODATA)
    cut = (rows.r_flags & 0x0200) != 0
    soa = (rows.r_present & int(Present.SOA)) != 0
    referral = (rows.outcome == Outcome.NODATA) & ~soa & ((rows.r_present & int(Present.NS)) != 0)
    negative &= ~cut & ~referral
    positive = (rows.outcome == Outcome.DATA) & ~cut
    kind = np.select([negative & soa, negative, positive], [_NEGATIVE, _BARE, _POSITIVE], _NONE)
    ttl = np.minimum(rows.soa_ttl, rows.soa_minimum).astype(np.int64) * NS
    ttl = np.where(positive, np.maximum(rows.answer_ttl.astype(np.int64) * NS, _FLOOR_NS), ttl)
    return kind, np.minimum(ttl, _CAP_NS)
