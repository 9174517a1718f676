"""Who asks whom: the forwarding graph, learned from traffic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.measures import Context
from analyzer.measures.roles import Roles
from analyzer.measures.rows import Frame
from analyzer.messages import State, TransactionBatch

__all__ = ["Edge", "Graph", "Measure", "Node"]

_MAX_LEGS: Final = 200_000  # (client, server) pairs with their first frame; more are counted as left out
_MAX_SINGLE: Final = 6  # clients that ask the same servers, drawn one by one; more become one node


class _Leg(NamedTuple):
    queries: int
    first: Frame
    first_ns: int
    last: Frame


@dataclass(frozen=True, slots=True)
class Node:
    """One machine or forwarder under all its addresses, or a crowd of clients that ask the same servers.

    `role` is `client`, `clients` (a crowd of `count`), `forwarder` or `server`.
    """

    id: str
    role: str
    addresses: tuple[str, ...]
    count: int = 1


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` asks `target` (ids of nodes). `looping` where a cycle runs along it."""

    source: str
    target: str
    queries: int
    first: Frame
    last: Frame
    looping: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes, edges (the busiest first), and cycles as ids of nodes in the order of a turn; `left_out` legs past the cap."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    cycles: tuple[tuple[str, ...], ...]
    left_out: int = 0


class Measure:
    """Counts queries by leg, with the first and last frame."""

    needs: tuple[str, ...] = ("roles", "loops", "probes")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._legs: dict[tuple[int, int], _Leg] = {}
        self._left_out = 0

    def update(self, batch: TransactionBatch) -> None:
        rows = batch.transactions
        asked = np.flatnonzero(rows.state != int(State.ORPHAN))
        if not len(asked):
            return
        keys = rows.client[asked].astype(np.uint64) << np.uint64(32) | rows.server[asked].astype(np.uint64)
        unique, first, counts = np.unique(keys, return_index=True, return_counts=True)
        last = len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]
        for at, key in enumerate(unique.tolist()):
            one, other = asked[first[at]], asked[last[at]]
            begin = Frame(int(rows.file[one]), int(rows.frame[one]))
            end = Frame(int(rows.file[other]), int(rows.frame[other]))
            self._add((key >> 32, key & 0xFFFFFFFF), _Leg(int(counts[at]), begin, int(rows.time_ns[one]), end))

    def _add(self, key: tuple[int, int], new: _Leg) -> None:
        known = self._legs.get(key)
        if known is not None:
            self._legs[key] = _Leg(known.queries + new.queries, known.first, known.first_ns, new.last)
        elif len(self._legs) < _MAX_LEGS:
            self._legs[key] = new
        else:
            self._left_out += new.queries

    def merge(self, other: Measure) -> None:
        for key, leg in other._legs.items():
            self._add(key, leg)
        self._left_out += other._left_out

    def result(self, results: Mapping[str, Any]) -> Graph:
        return _Drawing(self._context, results, self._legs).graph(self._left_out)


