"""Questions that the answering side has no business with: reverse lookups of private addresses, names under no known
top-level domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns.names import label_text
from analyzer.dns.probes import probe_kind
from analyzer.dns.suffixes import LOCAL_ZONES, SPECIAL_USE, is_tld
from analyzer.measures import Context
from analyzer.measures.asked import Asked
from analyzer.measures.leaks import is_public, peak_of
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.messages import Array, NameTree, TransactionBatch

__all__ = ["Measure", "Misplaced", "local_zone"]

_PTR: Final = 12
_ULA: Final = ("c.f.ip6.arpa", "d.f.ip6.arpa")  # fc00::/7
_COMMON: Final = "lan home corp intranet localdomain svc cluster private mail".split()
_GROUPS: Final = 100


@dataclass(frozen=True, slots=True)
class Misplaced:
    """`kind` is `ptr` or `tld`, `zone` the private reverse zone or the top-level domain (`(single label)` for none).

    `leaves` says that such queries are on the upstream side or go to an address of the open internet.
    """

    kind: str
    zone: str
    side: Side
    queries: int
    side_queries: int
    answered_with_data: int
    unanswered: int
    names: int
    clients: Mapping[str, int]
    servers: Mapping[str, int]
    public: bool
    peak_60s: int
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame
    top: tuple[tuple[str, int, Frame], ...]


class Measure:
    """A fold over `asked`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("asked", "clusterdomain", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[Misplaced, ...]:
        """One row for each zone and side, the busiest first."""
        asked: Asked = results["asked"]
        roles: Roles = results["roles"]
        rows = asked.rows
        if not len(rows):
            return ()
        names = self._context.names
        side = roles.side(rows.client, rows.server)
        totals = np.bincount(side, rows.queries, minlength=len(SIDES)).astype(np.int64)
        zones, zone_of = _zones(names, rows.qname)
        inside = results["clusterdomain"].inside
        found = []
        ptr = (rows.qtype == _PTR) & (zone_of >= 0)
        found += self._grouped("ptr", ptr, zones, zone_of, asked, side, totals)
        tlds, tld_of = _unknown(names, rows.qname)
        strange = (tld_of >= 0) & ~inside[rows.qname] & (rows.data == 0) & ~_probes(names, rows.qname, rows.qtype)
        found += self._grouped("tld", strange, tlds, tld_of, asked, side, totals)
        return tuple(sorted(found, key=lambda row: (-row.queries, row.kind, row.zone)))

    def _grouped(
        self, kind: str, mask: Array, words: list[str], word_of: Array, asked: Asked, side: Array, totals: Array
    ) -> list[Misplaced]:
        group = word_of * len(SIDES) + side
        keys, index = np.unique(group[mask], return_inverse=True)
        sums = np.bincount(index, asked.rows.queries[mask])
        chosen = np.flatnonzero(mask)
        order = np.lexsort((keys, -sums))[:_GROUPS]
        return [
            self._row(kind, words[int(keys[at]) // len(SIDES)], chosen[index == at], asked, side, totals)
            for at in order.tolist()
        ]

    def _row(self, kind: str, zone: str, chosen: Array, asked: Asked, side: Array, totals: Array) -> Misplaced:
        text = self._context.addresses.text
        rows = asked.rows.take(chosen)
        clients, servers, top = Counter[str](), Counter[str](), Counter[int]()
        frames: dict[int, Frame] = {}
        columns = (rows.client, rows.server, rows.qname, rows.queries, rows.first_file, rows.first_frame)
        for client, server, name, queries, file, frame in zip(*(c.tolist() for c in columns), strict=True):
            clients[text(client)] += queries
            servers[text(server)] += queries
            top[name] += queries
            frames.setdefault(name, Frame(file, frame))
        begin, end = int(np.argmin(rows.first_ns)), int(np.argmax(rows.last_ns))
        best = sorted(top.items(), key=lambda item: (-item[1], item[0]))[:10]
        return Misplaced(
            kind=kind,
            zone=zone,
            side=SIDES[int(side[chosen[0]])],
            queries=int(rows.queries.sum()),
            side_queries=int(totals[side[chosen[0]]]),
            answered_with_data=int(rows.data.sum()),
            unanswered=int(rows.silence.sum()),
            names=len(top),
            clients=dict(clients.most_common(20)),
            servers=dict(servers.most_common(20)),
            public=any(is_public(server) for server in servers),
            peak_60s=peak_of(asked, chosen),
            first=int(rows.first_ns.min()),
            last=int(rows.last_ns.max()),
            first_frame=Frame(int(rows.first_file[begin]), int(rows.first_frame[begin])),
            last_frame=Frame(int(rows.last_file[end]), int(rows.last_frame[end])),
            top=tuple((self._context.names.text(name), queries, frames[name]) for name, queries in best),
        )


def local_zone(labels: list[bytes]) -> str:
    """The private reverse zone that a name lies in, or an empty text."""
    words = [label_text(label).lower() for label in labels]
    for size in range(3, len(words) + 1):
        zone = ".".join(words[-size:])
        if zone in LOCAL_ZONES or zone in _ULA:
            return zone
    return ""


def _zones(names: NameTree, qname: Array) -> tuple[list[str], Array]:
    """Private reverse zones, and for each row the position of its own, or -1."""
    node = names.find("arpa")
    zone_of = np.full(len(qname), -1, np.int64)
    if node is None:
        return [], zone_of
    under = names.under(node)
    words: dict[str, int] = {}
    distinct, index = np.unique(qname, return_inverse=True)
    found = np.full(len(distinct), -1, np.int64)
    for at in np.flatnonzero(under[distinct]).tolist():
        zone = local_zone(names.labels(int(distinct[at])))
        if zone:
            found[at] = words.setdefault(zone, len(words))
    return list(words), found[index]


def _unknown(names: NameTree, qname: Array) -> tuple[list[str], Array]:
    """Top-level domains that are not delegated, and for each row the position of its own, or -1."""
    top = names.ancestor_at(qname.astype(np.uint32), 1)
    distinct, index = np.unique(top, return_inverse=True)
    found = np.full(len(distinct), -1, np.int64)
    words: list[str] = []
    for at, node in enumerate(distinct.tolist()):
        label = names.label(node).lower()
        text = label_text(label)
        if node and (text in SPECIAL_USE or text in _COMMON or not is_tld(label)):
            found[at] = len(words)
            words.append(text)
    out = found[index]
    single = names.depth[qname] == 1
    if single.any():
        words.append("(single label)")
        out = np.where(single, len(words) - 1, out)
    return words, out


def _probes(names: NameTree, qname: Array, qtype: Array) -> Array:
    """Loop probes of CoreDNS and dnsmasq."""
    out = np.zeros(len(qname), np.bool_)
    for at in np.flatnonzero((qtype == 13) | (qtype == 16)).tolist():
        out[at] = probe_kind(names.text(int(qname[at])), int(qtype[at])) is not None
    return out
