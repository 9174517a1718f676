"""The suffix tree of the page: sums as counted, few enough nodes, always the busiest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analyzer.measures.rows import SuffixNode
from analyzer.report import html_tree
from analyzer.report.html_tree import _busiest, branch
from analyzer.report.model import Report


def nodes(one: dict[str, Any]) -> list[dict[str, Any]]:
    return [one, *(below for child in one["children"] for below in nodes(child))]


def test_it_holds_the_counts(report_of: Callable[[str], Report]) -> None:
    found = branch(report_of("nodelocaldns-incident.pcap").details["tree"])
    assert found is not None
    by_label = {node["label"]: node for node in nodes(found["root"])}
    assert found["root"]["own"] == "all names"
    # One client asks 192 times for each of five suffixes and for the names as typed, which end in cluster.local too.
    assert (by_label["."]["queries"], by_label["local"]["queries"], by_label["example.org"]["queries"]) == (
        1152,
        960,
        192,
    )
    assert (by_label["svc.cluster.local"]["own"], by_label["svc.cluster.local"]["rest"]) == ("svc", ".cluster.local")
    assert by_label["."]["denied"] == 1.0


def test_the_busiest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def node(label: str, queries: int, *children: SuffixNode) -> SuffixNode:
        return SuffixNode(label, 0, queries, 1.0, None, None, None, 1, children)

    small, large = node("b", 1), node("a", 9, node("x.a", 8), node("y.a", 2))
    root = node(".", 10, small, large)
    monkeypatch.setattr(html_tree, "NODES", 3)
    assert _busiest(root) == {id(root), id(large), id(large.children[0])}


def test_no_tree() -> None:
    assert branch(None) is None
