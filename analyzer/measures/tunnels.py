"""Names that may carry data: by client and zone, long and ever new names, what they are made of, and how much came back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns.suffixes import reverse_labels
from analyzer.measures import Context
from analyzer.measures.asked import Asked, AskedTable
from analyzer.measures.cells import Cells
from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.measures.groups import Grouped
from analyzer.measures.keyed import Keyed, grouped
from analyzer.measures.leaks import peak_of
from analyzer.measures.peaks import by_group
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.measures.search_rows import Search
from analyzer.measures.seen import Seen, Sight
from analyzer.messages import Array, Present, State, TransactionBatch

__all__ = ["Carrier", "Measure"]

_PAIRS: Final = 1 << 18  # client and name, whose answers' octets are summed: 6 MB
_ZONES: Final = 100  # of one client, looked at: those with most names
_EXAMPLES: Final = 6
_CARRIERS: Final = (16, 10, 5, 15)  # TXT, NULL, CNAME, MX: types whose answers have room
_SPECIAL: Final = b"_"  # _domainkey, _acme-challenge, _ldap: services have long names for good reasons


@dataclass(frozen=True, slots=True)
class Carrier:
    """One client and zone in the window with most distinct names: `length` is their mean, in octets of text, `longest_label` the
    longest of all their labels. The zone is `.` for names under no known top-level domain.

    `bits` is the entropy of a character of what stands before the zone; `up` counts octets of names sent, `down` octets of the
    answers to these names (denials carry nothing), over the whole input.
    """

    client: str
    zone: str
    queries: int
    names: int
    length: float
    longest_label: int
    bits: float
    roomy: int  # queries for TXT, NULL, CNAME, MX
    up: int
    down: int
    seen: Seen


class Measure:
    """Sums octets of answers by client and name; the rest is a fold over `asked`. `result` is a tuple of Carrier, most names first."""

    needs: tuple[str, ...] = ("asked", "cells", "clusterdomain", "groups", "roles", "search")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._octets = Keyed(min(context.options.limits.max_pairs, _PAIRS))

    def update(self, batch: TransactionBatch) -> None:
        """Sum the batch's answers."""
        rows = batch.transactions
        answered = ((rows.state == State.ANSWERED) | (rows.state == State.LATE)) & (rows.ancount > 0)
        chosen = np.flatnonzero(answered & ((rows.present & int(Present.QUESTION)) != 0))
        self._octets.count((32, 32), (rows.client[chosen], rows.qname[chosen]), rows.r_size[chosen])

    def merge(self, other: Self) -> None:
        """Add the other's sums."""
        self._octets.merge(other._octets)

    def result(self, results: Mapping[str, Any]) -> tuple[Carrier, ...]:
        """Clients and zones with as many names as the limit asks for."""
        asked: Asked = results["asked"]
        rows = asked.rows
        limits = self._context.options.thresholds
        least = math.ceil(limits.tunnel_distinct * limits.tunnel_queries)
        if len(rows) < least:
            return ()
        groups: Grouped = results["groups"]
        zone = self._zones(results["cells"], groups, rows.qname, least)
        usable = np.flatnonzero(self._usable(rows, results) & (zone >= 0))
        keys, _, index = grouped(
            (rows.client[usable].astype(np.uint64) << np.uint64(32)) | zone[usable].astype(np.uint64)
        )
        order, starts = by_group(index, len(keys))
        counts = np.diff(starts)
        largest = np.argsort(-counts, kind="stable")[:_ZONES]
        found = []
        for at in largest[counts[largest] >= least].tolist():
            chosen = usable[order[starts[at] : starts[at + 1]]]
            number = int(keys[at]) & 0xFFFFFFFF
            found.append(self._row(asked, chosen, groups.groups[number].suffix if number < len(groups.groups) else "."))
        return tuple(sorted((row for row in found if row.names >= least), key=lambda r: (-r.names, r.client, r.zone)))

    def _usable(self, rows: AskedTable, results: Mapping[str, Any]) -> Array:
        """Client-side rows whose name is no search candidate and not in the cluster; zones that are reverse drop out later."""
        roles: Roles = results["roles"]
        search: Search = results["search"]
        domain: ClusterDomain = results["clusterdomain"]
        names = self._context.names
        appended = np.zeros(len(names), np.bool_)
        appended[[name for name, suffix in search.suffix_of.items() if suffix]] = True
        mine = roles.side(rows.client, rows.server) == SIDES.index(Side.CLIENT)
        return np.asarray(mine & ~appended[rows.qname] & (domain.rest[rows.qname] == 0) & ~domain.inside[rows.qname])

    def _zones(self, cells: Cells, groups: Grouped, qname: Array, least: int) -> Array:
        """Number of every name's group; small ones that are just two last labels are one group: they may end in data."""
        sizes = np.bincount(groups.number[groups.number >= 0], minlength=len(groups.groups))
        small = [
            group.grouped_by == "labels" and size < least for group, size in zip(groups.groups, sizes, strict=True)
        ]
        own = [len(groups.groups) if joined else at for at, joined in enumerate(small)]
        number = np.array([*own, -1])[groups.number]
        of = np.full(len(self._context.names), -1)
        inside = cells.qname < len(of)
        of[cells.qname[inside]] = number[inside]
        return np.asarray(of[qname])

    def _row(self, asked: Asked, chosen: Array, zone: str) -> Carrier:
        chosen = self._window(asked, chosen)
        depth = 0 if zone == "." else zone.replace("\\.", "").count(".") + 1
        carried, sizes = {}, {}
        for name in np.unique(asked.rows.qname[chosen]).tolist():
            labels = self._context.names.labels(name)
            if reverse_labels(labels) is None and not any(label.startswith(_SPECIAL) for label in labels):
                carried[name] = labels[: len(labels) - depth]
                sizes[name] = sum(len(label) + 1 for label in labels) - 1
        names = np.array(list(carried), np.int64)
        chosen = chosen[np.isin(asked.rows.qname[chosen], names)]
        part, count = asked.rows.take(chosen), max(len(names), 1)
        client, queries = int(asked.rows.client[chosen[0]]) if len(chosen) else 0, int(part.queries.sum())
        return Carrier(
            client=self._context.addresses.text(client),
            zone=zone,
            queries=queries,
            names=len(names),
            length=sum(sizes.values()) / count,
            longest_label=max((len(label) for labels in carried.values() for label in labels), default=0),
            bits=_bits(carried.values()),
            roomy=int(part.queries[np.isin(part.qtype, _CARRIERS)].sum()),
            up=sum(sizes[name] * sent for name, sent in zip(part.qname.tolist(), part.queries.tolist(), strict=True)),
            down=self._down(client, names),
            seen=self._seen(asked, chosen, queries),
        )

    def _window(self, asked: Asked, chosen: Array) -> Array:
        """Rows first seen in the window with most distinct names."""
        window = self._context.options.thresholds.tunnel_window_ns
        qname, first_ns = asked.rows.qname[chosen].astype(np.int64), asked.rows.first_ns[chosen]
        order = np.lexsort((first_ns, qname))
        first = np.sort(first_ns[order][np.diff(qname[order], prepend=-1) != 0])
        inside = np.searchsorted(first, first + window) - np.arange(len(first))
        begin = int(first[int(np.argmax(inside))])
        return np.asarray(chosen[(first_ns >= begin) & (first_ns < begin + window)])

    def _down(self, client: int, names: Array) -> int:
        keys = (np.uint64(client) << np.uint64(32)) | names.astype(np.uint64)
        known = self._octets.keys
        at = np.searchsorted(known, keys).clip(max=max(len(known) - 1, 0))
        return int(self._octets.sums[at[known[at] == keys], 0].sum()) if len(known) else 0

    def _seen(self, asked: Asked, chosen: Array, queries: int) -> Seen:
        rows = asked.rows.take(chosen)
        if not len(rows):
            return Seen()
        order = np.lexsort((rows.first_frame, rows.first_file, rows.first_ns))

        def sight(at: int) -> Sight:
            frame = Frame(int(rows.first_file[at]), int(rows.first_frame[at]))
            return Sight(frame, int(rows.first_ns[at]), self._context.names.text(int(rows.qname[at])))

        begin, end = sight(order[0]), sight(order[-1])
        return Seen(
            count=queries,
            peak_60s=peak_of(asked, chosen),
            first=begin.time_ns,
            last=end.time_ns,
            first_frame=begin.frame,
            last_frame=end.frame,
            examples=tuple(map(sight, order[:_EXAMPLES].tolist())),
        )


def _bits(names: Iterable[Sequence[bytes]]) -> float:
    """Entropy of a character, without regard to case, in bits."""
    counts: Counter[int] = Counter()
    for labels in names:
        for label in labels:
            counts.update(label.lower())
    whole = counts.total()
    return -sum(n / whole * math.log2(n / whole) for n in counts.values()) if whole else 0.0
