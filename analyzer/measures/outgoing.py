"""What left the cluster, and what of it a better first candidate had saved.

A name counts on the last leg on which it came past: where the server is not seen to ask for it in its turn. What a server
of the cluster is asked, and what a machine asks itself, has not left. A try with a search suffix that got no
data was not needed; every other was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked, AskedTable
from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.measures.keyed import grouped
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Side
from analyzer.measures.search_bill import bill_rows
from analyzer.measures.search_rows import Bill, BillRow, Search
from analyzer.messages import Array, TransactionBatch

__all__ = ["Measure", "Outgoing"]

_LISTED: Final = 10_000  # names whose base is looked up; hostile traffic can make up any number
_SERVERS: Final = 100


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The account of what left; None where no leg out of the cluster was captured. `servers` are who was asked, most first.

    A lookup is one try of one name, A and AAAA together. `bases` and `suffixes` speak of names with a known search suffix.
    """

    bill: Bill | None = None
    servers: tuple[str, ...] = ()


class Measure:
    """A fold over `asked` and `search`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("asked", "clusterdomain", "roles", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> Outgoing:
        """The account."""
        asked: Asked = results["asked"]
        domain: ClusterDomain = results["clusterdomain"]
        search: Search = results["search"]
        rows = asked.rows
        cluster = bool(search.lists) or bool((domain.rest[rows.qname] > 0).any())
        inner = [server for found in search.lists if found.namespace for server in found.servers]
        pods = [ident for ident in map(self._context.addresses.find, inner) if ident is not None]
        chosen = _left(rows, results["roles"], domain, pods) if cluster and len(rows) else np.zeros(0, np.int64)
        if not len(chosen):
            return Outgoing()
        rows = rows.take(chosen)
        servers, index = np.unique(rows.server, return_inverse=True)
        order = np.lexsort((servers, -np.bincount(index, rows.queries)))[:_SERVERS]
        return Outgoing(
            bill=_bill(rows, _suffixes(rows, search, domain, self._context), search, self._context),
            servers=tuple(self._context.addresses.text(int(servers[at])) for at in order),
        )


def _left(rows: AskedTable, roles: Roles, domain: ClusterDomain, pods: list[int]) -> Array:
    """Rows of the last leg of each name that is no leg to a server of the cluster: one that answers for its zone, one of
    pods' resolv.conf, or one that asks such a server in its turn."""
    side = roles.side(rows.client, rows.server)
    counted = (side == SIDES.index(Side.CLIENT)) | (side == SIDES.index(Side.UPSTREAM))
    own = domain.servers | set(rows.server[(rows.data > 0) & domain.inside[rows.qname]].tolist())
    asker = roles.instances(rows.client).astype(np.uint64) << np.uint64(32) | rows.qname
    server = roles.instances(rows.server).astype(np.uint64) << np.uint64(32) | rows.qname
    further = np.isin(server, asker[counted])
    inside = roles.instances(np.array([*own, *pods], np.int64))
    serves = np.isin(roles.instances(rows.server), inside)
    inside = np.union1d(inside, roles.instances(rows.client[serves & roles.forwarder[rows.client]]))
    return np.flatnonzero(counted & ~further & ~np.isin(roles.instances(rows.server), inside))


def _suffixes(rows: AskedTable, search: Search, domain: ClusterDomain, context: Context) -> Array:
    """The search suffix of each row's name: a name id, 0 where it is as typed or nothing is known."""
    of = np.array(domain.rest, np.int64)
    ids: dict[str, int] = {}
    for node, suffix in search.suffix_of.items():
        if suffix:
            if suffix not in ids:
                ids[suffix] = context.names.find(suffix) or 0
            of[node] = ids[suffix]
    return of[rows.qname]


def _bill(rows: AskedTable, suffix: Array, search: Search, context: Context) -> Bill:
    alive = np.unique(rows.qname[rows.data > 0])
    lost = (suffix > 0) & ~np.isin(rows.qname, alive)
    queries = rows.queries
    needed = np.where(lost, 0, queries)
    # A and AAAA of one try are one lookup: of each leg and name the type asked most often counts.
    leg = rows.client.astype(np.uint64) << np.uint64(32) | rows.server
    legs = np.unique(leg, return_inverse=True)[1].astype(np.uint64)
    order = np.lexsort((-rows.questions, rows.qname, legs))
    first = grouped((legs << np.uint64(32) | rows.qname)[order])[1]
    lookups = np.zeros(len(rows), np.int64)
    lookups[order[first]] = rows.questions[order[first]]

    def total(name: str, chosen: Array) -> BillRow:
        return BillRow(name, *(int(column[chosen].sum()) for column in (lookups, queries, needed)))

    clients, of_client = np.unique(rows.client, return_inverse=True)
    tails = np.flatnonzero(suffix > 0)
    distinct, of_tail = np.unique(suffix[tails], return_inverse=True)
    named, base, labels = _bases(rows, suffix, search, context)
    return Bill(
        total=total("all", np.ones(len(rows), np.bool_)),
        multi=total("with a search suffix", suffix > 0),
        clients=bill_rows(of_client, [context.addresses.text(int(c)) for c in clients], lookups, queries, needed),
        bases=bill_rows(base, labels, lookups[named], queries[named], needed[named]),
        suffixes=bill_rows(
            of_tail, [context.names.text(int(s)) for s in distinct], lookups[tails], queries[tails], needed[tails]
        ),
    )


def _bases(rows: AskedTable, suffix: Array, search: Search, context: Context) -> tuple[Array, Array, list[str]]:
    """Rows whose base is known, the number of each one's base, and the bases."""
    names, index = np.unique(rows.qname, return_inverse=True)
    tail = np.zeros(len(names), np.int64)
    tail[index] = suffix
    busiest = np.argsort(-np.bincount(index, rows.queries), kind="stable")
    known = np.full(len(names), -1, np.int64)
    numbers: dict[str, int] = {}
    for at in busiest[:_LISTED].tolist():
        base = search.base_of.get(int(names[at]))
        if base is None and tail[at]:
            base = context.names.text(int(names[at])).removesuffix("." + context.names.text(int(tail[at])))
        if base is not None:
            known[at] = numbers.setdefault(base, len(numbers))
    named = np.flatnonzero(known[index] >= 0)
    return named, known[index][named], list(numbers)