class _Drawing:
    """Folds legs over instances, and crowds of clients into one node."""

    def __init__(self, context: Context, results: Mapping[str, Any], legs: Mapping[tuple[int, int], _Leg]) -> None:
        self._text = context.addresses.text
        self._roles: Roles = results["roles"]
        self._alias = self._aliases(results["probes"])
        self._cycles = [*self._loops(results["loops"]), *self._probes(results["probes"])]
        self._edges: dict[tuple[int, int], _Leg] = {}
        self._members: dict[int, set[int]] = defaultdict(set)
        for (client, server), leg in sorted(legs.items(), key=lambda item: (item[1].first_ns, item[0])):
            pair = (self._instance(client), self._instance(server))
            self._members[pair[0]].add(client)
            self._members[pair[1]].add(server)
            known = self._edges.get(pair)
            total = leg.queries + (known.queries if known else 0)
            self._edges[pair] = _Leg(total, known.first if known else leg.first, leg.first_ns, leg.last)

    def _aliases(self, probes: Any) -> dict[int, int]:
        """What probes tell beyond the roles: a probe's party is one instance, whatever address it sends from."""
        alias: dict[int, int] = {}
        for probe in probes.probes:
            for party in probe.parties:
                first = self._instance_in(alias, party[0])
                for address in party[1:]:
                    other = self._instance_in(alias, address)
                    if other != first:
                        alias[other] = first
        return alias

    def _instance_in(self, alias: Mapping[int, int], address: int) -> int:
        instance = self._roles.instance(address)
        while instance in alias:
            instance = alias[instance]
        return instance

    def _instance(self, address: int) -> int:
        return self._instance_in(self._alias, address)

    def _loops(self, circles: Any) -> list[tuple[int, ...]]:
        proven = [c for c in circles if any(q.depth >= 2 for q in c.questions)]
        return [tuple(self._instance(party[0]) for party in circle.parties) for circle in proven]

    def _probes(self, probes: Any) -> list[tuple[int, ...]]:
        found = []
        for probe in probes.probes:
            if probe.copies:
                turn = [probe.parties[0], *(p for at, p in enumerate(probe.parties) if at and (at, 0) in probe.edges)]
                found.append(tuple(dict.fromkeys(self._instance(party[0]) for party in turn)))
        return found

    def graph(self, left_out: int) -> Graph:
        """The finished graph."""
        crowd = self._crowds()
        names = {instance: self._name(instance) for instance in self._members}
        names.update(crowd)
        looping = {pair for cycle in self._cycles for pair in zip(cycle, (*cycle[1:], cycle[0]), strict=True)}
        merged: dict[tuple[str, str], Edge] = {}
        for (client, server), leg in self._edges.items():
            key = (names[client], names[server])
            known = merged.get(key)
            merged[key] = Edge(
                *key,
                queries=leg.queries + (known.queries if known else 0),
                first=known.first if known else leg.first,
                last=leg.last,
                looping=(client, server) in looping or (known is not None and known.looping),
            )
        edges = sorted(merged.values(), key=lambda e: (-e.queries, e.source, e.target))
        cycles = {tuple(names[i] for i in cycle) for cycle in self._cycles if all(i in names for i in cycle)}
        return Graph(tuple(self._nodes(names)), tuple(edges), tuple(sorted(cycles)), left_out)

    def _crowds(self) -> dict[int, str]:
        """Names for clients that are drawn together: those with the same servers, where they are many."""
        targets: dict[int, set[int]] = defaultdict(set)
        for client, server in self._edges:
            targets[client].add(server)
        asked = {server for _, server in self._edges}
        alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for client, servers in targets.items():
            if client not in asked:
                alike[tuple(sorted(servers))].append(client)
        crowds: dict[int, str] = {}
        for shared, clients in alike.items():
            if len(clients) > _MAX_SINGLE:
                label = f"{len(clients)} clients of {', '.join(self._name(s) for s in shared[:3])}"
                crowds.update(dict.fromkeys(clients, label))
        return crowds

    def _name(self, instance: int) -> str:
        return self._roles.name(instance) or self._text(instance)

    def _nodes(self, names: Mapping[int, str]) -> list[Node]:
        asked, asking = {s for _, s in self._edges}, {c for c, s in self._edges if c != s}
        together: dict[str, list[int]] = defaultdict(list)
        for instance, name in names.items():
            together[name].append(instance)
        nodes = []
        for name, instances in together.items():
            one = instances[0]
            if len(instances) > 1:
                role = "clients"
            elif one in asked:
                role = "forwarder" if one in asking else "server"
            else:
                role = "client"
            addresses = tuple(sorted(self._text(a) for instance in instances for a in self._members[instance]))
            nodes.append(Node(name, role, addresses, len(instances)))
        return sorted(nodes, key=lambda node: node.id)
