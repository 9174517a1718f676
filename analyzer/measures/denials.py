"""NXDOMAIN answers of the client side, and how many of them other findings explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked
from analyzer.measures.misplaced import local_zone
from analyzer.measures.peaks import peaks
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.measures.search_rows import Search
from analyzer.messages import Array, TransactionBatch
from analyzer.options import NS

__all__ = ["Denials", "Measure"]

_PTR: Final = 12
_MINUTE: Final = 60 * NS
_NAMES: Final = 10


@dataclass(frozen=True, slots=True)
class Denials:
    """Queries of the client side and those answered NXDOMAIN.

    `by_reason`: `search` (a candidate of an established list), `leak`, `ptr`, `dead` (a base that never resolves), `rest`.
    `median_min` and `peak_60s` count queries of names that were (mostly) denied. `rest` lists what nothing explains.
    """

    queries: int
    denied: int
    peak_60s: int
    median_min: float
    minutes: int
    by_reason: Mapping[str, int] = field(default_factory=dict)
    rest: tuple[tuple[str, int, Frame], ...] = ()
    servers: Mapping[str, int] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    first_frame: Frame = field(default_factory=lambda: Frame(0, 0))
    last_frame: Frame = field(default_factory=lambda: Frame(0, 0))


class Measure:
    """A fold over `asked`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("asked", "clusterdomain", "deadnames", "roles", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> Denials:
        """Sort the client side's denials by what explains them."""
        asked: Asked = results["asked"]
        roles: Roles = results["roles"]
        rows = asked.rows
        client = SIDES.index(Side.CLIENT)
        mine = roles.side(rows.client, rows.server) == client if len(rows) else np.zeros(0, np.bool_)
        chosen = np.flatnonzero(mine & (rows.nxdomain > 0))
        if not len(chosen):
            return Denials(int(rows.queries[mine].sum()), 0, 0, 0.0, 0)
        reason = self._reasons(asked, chosen, results)
        words = ("search", "leak", "ptr", "dead", "rest")
        sums = np.bincount(reason, rows.nxdomain[chosen], minlength=len(words)).astype(np.int64)
        times, counts = asked.times(chosen[rows.nxdomain[chosen] * 2 > rows.queries[chosen]])
        minutes = np.bincount((times - times[0]) // _MINUTE, counts) if len(times) else np.zeros(1)
        table = rows.take(chosen)
        begin, end = int(np.argmin(table.first_ns)), int(np.argmax(table.last_ns))
        servers, index = np.unique(table.server, return_inverse=True)
        per_server = np.bincount(index, table.nxdomain)
        text = self._context.addresses.text
        return Denials(
            queries=int(rows.queries[mine].sum()),
            denied=int(table.nxdomain.sum()),
            peak_60s=int(peaks(times, counts.astype(np.int64), np.array([0, len(times)]))[0]),
            median_min=float(np.median(minutes)),
            minutes=len(minutes),
            by_reason={word: int(count) for word, count in zip(words, sums.tolist(), strict=True)},
            rest=self._rest(asked, chosen[reason == len(words) - 1]),
            servers={
                text(int(servers[at])): int(per_server[at]) for at in np.argsort(-per_server, kind="stable").tolist()
            },
            first=int(table.first_ns.min()),
            last=int(table.last_ns.max()),
            first_frame=Frame(int(table.first_file[begin]), int(table.first_frame[begin])),
            last_frame=Frame(int(table.last_file[end]), int(table.last_frame[end])),
        )

    def _reasons(self, asked: Asked, chosen: Array, results: Mapping[str, Any]) -> Array:
        search: Search = results["search"]
        names = self._context.names
        qname = asked.rows.qname[chosen]
        appended = np.zeros(len(names), np.bool_)
        appended[[name for name, suffix in search.suffix_of.items() if suffix]] = True
        dead = {row.base for row in results["deadnames"] if not row.outer_only}
        gone = np.zeros(len(names), np.bool_)
        gone[[node for base in dead if (node := names.find(base)) is not None]] = True
        gone[[name for name, base in search.base_of.items() if base in dead]] = True
        ptr = asked.rows.qtype[chosen] == _PTR
        for at in np.flatnonzero(ptr).tolist():
            ptr[at] = bool(local_zone(names.labels(int(qname[at]))))
        leak = results["clusterdomain"].rest[qname] > 0
        return np.select([appended[qname] & ~leak, leak, ptr, gone[qname]], [0, 1, 2, 3], 4)

    def _rest(self, asked: Asked, rows: Array) -> tuple[tuple[str, int, Frame], ...]:
        table = asked.rows.take(rows)
        best = np.lexsort((table.qname, -table.nxdomain))[:_NAMES]
        return tuple(
            (
                self._context.names.text(int(table.qname[at])),
                int(table.nxdomain[at]),
                Frame(int(table.first_file[at]), int(table.first_frame[at])),
            )
            for at in best.tolist()
        )
