"""Names and addresses as text, and their order by bytes, for many ids at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analyzer.dns.names import label_text
from analyzer.measures import Context
from analyzer.measures.cellstore import NO_NAME, OTHER_NAMES
from analyzer.messages import OTHERS, ROOT, Array

__all__ = ["Texts"]


class Texts:
    """Texts by id, remembered; parts of names are shared, so that a name costs one label."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._names = {ROOT: ".", OTHER_NAMES: OTHERS.decode(), NO_NAME: ""}
        self._addresses: dict[int, str] = {}
        self._parent: list[int] = []

    def name(self, node: int) -> str:
        """RFC 1035 presentation form, lower case, no final dot; `(others)` and the empty text for what is no name."""
        node = int(node)
        known = self._names
        if node not in known:
            tree, todo = self._context.names, []
            if len(self._parent) < len(tree):
                self._parent = tree.parent.tolist()
            at = node
            while at not in known:
                todo.append(at)
                at = self._parent[at]
            for part in reversed(todo):
                label = label_text(tree.label(part)).lower()
                known[part] = label if at == ROOT else f"{label}.{known[at]}"
                at = part
        return known[node]

    def address(self, ident: int) -> str:
        """RFC 5952 form."""
        ident = int(ident)
        if ident not in self._addresses:
            self._addresses[ident] = self._context.addresses.text(ident)
        return self._addresses[ident]

    def name_rank(self, nodes: Array) -> Array:
        """Position of every name in the order of their texts' bytes; equal names have equal positions."""
        return _rank(nodes, self.name)

    def address_rank(self, idents: Array) -> Array:
        """As `name_rank`, for addresses."""
        return _rank(idents, self.address)


def _rank(ids: Array, text: Callable[[int], str]) -> Array:
    distinct, index = np.unique(ids, return_inverse=True)
    texts = [text(ident) for ident in distinct.tolist()]
    rank = np.empty(len(texts), np.int64)
    rank[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return rank[index]
