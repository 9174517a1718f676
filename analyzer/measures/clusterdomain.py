"""The cluster's domain, and the names that carry it where it does not belong.

From the option; else the zone of an SOA that has a `svc` below it (CoreDNS's kubernetes plugin sends one with each
negative answer); else what follows `kubernetes.default.svc`; else `cluster.local`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns.names import wire_name
from analyzer.measures import Context
from analyzer.measures.keyed import Keyed
from analyzer.messages import ROOT, Array, NameTree, Present, State, TransactionBatch

__all__ = ["ClusterDomain", "Measure"]

_DEFAULT: Final = "cluster.local"


@dataclass(frozen=True, slots=True)
class ClusterDomain:
    """`name` in text, `how` it was found (`option`, `soa`, `kubernetes`, `default`), `node` in the tree or None.

    Arrays over all name ids: `inside`, at or below the domain; `rest`, for a name with the domain as a proper infix what
    follows it (a name id), else 0. A rest that itself ends in the domain is in-cluster search waste and counts as 0.
    """

    name: str
    how: str
    node: int | None
    inside: Array
    rest: Array
    servers: frozenset[int] = frozenset()  # that sent an SOA of the domain

    @property
    def labels(self) -> int:
        return self.name.count(".") + 1


class Measure:
    """Counts owners of SOA records and who answered for them; `result` is ClusterDomain."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._owners = Keyed(context.options.limits.max_keys)
        self._servers = Keyed(context.options.limits.max_keys)

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's SOA owners."""
        rows = batch.transactions
        with_soa = np.flatnonzero(((rows.r_present & int(Present.SOA)) != 0) & (rows.state != State.PENDING))
        self._owners.add(rows.soa_owner[with_soa].astype(np.uint64))
        pairs = rows.server[with_soa].astype(np.uint64) << np.uint64(32) | rows.soa_owner[with_soa].astype(np.uint64)
        self._servers.add(pairs)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._owners.merge(other._owners)
        self._servers.merge(other._servers)

    def result(self, results: Mapping[str, Any]) -> ClusterDomain:
        """Vote, and mark the names."""
        names = self._context.names
        name, how = self._vote(names)
        node = names.find(name)
        inside = names.under(node) if node is not None else np.zeros(len(names), np.bool_)
        pairs = self._servers.keys
        own = inside[(pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)]
        servers = frozenset((pairs[own] >> np.uint64(32)).tolist())
        return ClusterDomain(name, how, node, inside, _rests(names, wire_name(name), inside), servers)

    def _vote(self, names: NameTree) -> tuple[str, str]:
        declared = self._context.options.cluster_domain.strip(".").lower()
        if declared:
            return declared, "option"
        zones = [
            owner
            for owner in self._owners.keys.tolist()
            if owner != ROOT and names.child(int(owner), b"svc") is not None
        ]
        counts = dict(zip(self._owners.keys.tolist(), self._owners.sums[:, 0].tolist(), strict=True))
        default = names.find(_DEFAULT)
        if default is not None and int(default) in zones:
            return _DEFAULT, "soa"
        if zones:
            best = min(zones, key=lambda zone: (int(names.depth[int(zone)]), -counts[zone], int(zone)))
            return names.text(int(best)), "soa"
        if default is not None and names.child(default, b"svc") is not None:
            return _DEFAULT, "default"
        found = sorted(
            (int(names.depth[node]), names.text(names.parent[names.parent[names.parent[node]]].item()))
            for node in _labelled(names, b"kubernetes")
            if [label.lower() for label in names.labels(node)[1:3]] == [b"default", b"svc"] and names.depth[node] > 3
        )
        return (found[0][1], "kubernetes") if found else (_DEFAULT, "default")


def _labelled(names: NameTree, label: bytes) -> list[int]:
    return [node for node in range(1, len(names)) if names.label(node).lower() == label]


def _rests(names: NameTree, domain: list[bytes], inside: Array) -> Array:
    """For every name id the rest after the domain, counted from the occurrence nearest to the root."""
    rest = np.zeros(len(names), np.uint32)
    if not domain:
        return rest
    wanted = [label.lower() for label in domain]
    for node in _labelled(names, wanted[0]):
        labels = [label.lower() for label in names.labels(node)]
        if labels[: len(wanted)] == wanted and len(labels) > len(wanted):
            at = node
            for _ in wanted:
                at = int(names.parent[at])
            if not inside[at]:
                rest[node] = at
    if not rest.any():
        return rest
    order = np.argsort(names.depth, kind="stable")
    edges = np.flatnonzero(np.diff(names.depth[order])) + 1
    for level in np.split(order, edges)[1:]:
        above = rest[names.parent[level]]
        rest[level] = np.where(above > 0, above, rest[level])
    return rest
