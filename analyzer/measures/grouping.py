"""Which suffix a name is grouped under, and by which rule (docs/semantics.md); the first rule that applies wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from analyzer.dns.names import label_text
from analyzer.dns.suffixes import is_tld, registrable, reverse_labels, same_below
from analyzer.measures import Context
from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.measures.texts import Texts
from analyzer.messages import ROOT, Array

__all__ = ["Group", "Grouping"]

_FALLBACK: Final = 2  # labels, where nothing else is known


class Group(NamedTuple):
    """A suffix, the rule that chose it, and what it is in the cluster."""

    suffix: str
    grouped_by: str
    namespace: str = ""
    service: str = ""


class Grouping:
    """`group(name id)`. `search` maps name ids to suffixes of established search chains, `cuts` are owners of SOA and NS."""

    def __init__(
        self, context: Context, texts: Texts, search: Mapping[int, str], cluster: ClusterDomain, cuts: Array
    ) -> None:
        self._names, self._texts = context.names, texts
        self._depth = context.options.depth
        self._search, self._cluster = search, cluster
        self._below: dict[int, Group | None] = {}  # by a name's parent, where all below it are alike
        self._cut = _deepest(context, cuts) if len(cuts) else np.zeros(len(context.names), np.uint32)

    def group(self, node: int) -> Group:
        """The group of a name."""
        if self._depth is not None:
            return Group(self._suffix(node, self._depth), "depth")
        searched = self._search.get(node)
        if searched:
            return Group(searched, "search")
        if node < len(self._cluster.rest) and self._cluster.rest[node]:
            return Group(self._texts.name(int(self._cluster.rest[node])), "search")
        if node < len(self._cluster.inside) and self._cluster.inside[node]:
            return self._shared(node, self._cluster.labels + 3, self._clustered)
        cut = int(self._cut[node]) if node < len(self._cut) else ROOT
        if cut and not self._reverse(node):
            return Group(self._texts.name(cut), "zone-cut")
        return self._shared(node, 0, self._public)

    def _shared(self, node: int, labels: int, rule: Callable[[int], Group]) -> Group:
        """What the rule says of a name; of its parent, where that is the same for all names below."""
        parent = int(self._names.parent[node])
        known = self._below.get(parent, self)
        if known is self:
            above = self._names.labels(parent)
            same = len(above) >= labels if labels else same_below(above) and self._settled(above)
            known = self._below[parent] = rule(parent) if same else None
        return known if isinstance(known, Group) else rule(node)

    def _settled(self, labels: list[bytes]) -> bool:
        """Whether a reverse name, or one that nothing is known of, is long enough to share its group with all below."""
        reverse = reverse_labels([b"x", *labels])
        return len(labels) >= (reverse or _FALLBACK)

    def _reverse(self, node: int) -> bool:
        return reverse_labels(self._names.labels(node)) is not None

    def _public(self, node: int) -> Group:
        labels = self._names.labels(node)
        reverse = reverse_labels(labels)
        if reverse is not None:
            return Group(self._suffix(node, reverse), "reverse")
        own = registrable(labels)
        if own is not None:
            return Group(self._suffix(node, own), "public-suffix")
        return Group(self._suffix(node, _FALLBACK), "labels")

    def _suffix(self, node: int, labels: int) -> str:
        for _ in range(int(self._names.depth[node]) - labels):
            node = int(self._names.parent[node])
        return self._texts.name(node)

    def _clustered(self, node: int) -> Group:
        """`[…] service namespace svc`, `[…] namespace pod`, or anything else right below the domain."""
        domain, labels = self._cluster.labels, self._names.labels(node)
        inner = [label_text(label).lower() for label in labels[: len(labels) - domain]]
        if len(inner) >= 2 and inner[-1] in ("svc", "pod"):
            service = inner[-3] if inner[-1] == "svc" and len(inner) >= 3 else ""
            return Group(self._suffix(node, domain + 2 + bool(service)), "cluster", inner[-2], service)
        return Group(self._cluster.name, "cluster")


def _deepest(context: Context, cuts: Array) -> Array:
    """For every name id the deepest zone cut at or above it, ROOT where none was seen.

    A cut that is itself a public suffix does not count: a registry's zone says nothing of whose names are below it.
    """
    names = context.names
    out = np.zeros(len(names), np.uint32)
    for node in cuts.tolist():
        labels = names.labels(node) if node < len(names) else []
        if labels and not (is_tld(labels[-1]) and registrable(labels) is None):
            out[node] = node
    order = np.argsort(names.depth, kind="stable")
    for level in np.split(order, np.flatnonzero(np.diff(names.depth[order])) + 1)[1:]:
        out[level] = np.where(out[level] != ROOT, out[level], out[names.parent[level]])
    return out
