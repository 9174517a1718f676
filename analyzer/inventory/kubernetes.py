"""A cluster's pods, services and nodes by address, from `kubectl get pods,svc,nodes -A -o json`, without the cluster."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from analyzer.errors import InputError

__all__ = ["Inventory", "Thing", "read"]

_HASH: Final = re.compile(r"-[0-9a-f]{5,10}$")  # what a Deployment appends to its ReplicaSets


@dataclass(frozen=True, slots=True)
class Thing:
    """What has an address: `kind` is `pod`, `service` or `node`; `workload` the pod's Deployment, DaemonSet, …

    `since_ns` is when a pod began to use the address (addresses are used again by later pods), else None.
    """

    kind: str
    namespace: str
    name: str
    workload: str = ""
    node: str = ""
    since_ns: int | None = None

    @property
    def label(self) -> str:
        """`namespace/name` for pods, `svc namespace/name`, `node name`."""
        if self.kind == "node":
            return f"node {self.name}"
        place = f"{self.namespace}/{self.name}"
        return place if self.kind == "pod" else f"svc {place}"


@dataclass(slots=True)
class Inventory:
    """Things by address (as text, RFC 5952)."""

    things: dict[str, list[Thing]] = field(default_factory=dict)

    def find(self, address: str, time_ns: int | None = None) -> Thing | None:
        """The thing that had the address at a time: of several pods the latest that had begun by then."""
        found = self.things.get(address, ())
        begun = [t for t in found if t.since_ns is None or time_ns is None or t.since_ns <= time_ns]
        return max(begun or found, key=lambda t: t.since_ns or 0, default=None)

    def label(self, address: str, time_ns: int | None = None) -> str:
        """A short name for the address, or an empty text."""
        thing = self.find(address, time_ns)
        return thing.label if thing else ""

    def labels(self) -> Mapping[str, tuple[tuple[int | None, str], ...]]:
        """Labels by address, each with the time (ns) since when it holds."""
        return {at: tuple((thing.since_ns, thing.label) for thing in things) for at, things in self.things.items()}

    def hosts(self) -> Mapping[str, tuple[str, ...]]:
        """Addresses by name, for filter expressions: nodes by name, pods and services by `name` and `name.namespace`."""
        found: dict[str, dict[str, None]] = {}
        for address, things in self.things.items():
            for thing in things:
                names = [thing.name] if thing.kind == "node" else [thing.name, f"{thing.name}.{thing.namespace}"]
                for name in names:
                    found.setdefault(name.lower(), {})[address] = None
        return {name: tuple(addresses) for name, addresses in found.items()}


def read(texts: Iterable[tuple[str, str]]) -> Inventory:
    """An inventory from `(file name, JSON text)` pairs; raises InputError where a text is no Kubernetes object or list."""
    inventory = Inventory()
    for name, text in texts:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name}: not JSON ({error})") from None
        if not isinstance(document, dict) or "kind" not in document:
            raise InputError(f"{name}: not a Kubernetes object (kubectl get pods,svc,nodes -A -o json)")
        items = document.get("items", [document])
        for item in items if isinstance(items, list) else []:
            for address, thing in _things(_mapping(item)):
                inventory.things.setdefault(address, []).append(thing)
    return inventory


def _things(item: Mapping[str, Any]) -> Iterator[tuple[str, Thing]]:
    kind = item.get("kind")
    meta, spec, status = (_mapping(item.get(key)) for key in ("metadata", "spec", "status"))
    name, namespace = str(meta.get("name", "")), str(meta.get("namespace", ""))
    if kind == "Pod" and not spec.get("hostNetwork"):
        pod = Thing(
            "pod", namespace, name, _workload(meta), str(spec.get("nodeName", "")), _time(status.get("startTime"))
        )
        yield from _each(pod, [status.get("podIP"), *(_mapping(ip).get("ip") for ip in _list(status.get("podIPs")))])
    elif kind == "Service":
        yield from _each(Thing("service", namespace, name), [spec.get("clusterIP"), *_list(spec.get("clusterIPs"))])
    elif kind == "Node":
        addresses = [_mapping(a) for a in _list(status.get("addresses"))]
        usable = [a.get("address") for a in addresses if a.get("type") in ("InternalIP", "ExternalIP")]
        yield from _each(Thing("node", "", name), usable)


def _each(thing: Thing, addresses: Iterable[Any]) -> Iterator[tuple[str, Thing]]:
    seen = set()
    for value in addresses:
        try:
            address = str(ipaddress.ip_address(str(value)))
        except ValueError:
            continue  # `None` of a headless service, or no address yet
        if address not in seen:
            seen.add(address)
            yield address, thing


def _workload(meta: Mapping[str, Any]) -> str:
    for owner in map(_mapping, _list(meta.get("ownerReferences"))):
        name = str(owner.get("name", ""))
        return _HASH.sub("", name) if owner.get("kind") == "ReplicaSet" else name
    return ""


def _time(value: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(str(value)).timestamp()) * 1_000_000_000
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
