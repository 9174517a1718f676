"""What caches ask again though they had the answer: per leg and key, negative and positive (PATHOLOGIES 5.3).

A key is (client, server, name, type, DO, CD). A query after the answer and before its TTL is over, less a second, is a
re-ask; less than 50 ms after the answer it was in flight and is passed over. A negative answer without SOA has no TTL: each
further one for its key is a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.eventlog import EventLog
from analyzer.measures.keyed import Interner, Keyed, grouped
from analyzer.measures.peaks import by_group, peaks
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.messages import Array, Outcome, Present, State, TransactionBatch, TransactionTable
from analyzer.options import NS

__all__ = ["CacheLeg", "Measure", "ReAsk"]

_U64: Final = np.uint64
_NONE, _NEGATIVE, _BARE, _POSITIVE = range(4)
_KINDS: Final = ("bare", "negative", "positive")  # of re-asks
_FLOOR_NS: Final = 5 * NS  # CoreDNS keeps every answer for at least 5 s
_CAP_NS: Final = 3600 * NS
_DO: Final = 0x8000
_CD: Final = 0x0010
_IN_FLIGHT: Final = 8  # queries of one key that may be under way at once
_TENTHS: Final = 100_000_000
_COUNTS: Final = (
    "queries",
    "bare_answers",
    "negative_answers",
    "positive_answers",
    "bare",
    "negative",
    "positive",
    "near",
)


@dataclass(frozen=True, slots=True)
class ReAsk:
    """The first re-ask of a name: the answered query, its answer, and the query that should have been a cache hit."""

    qname: str
    qtype: int
    count: int
    first: Frame
    first_ns: int
    again: Frame
    again_ns: int
    min_gap_ns: int


@dataclass(frozen=True, slots=True)
class CacheLeg:
    """One client towards one server. `keys` counts keys with such an answer, `re_asked` keys asked again.

    For `kind` `bare` (negative without SOA), `negative`, `positive`; `near` re-asks within 50 ms are not in `re_asks`.
    """

    kind: str
    client: str
    server: str
    side: Side
    forwarder: bool
    queries: int
    answers: int
    all_negative: int
    keys: int
    re_asked: int
    re_asks: int
    near: int
    peak_60s: int
    most_per_key: int
    min_gap_ns: int
    median_gap_ns: int
    median_ttl_s: int
    first: int
    last: int
    names: tuple[ReAsk, ...]
    addresses: int  # sources that share this client's role (0: it is no forwarder)


class Measure:
    """Follows each key from answer to next query; `result` is a tuple of CacheLeg."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._cap = context.options.limits.max_pairs
        self._ignore = context.options.thresholds.negcache_ignore_ns
        self._numbers = Interner()
        self._keys: dict[str, Array] = {}
        self._gaps = Keyed(
            context.options.limits.max_keys
        )  # number of kind, leg's key number unused: tenths of a second
        self._logs = {kind: EventLog() for kind in _KINDS}
        self.over = 0

    def update(self, batch: TransactionBatch) -> None:
        """Follow the batch's transactions."""
        rows = batch.transactions
        rows = rows.take((rows.state != State.ORPHAN) & ((rows.present & int(Present.QUESTION)) != 0))
        if not len(rows):
            return
        distinct, first, index = grouped(_key(rows))
        room = self._cap - len(self._numbers)
        if len(distinct) > room:
            known = np.isin(distinct, self._numbers.keys)
            keep = known.copy()
            keep[np.flatnonzero(~known)[: max(room, 0)]] = True
            self.over += int((~keep[index]).sum())
            rows = rows.take(keep[index])
            if not len(rows):
                return
            distinct, first, index = grouped(_key(rows))
        before = len(self._numbers)
        in_order = np.argsort(first, kind="stable")
        numbers = np.empty(len(distinct), np.int64)
        numbers[in_order] = self._numbers.intern(distinct[in_order])
        self._grow(rows, first[in_order[numbers[in_order] >= before]])
        self._follow(rows, numbers[index])

    def _grow(self, rows: TransactionTable, new: Array) -> None:
        fresh = {
            "client": rows.client[new],
            "server": rows.server[new],
            "qname": rows.qname[new],
            "qtype": rows.qtype[new],
            **{name: np.zeros(len(new), np.int64) for name in (*_COUNTS, *_STATE)},
            "min_gap": np.full(len(new), _CAP_NS * 100),
        }
        self._keys = {k: np.concatenate([self._keys[k], v]) for k, v in fresh.items()} if self._keys else fresh

    def _follow(self, rows: TransactionTable, number: Array) -> None:
        keys = self._keys
        order = np.lexsort((rows.time_ns, number))
        rows, number = rows.take(order), number[order]
        kind, ttl = _answers(rows)
        answered = kind != _NONE
        at = np.arange(len(rows))
        begin = np.concatenate([[True], number[1:] != number[:-1]])
        start = np.maximum.accumulate(np.where(begin, at, 0))
        latest = np.maximum.accumulate(np.where(answered, at, -1))
        before = np.concatenate([[-1], latest[:-1]])
        earlier = before
        for _ in range(_IN_FLIGHT):  # the answer that counts is one that was there when the query was sent
            late = (before >= start) & (rows.r_time_ns[np.maximum(before, 0)] >= rows.time_ns)
            if not late.any():
                break
            before = np.where(late, earlier[np.maximum(before, 0)], before)
        bare_before = np.where(earlier >= start, kind[np.maximum(earlier, 0)], keys["kind"][number]) == _BARE
        before = np.where(bare_before, earlier, before)  # such an answer could not be kept anyway
        inside = before >= start
        prior = np.maximum(before, 0)
        last_kind = np.where(inside, kind[prior], keys["kind"][number])
        last_time = np.where(inside, rows.r_time_ns[prior], keys["time"][number])
        last_ttl = np.where(inside, ttl[prior], keys["ttl"][number])
        last_frame = np.where(inside, rows.frame[prior].astype(np.int64), keys["frame"][number])
        last_file = np.where(inside, rows.file[prior], keys["file"][number])
        gap = rows.time_ns - last_time
        within = (last_kind != _NONE) & (gap > 0)
        near = within & (gap < self._ignore) & (last_kind != _BARE)
        fresh = within & ~near & (gap < last_ttl - NS)
        fresh &= ~((last_kind == _POSITIVE) & (last_ttl - gap < last_ttl // 10))  # prefetch asks in the last tenth
        size = len(keys["client"])
        hits = {
            "bare": (kind == _BARE) & bare_before,
            "negative": fresh & (last_kind == _NEGATIVE),
            "positive": fresh & (last_kind == _POSITIVE),
        }
        counted = {
            "queries": np.ones(len(rows), np.bool_),
            "bare_answers": kind == _BARE,
            "negative_answers": kind == _NEGATIVE,
            "positive_answers": kind == _POSITIVE,
            "near": near & (gap < last_ttl - NS),
            **hits,
        }
        for name, chosen in counted.items():
            keys[name] += np.bincount(number[chosen], minlength=size)
        for place, (name, chosen) in enumerate(hits.items()):
            hit = np.flatnonzero(chosen)
            self._logs[name].add(rows.time_ns[hit], number[hit])
            hit = hit[gap[hit] > 0]
            np.minimum.at(keys["min_gap"], number[hit], gap[hit])
            leg = number[hit].astype(_U64) << _U64(18) | np.minimum(gap[hit] // _TENTHS, 65535).astype(_U64) << _U64(2)
            self._gaps.add(leg | _U64(place))
            first = hit[::-1]
            blank = first[keys["again_ns"][number[first]] == 0]
            for column, values in (
                ("first_file", last_file),
                ("first_frame", last_frame),
                ("first_ns", last_time),
                ("again_file", rows.file),
                ("again_frame", rows.frame.astype(np.int64)),
                ("again_ns", rows.time_ns),
            ):
                keys[column][number[blank]] = values[blank]
        done = np.flatnonzero(answered)
        mine = number[done]
        keys["kind"][mine], keys["time"][mine], keys["ttl"][mine] = kind[done], rows.r_time_ns[done], ttl[done]
        keys["file"][mine], keys["frame"][mine] = rows.file[done], rows.frame[done]
        for column, name in ((kind == _NEGATIVE, "neg_ttl"), (kind == _POSITIVE, "pos_ttl")):
            chosen = np.flatnonzero(column)
            keys[name][number[chosen]] = np.maximum(keys[name][number[chosen]], ttl[chosen])

    def merge(self, other: Self) -> None:
        """Add what `other` counted of the batches that follow ours. A re-ask right across the border is not seen."""
        self.over += other.over
        if not other._keys:
            return
        before = len(self._numbers)
        numbers = self._numbers.intern(other._numbers.keys)
        fresh = numbers >= before
        if fresh.any():
            blank = {k: np.zeros_like(v[fresh]) for k, v in other._keys.items()}
            blank.update({k: other._keys[k][fresh] for k in ("client", "server", "qname", "qtype")})
            blank["min_gap"] = np.full(int(fresh.sum()), _CAP_NS * 100)
            self._keys = {k: np.concatenate([self._keys[k], v]) for k, v in blank.items()} if self._keys else blank
        for name in _COUNTS:
            self._keys[name][numbers] += other._keys[name]
        self._keys["min_gap"][numbers] = np.minimum(self._keys["min_gap"][numbers], other._keys["min_gap"])
        for name in ("neg_ttl", "pos_ttl"):
            self._keys[name][numbers] = np.maximum(self._keys[name][numbers], other._keys[name])
        known = other._keys["kind"] != _NONE
        for name in ("kind", "time", "ttl", "file", "frame"):
            self._keys[name][numbers[known]] = other._keys[name][known]
        again = (self._keys["again_ns"][numbers] == 0) & (other._keys["again_ns"] != 0)
        for name in ("first_file", "first_frame", "first_ns", "again_file", "again_frame", "again_ns"):
            self._keys[name][numbers[again]] = other._keys[name][again]
        for kind in _KINDS:
            self._logs[kind].merge(other._logs[kind], numbers)
        gaps, sums = other._gaps.keys, other._gaps.sums[:, 0]
        mapped = numbers[(gaps >> _U64(18)).astype(np.int64)].astype(_U64) << _U64(18) | gaps & _U64((1 << 18) - 1)
        self._gaps.add(mapped, sums)

    def result(self, results: Mapping[str, Any]) -> tuple[CacheLeg, ...]:
        """One row per kind and leg that has such answers, most re-asks first."""
        roles: Roles = results["roles"]
        keys = self._keys
        if not keys:
            return ()
        pair = keys["client"].astype(_U64) << _U64(32) | keys["server"].astype(_U64)
        legs, leg_of = np.unique(pair, return_inverse=True)
        order, starts = by_group(leg_of, len(legs))
        side = roles.side(keys["client"], keys["server"])
        found = []
        for place, kind in enumerate(_KINDS):
            tops = self._peaks(kind, leg_of, len(legs))
            medians = self._medians(place, leg_of, len(legs))
            counts = np.bincount(leg_of, keys[f"{kind}_answers"], minlength=len(legs))
            for leg in np.flatnonzero(counts).tolist():
                rows = order[starts[leg] : starts[leg + 1]]
                found.append(self._row(kind, rows, roles, int(side[rows[0]]), tops[leg], int(medians[leg])))
        return tuple(sorted(found, key=lambda row: (-row.re_asks, -row.answers, row.kind, row.client, row.server)))

    def _peaks(self, kind: str, leg_of: Array, legs: int) -> list[tuple[int, int, int]]:
        """Busiest 60 s, first and last re-ask of every leg."""
        events = self._logs[kind].events()
        group = leg_of[events.number]
        order, starts = by_group(group, legs)
        times = events.time_ns[order]
        tops = peaks(times, events.weight[order].astype(np.int64), starts)
        return [
            (int(top), int(times[begin]), int(times[end - 1])) if end > begin else (0, 0, 0)
            for top, begin, end in zip(tops, starts[:-1], starts[1:], strict=True)
        ]

    def _medians(self, place: int, leg_of: Array, legs: int) -> Array:
        """Median gap of the re-asks of every leg, to a tenth of a second, ns."""
        keys, sums = self._gaps.keys, self._gaps.sums[:, 0]
        mine = (keys & _U64(3)) == place
        keys, sums = keys[mine], sums[mine]
        leg = leg_of[(keys >> _U64(18)).astype(np.int64)]
        tenth = ((keys >> _U64(2)) & _U64(65535)).astype(np.int64)
        order = np.lexsort((tenth, leg))
        leg, tenth, sums = leg[order], tenth[order], sums[order]
        total = np.bincount(leg, sums, minlength=legs)
        below = np.cumsum(sums) - (np.cumsum(total) - total)[leg]
        out = np.zeros(legs, np.int64)
        middle = np.flatnonzero(below * 2 >= total[leg])[::-1]
        out[leg[middle]] = tenth[middle] * _TENTHS
        return out

    def _row(self, kind: str, rows: Array, roles: Roles, side: int, top: tuple[int, int, int], median: int) -> CacheLeg:
        keys, text = self._keys, self._context.addresses.text
        client, server = int(keys["client"][rows[0]]), int(keys["server"][rows[0]])
        answers, asks = keys[f"{kind}_answers"][rows], keys[kind][rows]
        again = rows[asks > 0]
        best = again[np.lexsort((again, -keys[kind][again]))][:20]
        ttl = keys["pos_ttl" if kind == "positive" else "neg_ttl"][rows][answers > 0]
        names = self._context.names
        return CacheLeg(
            kind=kind,
            client=text(client),
            server=text(server),
            side=SIDES[side],
            forwarder=bool(roles.forwarder[client]),
            queries=int(keys["queries"][rows].sum()),
            answers=int(answers.sum()),
            all_negative=int((keys["bare_answers"][rows] + keys["negative_answers"][rows]).sum()),
            keys=int((answers > 0).sum()),
            re_asked=len(again),
            re_asks=int(asks.sum()),
            near=int(keys["near"][rows].sum()),
            peak_60s=top[0],
            most_per_key=int(asks.max(initial=0)),
            min_gap_ns=int(keys["min_gap"][again].min()) if len(again) else 0,
            median_gap_ns=median,
            median_ttl_s=int(np.median(ttl)) // NS if len(ttl) else 0,
            first=top[1],
            last=top[2],
            names=tuple(
                ReAsk(
                    qname=names.text(int(keys["qname"][key])),
                    qtype=int(keys["qtype"][key]),
                    count=int(keys[kind][key]),
                    first=Frame(int(keys["first_file"][key]), int(keys["first_frame"][key])),
                    first_ns=int(keys["first_ns"][key]),
                    again=Frame(int(keys["again_file"][key]), int(keys["again_frame"][key])),
                    again_ns=int(keys["again_ns"][key]),
                    min_gap_ns=int(keys["min_gap"][key]),
                )
                for key in best.tolist()
            ),
            addresses=1,
        )


_STATE: Final = (
    "kind time ttl file frame first_file first_frame first_ns again_file again_frame again_ns neg_ttl pos_ttl".split()
)


def _key(rows: TransactionTable) -> Array:
    """64 bits per key, mixed as in splitmix64."""
    edns = (rows.present & int(Present.EDNS)) != 0
    flags = ((rows.edns_flags & _DO) != 0) & edns
    bits = flags.astype(_U64) | ((rows.flags & _CD) != 0).astype(_U64) << _U64(1)
    key = (rows.client.astype(_U64) << _U64(32)) ^ rows.server.astype(_U64)
    key = (key ^ (key >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
    key += rows.qname.astype(_U64) << _U64(18) | rows.qtype.astype(_U64) << _U64(2) | bits
    key = (key ^ (key >> _U64(27))) * _U64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> _U64(31)))


def _answers(rows: TransactionTable) -> tuple[Array, Array]:
    """What kind of answer each transaction got, and how long it may be kept, ns."""
    negative = (rows.outcome == Outcome.NXDOMAIN) | (rows.outcome == Outcome.NODATA)
    cut = (rows.r_flags & 0x0200) != 0
    negative &= ~cut
    soa = (rows.r_present & int(Present.SOA)) != 0
    positive = (rows.outcome == Outcome.DATA) & ~cut
    kind = np.select([negative & soa, negative, positive], [_NEGATIVE, _BARE, _POSITIVE], _NONE)
    ttl = np.minimum(rows.soa_ttl, rows.soa_minimum).astype(np.int64) * NS
    ttl = np.where(positive, np.maximum(rows.answer_ttl.astype(np.int64) * NS, _FLOOR_NS), ttl)
    return kind, np.minimum(ttl, _CAP_NS)
