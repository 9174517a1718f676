"""Cycles of the forwarding graph: certain, probable with what they cost, or only when an upstream fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.config.graph import Edge, Graph, NameClass

__all__ = ["CERTAIN", "FAILURE_ONLY", "PROBABILISTIC", "Cycle", "find"]

CERTAIN = "certain"
PROBABILISTIC = "probabilistic"
FAILURE_ONLY = "failure-only"
_ALMOST_ONE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Cycle:
    """A way back to its first instance, for all `classes` of names that take it with the same chance.

    `probability`: that a query comes back (0 where only failures lead there); `arrivals`: mean arrivals of one query at
    the first instance, 1/(1-p), None without end; `fatal`: chance that CoreDNS' loop plugin ends a start, p², None where
    no instance of the cycle runs it for these names.
    """

    instances: tuple[str, ...]
    verdict: str
    probability: float
    arrivals: float | None
    fatal: float | None
    classes: tuple[NameClass, ...]
    edges: tuple[Edge, ...]

    @property
    def path(self) -> str:
        return " -> ".join((*self.instances, self.instances[0]))


def find(graph: Graph) -> list[Cycle]:
    """The shortest cycles of every strongly connected part and class, the same ones of several classes joined; worst first."""
    joined: dict[tuple[tuple[str, ...], str, float], Cycle] = {}
    for name_class in graph.classes:
        for cycle in _of_class(graph, name_class):
            key = (cycle.instances, cycle.verdict, round(cycle.probability, 9))
            old = joined.get(key)
            if old is None:
                joined[key] = cycle
            else:
                edges = old.edges + tuple(edge for edge in cycle.edges if edge not in old.edges)
                joined[key] = Cycle(
                    old.instances, old.verdict, old.probability, old.arrivals, max_or_none(old.fatal, cycle.fatal),
                    old.classes + cycle.classes, edges,
                )  # fmt: skip
    order = {CERTAIN: 0, PROBABILISTIC: 1, FAILURE_ONLY: 2}
    return sorted(joined.values(), key=lambda one: (order[one.verdict], -one.probability, one.instances))


def max_or_none(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _of_class(graph: Graph, name_class: NameClass) -> Iterator[Cycle]:
    every = [edge for edge in graph.edges_of(name_class) if edge.known]
    regular = [edge for edge in every if not edge.on_failure]
    found: set[str] = set()
    for part in _parts(regular):
        found |= part
        inside = [edge for edge in regular if edge.origin in part and edge.target in part]
        for path in _ways_round(inside, part):
            yield _judged(graph, name_class, part, inside, path)
    for part in _parts(every):
        if not part & found:
            inside = [edge for edge in every if edge.origin in part and edge.target in part]
            for path in _ways_round(inside, part):
                nodes = tuple(edge.origin for edge in path)
                yield Cycle(nodes, FAILURE_ONLY, 0.0, 1.0, None, (name_class,), path)


def _ways_round(edges: Sequence[Edge], part: set[str]) -> list[tuple[Edge, ...]]:
    """The shortest way round of every node of a strongly connected part, each way once, beginning at its smallest node."""
    ways: dict[frozenset[str], tuple[Edge, ...]] = {}
    for node in sorted(part):
        way = _shortest(edges, node)
        ways.setdefault(frozenset(edge.origin for edge in way), way)
    return sorted(ways.values(), key=len)


def _judged(
    graph: Graph, name_class: NameClass, part: set[str], edges: Sequence[Edge], path: tuple[Edge, ...]
) -> Cycle:
    nodes = tuple(edge.origin for edge in path)
    arrivals = _arrivals(sorted(part), edges, nodes[0])
    probability = 1.0 if arrivals is None else 1 - 1 / arrivals
    plugin = any(
        decision.block is not None and decision.block.loop is not None
        for decision in (graph.decisions[node, name_class.label] for node in nodes)
    )
    verdict = CERTAIN if arrivals is None else PROBABILISTIC
    return Cycle(nodes, verdict, probability, arrivals, probability**2 if plugin else None, (name_class,), path)


def _arrivals(nodes: Sequence[str], edges: Sequence[Edge], start: str) -> float | None:
    """Mean visits of `start` per query that enters there: the diagonal of (I - P)^-1; None where it does not end."""
    import numpy as np

    position = {node: index for index, node in enumerate(nodes)}
    steps = np.zeros((len(nodes), len(nodes)))
    for edge in edges:
        steps[position[edge.origin], position[edge.target]] += edge.probability
    if max(abs(np.linalg.eigvals(steps))) >= _ALMOST_ONE:
        return None
    visits = np.linalg.inv(np.eye(len(nodes)) - steps)
    return float(visits[position[start], position[start]])


def _parts(edges: Sequence[Edge]) -> list[set[str]]:
    """Strongly connected parts that hold a cycle, by who reaches whom (the graph has at most 200 nodes)."""
    after: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.origin, set()).add(edge.target)
    reach = {node: _reachable(after, node) for node in after}
    left, parts = set(after), []
    for node in sorted(after):
        if node in left and node in reach[node]:
            part = {other for other in reach[node] if node in reach.get(other, ())}
            left -= part
            parts.append(part)
    return parts


def _reachable(after: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    stack = list(after.get(start, ()))
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += after.get(node, ())
    return seen


def _shortest(edges: Sequence[Edge], start: str) -> tuple[Edge, ...]:
    """The edges of a shortest way from `start` back to it; ties go to the likelier edge, then the smaller name."""
    ordered = sorted(edges, key=lambda edge: (edge.on_failure, -edge.probability, edge.target))
    ways: list[tuple[Edge, ...]] = [()]
    seen: set[str] = set()
    while ways:
        longer: list[tuple[Edge, ...]] = []
        for way in ways:
            here = way[-1].target if way else start
            for edge in ordered:
                if edge.origin != here or (edge.target in seen and edge.target != start):
                    continue
                if edge.target == start:
                    return (*way, edge)
                seen.add(edge.target)
                longer.append((*way, edge))
        ways = longer
    return ()
