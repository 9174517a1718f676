"""A placeholder of the NodeLocal DNSCache manifest was never filled in.

## What it detects

`__PILLAR__LOCAL__DNS__`, `__PILLAR__DNS__SERVER__`, `__PILLAR__DNS__DOMAIN__` left in a Corefile (kind `unfilled`): they
are to be replaced by hand (sed) before the manifest is applied. `__PILLAR__CLUSTER__DNS__` and
`__PILLAR__UPSTREAM__SERVERS__` (kind `runtime`) are filled in by node-cache itself, and by nothing else.

## What you feel

CoreDNS does not start, or listens on nothing; pods time out on the node-local address.

## Evidence

The lines with the placeholder.

## Not to be confused with

A ConfigMap of node-cache that is mounted as `Corefile.base`: there the `runtime` kind is right.

## Fix

Put the value there: the node-local address, the cluster DNS Service's address, the cluster domain.

## References

Kubernetes documentation: Using NodeLocal DNSCache in Kubernetes clusters; kubernetes/dns cmd/node-cache.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.rewriting import LAN, instead, safe_zone
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Severity, SourceLine, Subject

__all__ = ["ID", "check"]

ID = "pillar-left-over"
_RUNTIME = frozenset({"__PILLAR__CLUSTER__DNS__", "__PILLAR__UPSTREAM__SERVERS__"})


def check(graph: Graph) -> Iterator[Finding]:
    for placed in graph.site.corefiles:
        by_name: dict[str, list[SourceLine]] = {}
        for name, source in placed.content.pillars:
            by_name.setdefault(name, []).append(source)
        for name, sources in by_name.items():
            runtime = name in _RUNTIME and placed.role == "nodelocaldns"
            value = _value(graph, name)
            yield finding(
                ID,
                "runtime" if runtime else "unfilled",
                _severity(placed.name, runtime=runtime),
                f"{name} is left over"
                + (": right only where node-cache reads the file as Corefile.base" if runtime else ""),
                Subject("file", placed.name),
                sources,
                [instead(source, source.text.replace(name, value)) for source in sources[:5]],
                references=("https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/",),
            )


def _value(graph: Graph, name: str) -> str:
    """What belongs there, as far as the site tells."""
    if name == "__PILLAR__DNS__DOMAIN__":
        domain = graph.site.cluster_domain
        return safe_zone(domain) if domain and "pillar" not in domain else "cluster.local"
    if name == "__PILLAR__LOCAL__DNS__":
        return "169.254.20.10"
    if name == "__PILLAR__UPSTREAM__SERVERS__":
        return LAN
    names, unknown = {
        "__PILLAR__CLUSTER__DNS__": ("kube-dns-upstream", "<KUBE-DNS-UPSTREAM-IP>"),
    }.get(name, ("kube-dns", "<KUBE-DNS-IP>"))
    return next(iter(graph.site.service(names)), unknown)


def _severity(name: str, *, runtime: bool) -> Severity:
    """In a manifest or a Corefile.base node-cache will fill its own two in: worth knowing, no more."""
    if not runtime:
        return Severity.HIGH
    return Severity.INFO if name.endswith((".base", ".yaml", ".yml", ".json", ")")) else Severity.MEDIUM
