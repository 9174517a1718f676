"""Cycles and their arithmetic, on graphs made by hand."""

from __future__ import annotations

import pytest

from analyzer.config.cycles import Cycle, find
from analyzer.config.graph import Edge, Graph, NameClass
from analyzer.config.instances import Decision
from analyzer.config.site import Site
from analyzer.findings import SourceLine

ROOT = NameClass(".", ".")


def cycles(*edges: tuple[str, str, float] | tuple[str, str, float, bool]) -> list[Cycle]:
    made = [
        Edge(ROOT, edge[0], edge[1], edge[1], "udp", edge[2], len(edge) == 4, (SourceLine("f", 1),), known=True)
        for edge in edges
    ]
    nodes = {name for edge in edges for name in edge[:2]}
    decisions = {(name, "."): Decision(".", None) for name in nodes}
    return find(Graph(Site(), [], [ROOT], made, decisions))


@pytest.mark.parametrize("upstreams", [2, 3, 5])
def test_one_of_k_upstreams_is_itself(upstreams: int) -> None:
    """Theory: k/(k-1) arrivals for each query."""
    (cycle,) = cycles(("a", "a", 1 / upstreams))
    assert cycle.verdict == "probabilistic"
    assert cycle.arrivals == pytest.approx(upstreams / (upstreams - 1))
    assert cycle.probability == pytest.approx(1 / upstreams)
    assert cycle.fatal is None, "no instance runs the loop plugin"


def test_two_parties_multiply() -> None:
    (cycle,) = cycles(("a", "b", 0.5), ("b", "a", 0.5))
    assert cycle.instances == ("a", "b")
    assert cycle.probability == pytest.approx(0.25)
    assert cycle.arrivals == pytest.approx(4 / 3)


def test_without_a_way_out_it_is_certain() -> None:
    (cycle,) = cycles(("a", "b", 1.0), ("b", "c", 1.0), ("c", "a", 1.0))
    assert (cycle.verdict, cycle.probability, cycle.arrivals, cycle.path) == ("certain", 1.0, None, "a -> b -> c -> a")


def test_asking_all_at_once_counts_more_than_one() -> None:
    (cycle,) = cycles(("a", "b", 1.0), ("b", "a", 1.0), ("b", "x", 1.0))
    assert cycle.verdict == "certain"


def test_failure_only() -> None:
    (cycle,) = cycles(("a", "x", 1.0), ("a", "b", 1.0, True), ("b", "a", 1.0))
    assert (cycle.verdict, cycle.instances) == ("failure-only", ("a", "b"))


def test_a_self_edge_inside_a_ring_is_told_apart() -> None:
    found = cycles(("a", "b", 1.0), ("b", "a", 0.25), ("b", "b", 0.25))
    assert sorted(cycle.instances for cycle in found) == [("a", "b"), ("b",)]
    # b sends on: 1/4 to itself, 1/4 back through a, so a query comes back to b with p 1/2, to a with 1/3
    assert {cycle.instances: round(cycle.probability, 4) for cycle in found} == {("b",): 0.5, ("a", "b"): 0.3333}


def test_no_cycle() -> None:
    assert cycles(("a", "b", 1.0), ("b", "c", 1.0), ("a", "c", 1.0)) == []
