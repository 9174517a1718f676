"""Cluster names outside the cluster, counted once, at the outermost hop."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked, AskedTable
from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.measures.peaks import peaks
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.messages import Array, TransactionBatch

__all__ = ["Leak", "LeakName", "Leaks", "Measure", "is_public", "peak_of"]

_NAMES: Final = 1000  # names that one leak lists
_SUFFIXES: Final = 100
_OUTCOMES: Final = ("data", "nodata", "nxdomain", "silence", "other")


@dataclass(frozen=True, slots=True)
class LeakName:
    """One leaked name at the outermost hop."""

    qname: str
    base: str
    queries: int
    first_frame: Frame


@dataclass(frozen=True, slots=True)
class Leak:
    """Names of one kind that left: `suffix` (domain and a further suffix) or `zone` (the domain itself).

    `suffix` is what was appended after the domain (empty for a zone leak), `zone` the domain with it. `side` is `upstream`
    where a forwarder sends them on, `client` where only the clients' own leg was captured (they will leak if the
    server forwards). `seen_from_cluster` says that the server also serves the cluster's own zone.
    """

    kind: str
    suffix: str
    zone: str
    side: Side
    queries: int
    names: tuple[LeakName, ...]
    distinct: int
    clients: Mapping[str, int]
    servers: Mapping[str, int]
    outcomes: Mapping[str, int]
    no_soa: int
    negatives: int
    peak_60s: int
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame
    public: bool
    positive: int
    positive_names: int
    seen_from_cluster: bool
    inner_queries: int = 0  # of the same names on legs further in
    rows: Array = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Leaks:
    """All leaks, the busiest first; `rows` marks the rows of `asked` on any leg whose name is a suffix leak."""

    leaks: tuple[Leak, ...]
    rows: Array


class Measure:
    """A fold over `asked`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("asked", "clusterdomain", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> Leaks:
        """Find the leaks."""
        asked: Asked = results["asked"]
        domain: ClusterDomain = results["clusterdomain"]
        roles: Roles = results["roles"]
        rows = asked.rows
        if not len(rows):
            return Leaks((), np.zeros(0, np.bool_))
        rest = domain.rest[rows.qname]
        side = roles.side(rows.client, rows.server)
        found = []
        for suffix in _busiest(rest, rows.queries):
            every = np.flatnonzero(rest == suffix)
            chosen = _outermost(rows, every, roles, side)
            found.append(self._leak("suffix", int(suffix), chosen, every, asked, domain, side))
        own = domain.servers | set(rows.server[(rows.data > 0) & domain.inside[rows.qname]].tolist())
        strange = domain.inside[rows.qname] & (side == SIDES.index(Side.UPSTREAM))
        strange &= ~np.isin(rows.server, list(own)) & (rows.data == 0)
        if strange.any():
            every = np.flatnonzero(strange)
            found.append(self._leak("zone", 0, _outermost(rows, every, roles, side), every, asked, domain, side))
        found.sort(key=lambda leak: (-leak.queries, leak.zone))
        return Leaks(tuple(found), rest > 0)

    def _leak(
        self, kind: str, suffix: int, chosen: Array, every: Array, asked: Asked, domain: ClusterDomain, side: Array
    ) -> Leak:
        names, text = self._context.names, self._context.addresses.text
        rows = asked.rows.take(chosen)
        tail = names.text(suffix) if suffix else ""
        clients, servers = Counter[str](), Counter[str]()
        for client, server, queries in zip(
            rows.client.tolist(), rows.server.tolist(), rows.queries.tolist(), strict=True
        ):
            clients[text(client)] += queries
            servers[text(server)] += queries
        first, last = int(np.argmin(rows.first_ns)), int(np.argmax(rows.last_ns))
        outcomes = {word: int(rows.columns()[word].sum()) for word in _OUTCOMES}
        cluster_servers = set(asked.rows.server[(asked.rows.data > 0) & domain.inside[asked.rows.qname]].tolist())
        seen = set(rows.server.tolist()) & (domain.servers | cluster_servers)
        return Leak(
            kind=kind,
            suffix=tail,
            zone=f"{domain.name}.{tail}" if tail else domain.name,
            side=Side.UPSTREAM if (side[chosen] == SIDES.index(Side.UPSTREAM)).any() else Side.CLIENT,
            queries=int(rows.queries.sum()),
            names=_names(rows, names.text, tail),
            distinct=len(np.unique(rows.qname)),
            clients=dict(clients.most_common()),
            servers=dict(servers.most_common()),
            outcomes={word: count for word, count in outcomes.items() if count},
            no_soa=int(rows.no_soa.sum()),
            negatives=int((rows.nxdomain + rows.nodata).sum()),
            peak_60s=peak_of(asked, chosen),
            first=int(rows.first_ns.min()),
            last=int(rows.last_ns.max()),
            first_frame=Frame(int(rows.first_file[first]), int(rows.first_frame[first])),
            last_frame=Frame(int(rows.last_file[last]), int(rows.last_frame[last])),
            public=any(is_public(server) for server in servers),
            positive=int(rows.data.sum()),
            positive_names=len(np.unique(rows.qname[rows.data > 0])),
            seen_from_cluster=bool(seen),
            inner_queries=int(asked.rows.queries[np.setdiff1d(every, chosen)].sum()),
            rows=chosen,
        )


def _busiest(rest: Array, queries: Array) -> list[int]:
    """The suffixes that leaked most, at most `_SUFFIXES`; hostile traffic can make up any number."""
    suffixes, index = np.unique(rest, return_inverse=True)
    sums = np.bincount(index, queries)
    order = np.lexsort((suffixes, -sums))
    return [int(suffixes[at]) for at in order if suffixes[at]][:_SUFFIXES]


def _outermost(rows: AskedTable, every: Array, roles: Roles, side: Array) -> Array:
    """Rows on legs whose server does not itself ask for such names; all that are no self leg, should all go on."""
    own = side[every] == SIDES.index(Side.SELF)
    outside = every[~own]
    if not len(outside):
        return every
    askers = set(roles.instances(rows.client[outside]).tolist())
    further = np.isin(roles.instances(rows.server[outside]), list(askers))
    return np.asarray(outside[~further]) if (~further).any() else outside


def _names(rows: AskedTable, text: Any, tail: str) -> tuple[LeakName, ...]:
    queries: dict[int, int] = defaultdict(int)
    frames: dict[int, tuple[int, Frame]] = {}
    for name, count, time, file, frame in zip(
        *(getattr(rows, c).tolist() for c in ("qname", "queries", "first_ns", "first_file", "first_frame")), strict=True
    ):
        queries[name] += count
        if name not in frames or time < frames[name][0]:
            frames[name] = (time, Frame(file, frame))
    found = []
    for name in sorted(queries, key=lambda name: (-queries[name], name))[:_NAMES]:
        qname = text(name)
        found.append(LeakName(qname, qname.removesuffix(f".{tail}") if tail else qname, queries[name], frames[name][1]))
    return tuple(sorted(found, key=lambda row: (-row.queries, row.qname)))


def peak_of(asked: Asked, rows: Array) -> int:
    """Queries of the given rows of `asked` in the busiest 60 s."""
    times, counts = asked.times(rows)
    if not len(times):
        return 0
    return int(peaks(times, counts.astype(np.int64), np.array([0, len(times)]))[0])


def is_public(address: str) -> bool:
    """Whether an address (text) is one of the open internet."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
