"""Kubernetes objects as `kubectl get … -o yaml|json` prints them: Corefiles in ConfigMaps, addresses of Services and Endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.config.parsed import Parsed, address
from analyzer.config.yamlnodes import Tree, documents
from analyzer.findings import SourceLine

__all__ = ["Embedded", "Manifests", "Service", "read"]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file inside a ConfigMap: `offset` is the number of lines before its first one in the manifest.

    None where the manifest holds it as a quoted string (JSON): then only lines inside the file can be told.
    """

    config_map: str
    key: str
    text: str
    offset: int | None
    source: SourceLine


@dataclass(frozen=True, slots=True)
class Service:
    """A Service or its Endpoints: the addresses that lead to its pods."""

    name: str
    addresses: tuple[str, ...]
    source: SourceLine


@dataclass(slots=True)
class Manifests:
    texts: list[Embedded] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)


def read(text: str, origin: str) -> Parsed[Manifests]:
    """One or more documents, or `List` objects of them; other kinds are passed over."""
    trees, problems = documents(text, origin)
    found = Manifests()
    for item in _items(trees):
        kind, name = item.get("kind").text, item.get("metadata", "name").text
        if kind == "ConfigMap":
            found.texts += _texts(item, name)
        elif kind in ("Service", "Endpoints", "EndpointSlice"):
            label = item.get("metadata", "labels", "kubernetes.io/service-name").text
            literals = tuple(dict.fromkeys(_addresses(item, kind)))
            found.services.append(Service(label or name, literals, item.source))
    return Parsed(origin, "kubernetes", found, tuple(problems))


def _items(trees: list[Tree]) -> Iterator[Tree]:
    for tree in trees:
        if tree.get("kind").text.endswith("List"):
            yield from tree.get("items").items()
        else:
            yield tree


def _texts(item: Tree, name: str) -> Iterator[Embedded]:
    for key, value in item.get("data").pairs():
        # a block scalar begins on the line after its `|`
        yield Embedded(name, key, value.text, value.line if value.is_block else None, value.source)


def _addresses(item: Tree, kind: str) -> Iterator[str]:
    if kind == "Service":
        words = item.get("spec", "clusterIPs").words() or item.get("spec", "clusterIP").words()
        words += item.get("status", "loadBalancer", "ingress").words()
    elif kind == "Endpoints":
        words = [
            word
            for subset in item.get("subsets").items()
            for one in subset.get("addresses").items()
            for word in one.get("ip").words()
        ]
    else:
        words = [word for one in item.get("endpoints").items() for word in one.get("addresses").words()]
    for word, _ in words:
        literal = address(word)
        if literal:
            yield literal
