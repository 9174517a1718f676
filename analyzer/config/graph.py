"""The forwarding graph: for each class of names, who sends them to whom and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analyzer.config.instances import Decision, Instance
from analyzer.config.parsed import is_loopback
from analyzer.config.placing import find, place
from analyzer.config.site import UNKNOWN, Site
from analyzer.config.zones import normal, reverse_name
from analyzer.findings import SourceLine

__all__ = ["Edge", "Graph", "NameClass", "SearchList", "build", "searches"]

_MAX_CLASSES = 80  # of names; past it the zones that come last in the files are left out
_REVERSE = ("in-addr.arpa.", "ip6.arpa.")


@dataclass(frozen=True, slots=True, order=True)
class NameClass:
    """A kind of name by its `label`; `name` is the one that stands for it when routes are looked up."""

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Edge:
    """One forwarding step for a class: `target` is an instance id, or an address outside of what was given.

    `probability` per query that arrives at `origin`; on an `on_failure` edge it is taken only when an earlier one fails.
    """

    name_class: NameClass
    origin: str
    target: str
    address: str
    proto: str
    probability: float
    on_failure: bool
    sources: tuple[SourceLine, ...]
    known: bool


@dataclass(frozen=True, slots=True)
class SearchList:
    """What a client of the site appends: `who` (pods of a node, the node itself), suffixes in order, ndots, its line."""

    who: str
    suffixes: tuple[str, ...]
    ndots: int
    source: SourceLine | None
    servers: tuple[str, ...] = ()


@dataclass(slots=True)
class Graph:
    """Instances, name classes and edges of a site; `decisions` keeps what each instance does with each class."""

    site: Site
    instances: list[Instance]
    classes: list[NameClass]
    edges: list[Edge] = field(default_factory=list)
    decisions: dict[tuple[str, str], Decision] = field(default_factory=dict)
    searches: list[SearchList] = field(default_factory=list)

    def instance(self, name: str) -> Instance | None:
        return next((one for one in self.instances if one.id == name), None)

    def edges_of(self, name_class: NameClass) -> list[Edge]:
        return [edge for edge in self.edges if edge.name_class == name_class]


def build(site: Site) -> Graph:
    """Place the instances, find the classes of names, and let every instance decide on each."""
    instances = place(site)
    lists = list(searches(site))
    graph = Graph(site, instances, _classes(site, instances, lists), searches=lists)
    for name_class in graph.classes:
        for instance in instances:
            decision = instance.decide(name_class.name)
            graph.decisions[instance.id, name_class.label] = decision
            graph.edges += _edges(graph, instance, name_class, decision)
            if decision.unknown and decision.source:
                site.notes.append(
                    f"{decision.source.place}: the file that {instance.id} forwards to was not given; loops through it cannot be seen"
                )
    return graph


def _edges(graph: Graph, instance: Instance, name_class: NameClass, decision: Decision) -> Iterator[Edge]:
    """Edges of one decision; upstreams that lead to the same instance in the same way are one edge."""
    merged: dict[tuple[str, bool], Edge] = {}
    for ask in decision.asks:
        heard = find(graph.instances, instance, ask.endpoint)
        outside = "(by DHCP)" if ask.endpoint.address == UNKNOWN else ask.endpoint.address
        key = (heard.id if heard else outside, ask.on_failure)
        old = merged.get(key)
        merged[key] = Edge(
            name_class, instance.id, key[0], outside, ask.endpoint.proto,
            min(1.0, ask.probability + (old.probability if old else 0.0)), ask.on_failure,
            tuple(dict.fromkeys((*(old.sources if old else ()), *ask.sources))), heard is not None,
        )  # fmt: skip
    yield from merged.values()


def searches(site: Site) -> Iterator[SearchList]:
    """Search lists as clients have them: pods' (given, or built as kubelet does from its host file), and the nodes'."""
    domain = site.cluster_domain
    for host in site.nodes():
        dns = tuple(literal for literal, _ in host.kubelet.cluster_dns) if host.kubelet else ()
        base = host.for_pods("pod-host")
        pod = host.roles.get("pod")
        if pod:
            servers = tuple(one.endpoint.address for one in pod.nameservers)
            yield SearchList(f"pods of {host.name}", pod.search, pod.ndots, pod.search_source, servers)
        elif domain and (base.content.search or host.kubelet):
            own = (f"<ns>.svc.{domain}", f"svc.{domain}", domain)
            suffixes = tuple(dict.fromkeys((*own, *base.content.search)))
            yield SearchList(f"pods of {host.name}", suffixes, 5, base.content.search_source, dns)
        node = host.roles.get("node")
        if node and node.search:
            servers = tuple(one.endpoint.address for one in node.nameservers)
            yield SearchList(host.name, node.search, node.ndots, node.search_source, servers)


def _classes(site: Site, instances: Sequence[Instance], lists: Sequence[SearchList]) -> list[NameClass]:
    domain = site.cluster_domain
    found: dict[str, str] = {".": "."}
    if domain:
        found[f"cluster domain {domain}"] = domain
    for suffix in dict.fromkeys(suffix for one in lists for suffix in one.suffixes):
        if domain and (suffix == domain or suffix.endswith("." + domain)):
            continue
        found[f"search suffix {suffix}"] = suffix
        if domain:
            found[f"<svc>.{domain}{suffix}"] = f"svc.{domain}{suffix}"
    found["reverse v4"] = _reverse_v4(instances)
    found["reverse v6"] = reverse_name("fd00::1")
    used = set(found.values())
    for zone in _explicit(site):
        if zone not in used and zone not in _REVERSE:
            found[f"zone {zone}"] = zone
    if len(found) > _MAX_CLASSES:
        site.notes.append(f"only the first {_MAX_CLASSES} of {len(found)} kinds of names are looked at")
    return [NameClass(label, name) for label, name in list(found.items())[:_MAX_CLASSES]]


def _reverse_v4(instances: Sequence[Instance]) -> str:
    """The PTR name of a cluster address where one is known: that is what clients look up, and what bogus-priv ends."""
    literals = [one for instance in instances for one in instance.addresses if ":" not in one and not is_loopback(one)]
    private = [one for one in literals if not one.startswith("169.254.")]
    return reverse_name(private[0]) if private else reverse_name("10.0.0.1")


def _explicit(site: Site) -> Iterator[str]:
    """Every zone that a configuration names on purpose, in order of appearance."""
    for placed in site.corefiles:
        for block in placed.content.blocks:
            yield from (key.zone for key in block.keys)
            yield from (one.zone for one in block.forwards)
            yield from (zone for one in block.forwards for zone in one.excepted)
    for host in site.hosts.values():
        if host.dnsmasq:
            yield from (one.zone for one in host.dnsmasq.servers)
            # `address=` is what block lists are made of: hundreds of thousands of names that go nowhere
            yield from (one.zone for one in host.dnsmasq.locals_ if one.key not in ("bogus-priv", "address"))
        for link in host.links:
            yield from (normal(one.name) for one in link.domains)
        if host.resolved:
            yield from (one.name for one in host.resolved.domains)
