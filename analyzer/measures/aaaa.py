"""AAAA questions for names that have IPv4 addresses only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked, AskedTable
from analyzer.measures.leaks import peak_of
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.messages import Array, TransactionBatch
from analyzer.options import NS

__all__ = ["AaaaName", "AaaaSide", "Measure"]

_A: Final = 1
_AAAA: Final = 28
_NEAR_NS: Final = 60 * NS
_NAMES: Final = 100


@dataclass(frozen=True, slots=True)
class AaaaName:
    """One name whose A is NOERROR; its AAAA queries all came back empty, or as NXDOMAIN (`denied`)."""

    qname: str
    server: str
    a_queries: int
    aaaa_queries: int
    denied: int
    first: Frame
    first_ns: int


@dataclass(frozen=True, slots=True)
class AaaaSide:
    """All of one side: `wasted` AAAA queries out of `queries`; `dual` names have AAAA data and are not counted."""

    side: Side
    queries: int
    aaaa: int
    wasted: int
    names: int
    dual: int
    peak_60s: int
    clients: Mapping[str, int]
    top: tuple[AaaaName, ...]
    denied: int
    denied_names: tuple[AaaaName, ...]
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame


class Measure:
    """A fold over `asked`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("asked", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[AaaaSide, ...]:
        """One row for the client side and one for the upstream side, where they have such names."""
        asked: Asked = results["asked"]
        roles: Roles = results["roles"]
        rows = asked.rows
        if not len(rows):
            return ()
        side = roles.side(rows.client, rows.server)
        found = (
            self._side(asked, side == at, kind) for at, kind in enumerate(SIDES) if kind in (Side.CLIENT, Side.UPSTREAM)
        )
        return tuple(row for row in found if row is not None)

    def _side(self, asked: Asked, mask: Array, side: Side) -> AaaaSide | None:
        every = np.flatnonzero(mask)
        rows = asked.rows.take(every)
        dual = np.unique(rows.qname[(rows.qtype == _AAAA) & (rows.data > 0)])
        ipv4 = np.setdiff1d(np.unique(rows.qname[_a_noerror(rows)]), dual)
        wasted = (rows.qtype == _AAAA) & (rows.nodata + rows.nxdomain > 0)
        wasted[wasted] = np.isin(rows.qname[wasted], ipv4)
        wasted[wasted] = _same_client(rows, wasted)
        if not wasted.any():
            return None
        mine = rows.take(wasted)
        text = self._context.addresses.text
        clients, index = np.unique(mine.client, return_inverse=True)
        sums = np.bincount(index, mine.queries).astype(np.int64)
        top = _names(self._context, rows, mine, mine.queries)
        denied = wasted & (rows.nxdomain > 0)
        if denied.any():
            denied &= _near(rows)
        none = rows.take(denied)
        begin, end = int(np.argmin(mine.first_ns)), int(np.argmax(mine.last_ns))
        return AaaaSide(
            side=side,
            queries=int(rows.queries.sum()),
            aaaa=int(rows.queries[rows.qtype == _AAAA].sum()),
            wasted=int(mine.queries.sum()),
            names=len(np.unique(mine.qname)),
            dual=len(dual),
            peak_60s=peak_of(asked, every[wasted]),
            clients={text(int(clients[at])): int(sums[at]) for at in np.lexsort((clients, -sums)).tolist()},
            top=top,
            denied=int(none.nxdomain.sum()),
            denied_names=_names(self._context, rows, none, none.nxdomain),
            first=int(mine.first_ns.min()),
            last=int(mine.last_ns.max()),
            first_frame=Frame(int(mine.first_file[begin]), int(mine.first_frame[begin])),
            last_frame=Frame(int(mine.last_file[end]), int(mine.last_frame[end])),
        )


def _pairs(rows: AskedTable) -> Array:
    return rows.client.astype(np.uint64) << np.uint64(32) | rows.qname.astype(np.uint64)


def _a_noerror(rows: AskedTable) -> Array:
    return np.asarray((rows.qtype == _A) & (rows.data + rows.nodata > 0))


def _same_client(rows: AskedTable, chosen: Array) -> Array:
    """For each chosen row whether its client got NOERROR for the A of its name."""
    pair = _pairs(rows)
    return np.isin(pair[chosen], pair[_a_noerror(rows)])


def _near(rows: AskedTable) -> Array:
    """Whether the same client asked the A record of the row's name within 60 s of the row's own queries."""
    pair = _pairs(rows)
    good = np.flatnonzero(_a_noerror(rows))
    keys, index = np.unique(pair[good], return_inverse=True)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    last = np.full(len(keys), np.iinfo(np.int64).min)
    np.minimum.at(first, index, rows.first_ns[good])
    np.maximum.at(last, index, rows.last_ns[good])
    at = np.minimum(np.searchsorted(keys, pair), max(len(keys) - 1, 0))
    if not len(keys):
        return np.zeros(len(rows), np.bool_)
    hit = keys[at] == pair
    return np.asarray(hit & (rows.first_ns <= last[at] + _NEAR_NS) & (rows.last_ns >= first[at] - _NEAR_NS))


def _names(context: Context, rows: AskedTable, mine: AskedTable, weight: Array) -> tuple[AaaaName, ...]:
    """The names of `mine` with most queries."""
    if not len(mine):
        return ()
    names, index = np.unique(mine.qname, return_inverse=True)
    sums = np.bincount(index, weight)
    best = np.lexsort((names, -sums))[:_NAMES]
    mine = mine.take(np.isin(mine.qname, names[best]))
    rows = rows.take((rows.qtype == _A) & np.isin(rows.qname, names[best]))
    found = []
    for at in best.tolist():
        inside = mine.take(mine.qname == names[at])
        begin = int(np.argmin(inside.first_ns))
        a = rows.qname == names[at]
        found.append(
            AaaaName(
                qname=context.names.text(int(names[at])),
                server=context.addresses.text(int(inside.server[begin])),
                a_queries=int(rows.queries[a].sum()),
                aaaa_queries=int(inside.queries.sum()),
                denied=int(inside.nxdomain.sum()),
                first=Frame(int(inside.first_file[begin]), int(inside.first_frame[begin])),
                first_ns=int(inside.first_ns[begin]),
            )
        )
    return tuple(sorted(found, key=lambda row: (-row.aaaa_queries, row.qname)))
