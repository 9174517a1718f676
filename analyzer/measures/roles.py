"""Who asks, who answers, who does both: forwarders under all their addresses, and so the side of every leg (docs/semantics.md).

`update` counts by leg (client, server) and by link (the client of a query, its server, and the server of the client's
query that caused it). `result` votes: an address that answers and asks is a forwarder; a source is one more address of the
server whose clients' questions explain at least half of what it sends, and at least five queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.keyed import Keyed
from analyzer.measures.peaks import by_group
from analyzer.measures.rows import Forwarder, Side
from analyzer.messages import NO_ROW, Array, State, TransactionBatch

__all__ = ["SIDES", "Measure", "Roles", "fold"]

SIDES: Final = (Side.CLIENT, Side.UPSTREAM, Side.SELF, Side.TRANSIT)
"""Sides by their number in arrays."""

_MIN_LINKS: Final = 5
_LISTED: Final = 1000  # forwarders described; forged traffic can make every address look like one
_BITS: Final = 21  # of an address id in a link's key: decoders keep at most half a million addresses


class Roles:
    """The vote's outcome. Addresses are ids of the context's table.

    `forwarder` and `serves` say of every address id whether it belongs to a forwarder, and whether it answers (where the
    input holds no response at all: whether it is asked).
    """

    def __init__(
        self, group: Array, forwarder: Array, serves: Array, unknown: Array, text: Callable[[int], str]
    ) -> None:
        self._text = text
        self._group, self._unknown = group, unknown
        self.forwarder, self.serves = forwarder, serves
        self.forwarders: tuple[Forwarder, ...] = ()
        self._names: dict[int, str] = {}

    def instance(self, address: int) -> int:
        """The address that stands for all addresses of one machine or forwarder; the address itself if it has no other."""
        return int(self._group[address]) if address < len(self._group) else address

    def instances(self, addresses: Array) -> Array:
        """`instance` of many."""
        return self._group[addresses]

    def side(self, client: Array, server: Array) -> Array:
        """The side of every leg, as an index of SIDES."""
        out = np.where(self.forwarder[client], 1, 0).astype(np.uint8)
        out[self._group[client] == self._group[server]] = 2
        out[self._unknown[client] | self._unknown[server]] = 3
        return out

    def name(self, address: int) -> str:
        """The name of the forwarder that the address belongs to, or an empty text."""
        if not self.forwarder[address]:
            return ""
        return self._names.get(self.instance(address)) or self._text(self.instance(address))


class Measure:
    """Counts legs and links; `result` is Roles."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        cap = context.options.limits.max_keys
        self._legs = Keyed(cap, 2)  # queries, responses
        self._links = Keyed(cap, 1)

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's transactions."""
        rows = batch.transactions
        if not len(rows):
            return
        asked = rows.state != State.ORPHAN
        replied = (rows.state == State.ANSWERED) | (rows.state == State.LATE) | ~asked
        self._legs.count((32, 32), (rows.client, rows.server), asked, replied)
        linked = np.flatnonzero(rows.fed_by != NO_ROW)
        trio = [column[linked] for column in (rows.client, rows.server, rows.fed_by_server)]
        small = np.logical_and.reduce([column < 1 << _BITS for column in trio])
        self._links.count((_BITS,) * 3, [column[small] for column in trio])

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._legs.merge(other._legs)
        self._links.merge(other._links)

    def result(self, results: Mapping[str, Any]) -> Roles:
        """Vote."""
        return fold(self._context, self._legs, self._links)


def _pack(bits: int, *columns: Array) -> Array:
    key = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        key = (key << np.uint64(bits)) | column.astype(np.uint64)
    return key


def _unpack(bits: int, keys: Array, count: int) -> list[Array]:
    mask = np.uint64((1 << bits) - 1)
    return [((keys >> np.uint64(bits * (count - 1 - i))) & mask).astype(np.int64) for i in range(count)]


