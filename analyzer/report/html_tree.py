"""The suffix tree as the page folds it: nested nodes, few enough to draw."""

from __future__ import annotations

import heapq
from typing import Any, Final

from analyzer.measures.rows import SuffixNode
from analyzer.measures.tree import SuffixTree
from analyzer.report.times import amount, percent

__all__ = ["branch"]

DEPTH: Final = 7  # labels, unless told otherwise
NODES: Final = 500  # drawn at most, the busiest
OPEN: Final = 3  # levels that are unfolded at first
WIDTH: Final = 25


def branch(tree: Any, depth: int | None = None) -> dict[str, Any] | None:
    """The root with its descendants as nested mappings, None without a tree. Siblings stand by queries, falling."""
    if not isinstance(tree, SuffixTree):
        return None
    root = tree.root(depth=depth or DEPTH, width=WIDTH)
    if not root.queries:
        return None
    kept = _busiest(root)
    return {"side": tree.side.value, "root": _node(root, "", kept), "nodes": len(kept)}


def _busiest(root: SuffixNode) -> set[int]:
    """The nodes to draw: always the one with most queries among those whose parent is drawn."""
    kept: set[int] = set()
    heap = [(-root.queries, 0, root)]
    number = 0
    while heap and len(kept) < NODES:
        _, _, node = heapq.heappop(heap)
        kept.add(id(node))
        for child in node.children:
            number += 1
            heapq.heappush(heap, (-child.queries, number, child))
    return kept


def _node(node: SuffixNode, parent: str, kept: set[int]) -> dict[str, Any]:
    """One node."""
    label = node.label
    children = [child for child in node.children if id(child) in kept]
    own = label if parent in ("", ".") else label.removesuffix(f".{parent}")
    return {
        "own": "all names" if label == "." else own,
        "rest": "" if own == label else f".{parent}",
        "label": label,
        "queries": node.queries,
        "count": amount(node.queries),
        "share": node.share,
        "percent": percent(node.share),
        "nxdomain": percent(node.nxdomain_share),
        "denied": node.nxdomain_share or 0.0,
        "wasted": percent(node.wasted_share) if node.wasted_share is not None else "",
        "names": amount(node.names),
        "open": node.depth < OPEN,
        "children": [_node(child, label, kept) for child in children],
        "hidden": len(node.children) - len(children),
    }
