"""What caches ask again though they had the answer: per leg and key, negative and positive.

A query after the answer and before its TTL is over, less a second, is a re-ask; less than 50 ms after the answer it was in
flight and is passed over. A negative answer without SOA has no TTL: each further one for its key is a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.caching_keys import KINDS, TENTHS_NS, CacheKeys, Sent, key_of
from analyzer.measures.keyed import Interner, number_rows
from analyzer.measures.peaks import by_group, peaks
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.messages import Array, Present, State, TransactionBatch
from analyzer.options import NS

__all__ = ["CacheLeg", "Measure", "ReAsk"]

_U64: Final = np.uint64
_LEGS: Final = 200  # rows of a kind, most re-asks first


@dataclass(frozen=True, slots=True)
class ReAsk:
    """The first re-ask of a name: the answered query, its answer, and the query that should have been a cache hit.

    A leg without any shows one answered name, `count` 0 and the times and frames of both alike.
    """

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


class Measure:
    """Follows each key from answer to next query; `result` is a tuple of CacheLeg."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        limits = context.options.limits
        self._context = context
        self._cap = limits.max_pairs
        self._numbers = Interner()
        self._keys = CacheKeys(context.options.thresholds.negcache_ignore_ns, limits.max_keys, limits.max_events)
        self.over = 0

    def update(self, batch: TransactionBatch) -> None:
        """Follow the batch's transactions."""
        sent = batch.transactions
        chosen = (sent.state != State.ORPHAN) & ((sent.present & int(Present.QUESTION)) != 0)
        rows = Sent({c.name: sent.columns()[c.name][chosen] for c in Sent.COLUMNS})
        if not len(rows):
            return
        before = len(self._numbers)
        number, fresh = number_rows(self._numbers, key_of(rows), self._cap)
        self._keys.grow(rows, fresh)
        inside = number >= 0
        self.over += len(number) - int(inside.sum())
        alone = number >= before
        alone[alone] = (np.bincount(number[alone] - before) == 1)[number[alone] - before]
        for chosen, take in ((alone, self._keys.begin), (inside & ~alone, self._keys.follow)):
            if chosen.any():
                take(rows.take(chosen), number[chosen], int(rows.time_ns.max()))

    def merge(self, other: Self) -> None:
        """Add what `other` counted of the batches that follow ours."""
        self.over += other.over
        if len(other._keys.columns):
            numbers, fresh = number_rows(self._numbers, other._numbers.keys, self._cap)
            self.over += int(other._keys.columns["queries"][numbers < 0].sum())
            self._keys.merge(other._keys, numbers, fresh)

    def result(self, results: Mapping[str, Any]) -> tuple[CacheLeg, ...]:
        """One row per kind and leg that has such answers, most re-asks first."""
        roles: Roles = results["roles"]
        keys = self._keys.columns
        if not len(keys):
            return ()
        pair = keys["client"].astype(_U64) << _U64(32) | keys["server"].astype(_U64)
        legs, leg_of = np.unique(pair, return_inverse=True)
        order, starts = by_group(leg_of, len(legs))
        side = roles.side(keys["client"], keys["server"])
        found = []
        for place, kind in enumerate(KINDS):
            tops = self._peaks(kind, leg_of, len(legs))
            medians = self._medians(place, leg_of, len(legs))
            counts = np.bincount(leg_of, keys[f"{kind}_answers"], minlength=len(legs))
            repeats = np.bincount(leg_of, keys[kind], minlength=len(legs))
            busiest = np.lexsort((-counts, -repeats))[:_LEGS]
            for leg in busiest[counts[busiest] > 0].tolist():
                rows = order[starts[leg] : starts[leg + 1]]
                found.append(self._row(kind, rows, roles, int(side[rows[0]]), tops[leg], int(medians[leg])))
        return tuple(sorted(found, key=lambda row: (-row.re_asks, -row.answers, row.kind, row.client, row.server)))

    def _peaks(self, kind: str, leg_of: Array, legs: int) -> list[tuple[int, int, int]]:
        """Busiest 60 s, first and last re-ask of every leg."""
        events = self._keys.logs[kind].events()
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
        keys, sums = self._keys.gaps.keys, self._keys.gaps.sums[:, 0]
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
        out[leg[middle]] = tenth[middle] * TENTHS_NS
        return out

    def _row(self, kind: str, rows: Array, roles: Roles, side: int, top: tuple[int, int, int], median: int) -> CacheLeg:
        keys, text = self._keys.columns, self._context.addresses.text
        client, server = int(keys["client"][rows[0]]), int(keys["server"][rows[0]])
        answers, asks = keys[f"{kind}_answers"][rows], keys[kind][rows]
        again = rows[asks > 0]
        best = again[np.lexsort((again, -keys[kind][again]))][:20]
        if not len(best):
            best = rows[answers > 0][:1]
        ttl = keys["pos_ttl" if kind == "positive" else "neg_ttl"][rows][answers > 0]
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
            names=tuple(self._re_ask(kind, key) for key in best.tolist()),
        )

    def _re_ask(self, kind: str, key: int) -> ReAsk:
        keys, count = self._keys.columns, int(self._keys.columns[kind][key])
        proof = "first_file first_frame first_ns again_file again_frame again_ns".split()
        found = [int(keys[name][key]) for name in (proof if count else ["file", "frame", "time"] * 2)]
        return ReAsk(
            qname=self._context.names.text(int(keys["qname"][key])),
            qtype=int(keys["qtype"][key]),
            count=count,
            first=Frame(found[0], found[1]),
            first_ns=found[2],
            again=Frame(found[3], found[4]),
            again_ns=found[5],
            min_gap_ns=int(keys["min_gap"][key]) if count else 0,
        )