def fold(context: Context, legs: Keyed, links: Keyed) -> Roles:
    """Roles from legs (client, server: queries, responses) and links (source, its server, the cause's server: count)."""
    addresses = context.addresses
    client, server = _unpack(32, legs.keys, 2)
    queries, responses = legs.sums.T
    group = _groups(context, legs, links)
    serves = np.zeros(len(addresses), np.bool_)
    serves[server[(responses if responses.any() else queries) > 0]] = True
    declared = [addresses.find(ip) for ips in context.options.forwarders.values() for ip in ips]
    outward = (group[client] != group[server]) & (queries > 0)
    forwards = np.zeros(len(addresses), np.bool_)
    forwards[group[client[outward]]] = True
    answers = np.zeros(len(addresses), np.bool_)
    answers[group[serves]] = True
    forwards &= answers
    forwards[group[[ident for ident in declared if ident is not None]]] = True
    unknown = ~addresses.known()
    unknown[0] = True  # the unspecified address, which also stands for legs that found no room
    roles = Roles(group, forwards[group] & ~unknown, serves, unknown, addresses.text)
    _describe(roles, context, legs, links)
    return roles


def _groups(context: Context, legs: Keyed, links: Keyed) -> Array:
    """For every address id the least id of the same machine or forwarder."""
    parent = np.arange(len(context.addresses))

    def root(address: int) -> int:
        while parent[address] != address:
            parent[address] = parent[parent[address]]
            address = int(parent[address])
        return address

    def join(first: int, second: int) -> None:
        low, high = sorted((root(first), root(second)))
        parent[high] = low

    for ips in context.options.forwarders.values():
        known = [ident for ip in ips if (ident := context.addresses.find(ip)) is not None]
        for other in known[1:]:
            join(known[0], other)
    source, asked, cause = _unpack(_BITS, links.keys, 3)
    count = links.sums[:, 0]
    sends = legs.sums[np.searchsorted(legs.keys, _pack(32, source, asked)).clip(max=max(len(legs.keys) - 1, 0)), 0]
    vote = (source != cause) & (count >= _MIN_LINKS) & (2 * count >= sends)
    for first, second in zip(source[vote].tolist(), cause[vote].tolist(), strict=True):
        join(first, second)
    while not np.array_equal(parent, parent[parent]):
        parent = parent[parent]
    return parent


def _describe(roles: Roles, context: Context, legs: Keyed, links: Keyed) -> None:
    """Fill in the list of forwarders, the busiest first, at most 1000."""
    text, size = context.addresses.text, len(context.addresses)
    client, server = _unpack(32, legs.keys, 2)
    queries, responses = legs.sums.T
    group = roles._group
    source, _, cause = _unpack(_BITS, links.keys, 3)
    own = group[source] == group[cause]
    linked = np.bincount(group[source[own]], links.sums[own, 0], minlength=size)
    served = np.bincount(server, responses, minlength=size)
    declared = {ip: name for name, ips in context.options.forwarders.items() for ip in ips}
    outward = np.flatnonzero((group[client] != group[server]) & (queries > 0))
    asks, asks_at = by_group(group[client[outward]], size)
    members, members_at = by_group(group, size)
    found: list[tuple[int, Forwarder]] = []
    sent = np.bincount(group[client[outward]], queries[outward], minlength=size)
    instances = np.unique(group[roles.forwarder])
    for instance in instances[np.argsort(-sent[instances], kind="stable")][:_LISTED].tolist():
        ids = sorted(members[members_at[instance] : members_at[instance + 1]].tolist(), key=lambda m: (-served[m], m))
        texts = [text(ident) for ident in ids]
        name = next((declared[ip] for ip in texts if ip in declared), "")
        roles._names[instance] = name or texts[0]
        mine = outward[asks[asks_at[instance] : asks_at[instance + 1]]]
        totals: Counter[str] = Counter()
        for asked, count in zip(server[mine].tolist(), queries[mine].tolist(), strict=True):
            totals[text(asked)] += count
        row = Forwarder(
            name=roles._names[instance],
            addresses=tuple(sorted(texts)),
            declared=bool(name),
            links=int(linked[instance]),
            upstreams=tuple(sorted(totals, key=lambda ip: (-totals[ip], ip))),
        )
        found.append((totals.total(), row))
    roles.forwarders = tuple(row for _, row in sorted(found, key=lambda pair: (-pair[0], pair[1].name)))
