"""The configuration sends queries round in a circle: certain, by chance, or when an upstream fails.

## What it detects

Cycles of the forwarding graph, separately for every class of names (`.`, the cluster domain, each search suffix, names
of the cluster domain below a search suffix, reverse names, each zone that is written down). Kinds: `certain` (every
query comes back; critical), `probabilistic` (one of several upstreams leads back; high), `failure-only` (only after
another upstream failed; medium).

## What you feel

`certain`: SERVFAIL, thousands of sockets, CoreDNS ended by its `loop` plugin at every start. `probabilistic`: all
works, with 1/(1-p) times the load, and the plugin ends p² of all starts: crash loops that come and go, while other
clusters "have the same configuration and are fine"; when the other upstreams stall, it explodes.

## Evidence

The instances of the circle, the lines that forward and the lines that name the address, the chance p that a query
comes back, arrivals for each query, the share of starts that end.

## Not to be confused with

A server that asks another on the same address range, or itself through a zone that it answers: the walk ends at
kubernetes, file, hosts or template without fallthrough, at `local=`, and at resolvers outside. dnsmasq skips its own
addresses, systemd-resolved its own stub.

## Fix

Name the outside resolver where the server forwards, instead of a file that lists the server itself; take its address
out of that file; keep the `loop` plugin.

## References

CoreDNS plugin/loop, plugin/forward; coredns/coredns#1712, #2087; kubernetes-sigs/kubespray#9948; dnsmasq(8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.config.cycles import CERTAIN, FAILURE_ONLY, Cycle, find
from analyzer.config.graph import Edge, Graph
from analyzer.config.parsed import is_loopback
from analyzer.config.rewriting import LAN, forwarding_to, lan_or, without
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Fix, Severity, Subject

__all__ = ["ID", "check", "fixes"]

ID = "config-loop"
_KUBESPRAY_ADDRESS = "169.254.25.10"  # its nodelocaldns_ip; the upstream manifest has 169.254.20.10
_REFERENCES = (
    "https://coredns.io/plugins/loop/#troubleshooting",
    "coredns/coredns#1712",
    "kubernetes-sigs/kubespray#9948",
)


def check(graph: Graph) -> Iterator[Finding]:
    for cycle in find(graph):
        yield _judged(graph, cycle)


def _judged(graph: Graph, cycle: Cycle) -> Finding:
    guarded = [name for name in cycle.instances if _detects(graph, name)]
    severity = {CERTAIN: Severity.CRITICAL, FAILURE_ONLY: Severity.MEDIUM}.get(cycle.verdict, Severity.HIGH)
    numbers = {
        "probability": round(cycle.probability, 6),
        "arrivals_per_query": None if cycle.arrivals is None else round(cycle.arrivals, 3),
        "fatal_per_start": None if cycle.fatal is None else round(cycle.fatal, 6),
        "classes": ", ".join(one.label for one in cycle.classes),
    }
    return finding(
        ID,
        cycle.verdict,
        min(severity, Severity.MEDIUM) if guarded else severity,
        _title(cycle),
        Subject("edge", cycle.path),
        [source for edge in cycle.edges for source in edge.sources],
        fixes(graph, cycle),
        numbers=numbers,
        references=_REFERENCES,
        excluded=[
            *(f"{name} has dns-loop-detect and drops the server once its own probe returns" for name in guarded),
            *(
                f"{name} joins identical questions: the loop stalls and bursts instead of growing"
                for name in _joining(graph, cycle)
            ),
        ],
    )


def _detects(graph: Graph, name: str) -> bool:
    instance = graph.instance(name)
    return bool(instance and instance.rules and "dns-loop-detect" in instance.rules.flags)


def _joining(graph: Graph, cycle: Cycle) -> list[str]:
    """Members that fold a question into one that is already open: dnsmasq and systemd-resolved."""
    named = [graph.instance(name) for name in cycle.instances]
    return [one.id for one in named if one and one.software in ("dnsmasq", "systemd-resolved")]


def _title(cycle: Cycle) -> str:
    names = cycle.classes[0].label + (
        f" and {len(cycle.classes) - 1} more kinds of names" if len(cycle.classes) > 1 else ""
    )
    if cycle.verdict == CERTAIN:
        return f"Every query for {names} goes round: {cycle.path}"
    if cycle.verdict == FAILURE_ONLY:
        return f"When an upstream fails, queries for {names} go round: {cycle.path}"
    ends = f"; {cycle.fatal:.0%} of starts end in [FATAL] plugin/loop" if cycle.fatal else ""
    return (
        f"A query for {names} comes back with p = {cycle.probability:.3g}, {cycle.arrivals:.3g} arrivals per query"
        f"{ends}; it explodes when the other upstreams stall: {cycle.path}"
    )


def fixes(graph: Graph, cycle: Cycle) -> list[Fix]:
    """The lines that open the circle, the forwarding line of each hop first; one of them is enough."""
    found: list[Fix] = []
    for edge in cycle.edges:
        found += _edge_fixes(graph, edge, _outside(graph, cycle))
    return list(dict.fromkeys([*found, *_kubespray_fixes(graph, cycle)]))


def _kubespray_fixes(graph: Graph, cycle: Cycle) -> list[Fix]:
    """The variable behind the lines, where Kubespray wrote them: else its next run puts the loop back."""
    play = graph.site.kubespray
    bound = {literal for name in cycle.instances if (one := graph.instance(name)) for literal in one.listens}
    source = play.line("upstream_dns_servers") or play.line("resolvconf_mode") if play else None
    where = source.place if source else "Kubespray group_vars, if it installed this"
    if source is None and _KUBESPRAY_ADDRESS not in bound:
        return []
    return [Fix(where, f"upstream_dns_servers: [{', '.join(lan_or(_outside(graph, cycle)).split())}]")]


def _outside(graph: Graph, cycle: Cycle) -> list[str]:
    """Addresses that the site itself uses beyond the circle: the other upstreams of its members, then of anybody."""
    labels = {one.label for one in cycle.classes}
    inside = [edge for edge in graph.edges if edge.origin in cycle.instances and edge.name_class.label in labels]
    free = [
        edge
        for edge in (*inside, *(edge for edge in graph.edges if edge.name_class.label == "."))
        if edge.target not in cycle.instances
    ]
    return list(
        dict.fromkeys(
            edge.address for edge in free if not edge.address.startswith("(") and not is_loopback(edge.address)
        )
    )[:3]


def _edge_fixes(graph: Graph, edge: Edge, outside: Sequence[str]) -> list[Fix]:
    origin = graph.instance(edge.origin)
    if origin is None or not edge.sources:
        return []
    if origin.software == "coredns":
        return [
            forwarding_to(line, outside)
            if line.text.startswith(("forward", "grpc", "proxy"))
            else without(line, [edge.address])
            for line in edge.sources
            if line.text
        ]
    if origin.software == "dnsmasq":
        return [without(edge.sources[-1], [edge.address]), *_dnsmasq_lines(edge.sources[-1].file, outside)]
    return [without(edge.sources[-1], [edge.address])]


def _dnsmasq_lines(file: str, outside: Sequence[str]) -> list[Fix]:
    upstream = outside[0] if outside else LAN
    return [Fix(file, f"no-resolv\nserver={upstream}\ndns-loop-detect")]
