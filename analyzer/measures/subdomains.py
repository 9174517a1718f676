"""Zones under which names are made up: distinct first labels a minute, and how many of them fail (random subdomain attacks)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns.suffixes import reverse_labels
from analyzer.measures import Context
from analyzer.measures.asked import Asked
from analyzer.measures.groups import Grouped
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.measures.search_rows import Search
from analyzer.measures.seen import Seen, Sight
from analyzer.messages import Array, TransactionBatch
from analyzer.options import NS

__all__ = ["MadeUp", "Measure"]

_WINDOW_NS: Final = 60 * NS
_EXAMPLES: Final = 6
_ZONES: Final = 100  # looked at, those with most names


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One zone in its minute with most distinct names, from that minute's start on. Counts are of that minute."""

    zone: str
    queries: int
    names: int
    failed: int
    clients: Mapping[str, int]
    seen: Seen


class Measure:
    """A fold over `asked`; `result` is a tuple of MadeUp, most names first."""

    needs: tuple[str, ...] = ("asked", "cells", "clusterdomain", "groups", "roles", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[MadeUp, ...]:
        """Zones with at least as many names as the limit asks for."""
        asked: Asked = results["asked"]
        rows, roles = asked.rows, results["roles"]
        least = self._context.options.thresholds.random_labels
        if len(rows) < least:
            return ()
        usable = self._usable(asked, roles, results["search"], results["clusterdomain"].rest)
        group, words = self._zones(results["cells"], results["groups"], rows.qname)
        found = []
        counts = np.bincount(group[usable & (group >= 0)])
        largest = np.argsort(-counts, kind="stable")[:_ZONES]
        for number in largest[counts[largest] >= least].tolist():
            chosen = np.flatnonzero(usable & (group == number))
            row = self._row(asked, chosen, words[number])
            if row.names >= least:
                found.append(row)
        return tuple(sorted(found, key=lambda row: (-row.names, row.zone)))

    def _usable(self, asked: Asked, roles: Roles, search: Search, leaked: Array) -> Array:
        """Client-side rows whose name is no search candidate, leak or reverse name."""
        rows, names = asked.rows, self._context.names
        mine = roles.side(rows.client, rows.server) == SIDES.index(Side.CLIENT)
        appended = np.zeros(len(names), np.bool_)
        appended[[name for name, suffix in search.suffix_of.items() if suffix]] = True
        mine &= ~appended[rows.qname] & (leaked[rows.qname] == 0) & (names.depth[rows.qname] > 1)
        for at in np.flatnonzero(mine & (rows.qtype == 12)).tolist():
            mine[at] = reverse_labels(names.labels(int(rows.qname[at]))) is None
        return np.asarray(mine)

    def _zones(self, cells: Any, groups: Grouped, qname: Array) -> tuple[Array, list[str]]:
        of = np.full(len(self._context.names), -1)
        inside = cells.qname < len(of)
        of[cells.qname[inside]] = groups.number[inside]
        return of[qname], [group.suffix for group in groups.groups]

    def _row(self, asked: Asked, chosen: Array, zone: str) -> MadeUp:
        rows = asked.rows.take(chosen)
        first = np.sort(_first_of_name(rows.qname, rows.first_ns))
        inside = np.searchsorted(first, first + _WINDOW_NS) - np.arange(len(first))
        begin = int(first[int(np.argmax(inside))])
        part = rows.take((rows.first_ns >= begin) & (rows.first_ns < begin + _WINDOW_NS))
        queries = int(part.queries.sum())
        good = int((part.data + part.nodata).sum())
        text = self._context.addresses.text
        clients, index = np.unique(part.client, return_inverse=True)
        counts = np.bincount(index, part.queries).astype(np.int64)
        busiest = np.lexsort((clients, -counts))
        order = np.lexsort((part.first_frame, part.first_file, part.first_ns))

        def frame(at: int) -> Frame:
            return Frame(int(part.first_file[at]), int(part.first_frame[at]))

        return MadeUp(
            zone=zone,
            queries=queries,
            names=len(np.unique(part.qname)),
            failed=queries - good,
            clients={text(int(clients[at])): int(counts[at]) for at in busiest.tolist()},
            seen=Seen(
                count=queries,
                peak_60s=queries,
                first=int(part.first_ns[order[0]]),
                last=int(part.first_ns[order[-1]]),
                first_frame=frame(int(order[0])),
                last_frame=frame(int(order[-1])),
                examples=tuple(
                    Sight(frame(at), int(part.first_ns[at]), self._context.names.text(int(part.qname[at])))
                    for at in order[:_EXAMPLES].tolist()
                ),
            ),
        )


def _first_of_name(qname: Array, first_ns: Array) -> Array:
    """When each name was first asked."""
    order = np.lexsort((first_ns, qname))
    fresh = np.concatenate([[True], np.diff(qname[order].astype(np.int64)) != 0])
    return np.asarray(first_ns[order][fresh])
