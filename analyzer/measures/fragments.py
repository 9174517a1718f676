"""Answers too large for one packet, and servers that stumble over EDNS: by leg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns.anomalies import Anomaly
from analyzer.measures import Context
from analyzer.measures.asked import AskedTable
from analyzer.measures.failures import Failures
from analyzer.measures.keyed import Keyed, grouped
from analyzer.measures.seen import Seen, describe, seen
from analyzer.messages import Array, Present, State, TransactionBatch, TransactionTable

__all__ = ["Large", "Measure"]

_REFUSING: Final = (1, 4)  # FORMERR, NOTIMP
_U64: Final = np.uint64
_LEGS: Final = 1000  # described; forged traffic can make as many as it has packets


@dataclass(frozen=True, slots=True)
class Large:
    """One leg. `large` answers above 1232 octets by UDP, `largest` of them; `cut` responses of which one fragment was captured;
    `no_edns` error answers to EDNS queries, for questions that were asked again and got another answer."""

    client: str
    server: str
    large: Seen
    largest: int
    cut: int
    no_edns: Seen
    retried: int


class Measure:
    """Counts first fragments; folds the rest from failures. `result` is a tuple of Large, most first."""

    needs: tuple[str, ...] = ("asked", "failures")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._cut = Keyed(context.options.limits.max_keys)

    def update(self, batch: TransactionBatch) -> None:
        """Count responses that came in fragments, of which only the first is there."""
        rows = batch.unique
        cut = ((rows.anomalies & _U64(int(Anomaly.FIRST_FRAGMENT))) != 0) & ((rows.flags & 0x8000) != 0)
        chosen = rows.take(cut)
        self._cut.add(_leg(chosen.client, chosen.server))

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._cut.merge(other._cut)

    def result(self, results: Mapping[str, Any]) -> tuple[Large, ...]:
        """One row per leg."""
        kept: Failures = results["failures"]
        large, stumbled = kept.large, _stumbled(kept, results["asked"].rows)
        legs = np.unique(
            np.concatenate([_leg(large.client, large.server), _leg(stumbled.client, stumbled.server), self._cut.keys])
        )
        cuts = dict(zip(self._cut.keys.tolist(), self._cut.sums[:, 0].tolist(), strict=True))
        text = self._context.addresses.text
        parts, by_leg = _parts(large, legs), _parts(stumbled, legs)
        found = []
        size = {leg: len(parts.get(leg, ())) + len(by_leg.get(leg, ())) + cuts.get(leg, 0) for leg in legs.tolist()}
        for leg in sorted(size, key=lambda leg: (-size[leg], leg))[:_LEGS]:
            rows = large.take(parts.get(leg, np.zeros(0, np.int64)))
            found.append(
                Large(
                    client=text(leg >> 32),
                    server=text(leg & 0xFFFFFFFF),
                    large=seen(self._context, rows, _words),
                    largest=int(rows.r_size.max()) if len(rows) else 0,
                    cut=cuts.get(leg, 0),
                    no_edns=seen(self._context, stumbled.take(by_leg.get(leg, np.zeros(0, np.int64)))),
                    retried=int((rows.send > 0).sum()),
                )
            )
        return tuple(sorted(found, key=lambda r: (-r.large.count - r.cut - r.no_edns.count, r.client, r.server)))


def _parts(rows: TransactionTable, legs: Array) -> dict[int, Array]:
    keys, _, of = grouped(_leg(rows.client, rows.server))
    order = np.argsort(of, kind="stable")
    edges = np.searchsorted(of[order], np.arange(len(keys) + 1))
    return {int(key): order[edges[at] : edges[at + 1]] for at, key in enumerate(keys.tolist())}


def _leg(client: Array, server: Array) -> Array:
    return (client.astype(_U64) << _U64(32)) | server.astype(_U64)


def _words(context: Context, rows: TransactionTable, at: int) -> str:
    return f"{describe(context, rows, at)}, {int(rows.r_size[at])} octets"


def _stumbled(kept: Failures, asked: AskedTable) -> TransactionTable:
    """EDNS queries answered FORMERR or NOTIMP without OPT, for questions that also got something else: they came again."""
    rows = kept.errors
    bad = np.logical_or.reduce([rows.rcode == code for code in _REFUSING]) & (rows.state != State.ORPHAN)
    bad &= ((rows.present & int(Present.EDNS)) != 0) & ((rows.r_present & int(Present.EDNS)) == 0)
    rows = rows.take(bad)
    if not len(rows):
        return rows
    other = asked.pick(asked.data + asked.nodata + asked.nxdomain > 0)
    return rows.take(np.isin(_question(rows), _question(other)))


def _question(rows: TransactionTable | AskedTable) -> Array:
    key = _leg(rows.client, rows.server) * _U64(0x9E3779B97F4A7C15)
    return np.asarray(key ^ (rows.qname.astype(_U64) << _U64(16)) ^ rows.qtype.astype(_U64))
