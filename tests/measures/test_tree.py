"""The tree of suffixes against sums over the names table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.measures.traffic import batches, results, scene


@pytest.fixture(scope="module")
def one() -> dict[str, Any]:
    return results(*batches(scene(11, lookups=40)))


def test_a_node_of_the_tree_holds_its_children(one: dict[str, Any]) -> None:
    root = one["tree"].root(depth=3, width=1000)
    for node in root.children:
        below = sum(child.queries for child in node.children)
        assert node.queries >= below
    assert sum(child.share for child in root.children) == pytest.approx(1.0)
    names = {row.qname: row for row in one["names"].rows}
    local = next(node for node in root.children if node.label == "local")
    assert local.queries == sum(row.queries for name, row in names.items() if name.endswith(".local"))
    assert local.names == sum(name.endswith(".local") for name in names)


def test_depth_and_width_bound_what_is_made(one: dict[str, Any]) -> None:
    root = one["tree"].root(depth=1, width=2)
    assert len(root.children) == 2
    assert all(not child.children and child.depth == 1 for child in root.children)
