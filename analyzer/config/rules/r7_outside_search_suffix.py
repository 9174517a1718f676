"""R7: a search suffix outside the cluster, with ndots of 2 or more.

## What it detects

Pods (or a node with `ndots` of at least 2) whose search list holds a suffix that is not below the cluster domain:
mostly the LAN's domain, by DHCP, netplan or resolved.conf, which kubelet appends to every pod's list.

## What you feel

Each failing lookup of a name with fewer dots than ndots asks the LAN too: internal names leak, dead names cost two
queries each time, and a wildcard in that domain catches them.

## Evidence

The line that brings the suffix, the whole list, ndots.

## Not to be confused with

Suffixes of the cluster itself; a node that searches its own LAN with ndots 1.

## Fix

netplan `use-domains: false` or no `search:`; networkd `UseDomains=no`; dnsmasq `dhcp-option=15` (an empty option 15
is not sent); kubelet `resolvConf` with a file without `search`. Pods must be made anew.

## References

Kubernetes documentation, DNS for Services and Pods; kubespray#5484; kubernetes#33554; resolv.conf(5).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph, SearchList
from analyzer.config.rewriting import instead, without_name
from analyzer.config.verdicts import finding
from analyzer.config.zones import under
from analyzer.findings import Finding, Fix, Severity, SourceLine, Subject

__all__ = ["ID", "check", "origins"]

ID = "R7"
_MIN_NDOTS = 2  # with ndots 1 only names without any dot are searched


def check(graph: Graph) -> Iterator[Finding]:
    domain = graph.site.cluster_domain
    done: set[str] = set()
    for one in graph.searches:
        for suffix in one.suffixes:
            if one.ndots < _MIN_NDOTS or not domain or under(suffix, domain) or suffix in done:
                continue
            done.add(suffix)
            yield _found(graph, one, suffix)


def _found(graph: Graph, one: SearchList, suffix: str) -> Finding:
    sources = list(origins(graph, suffix)) or ([one.source] if one.source else [])
    queries = 2 * (len(one.suffixes) + 1)
    return finding(
        ID,
        "outside-suffix",
        Severity.MEDIUM,
        f"{one.who} search {suffix} with ndots {one.ndots}: failing lookups leave the cluster",
        Subject("suffix", suffix),
        sources,
        [_fix(source, suffix) for source in sources],
        numbers={
            "ndots": one.ndots,
            "search": " ".join(one.suffixes),
            "queries_per_dead_name": queries,
        },
        thresholds={"ndots": _MIN_NDOTS},
        references=("https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/", "kubespray#5484"),
    )


def origins(graph: Graph, suffix: str) -> Iterator[SourceLine]:
    """The lines that bring a suffix into search lists."""
    for host in graph.site.hosts.values():
        for link in host.links:
            yield from (domain.source for domain in link.domains if domain.name == suffix and not domain.route_only)
        if host.resolved:
            yield from (one.source for one in host.resolved.domains if one.name == suffix and not one.route_only)
        for conf in host.roles.values():
            if suffix in conf.search and conf.search_source:
                yield conf.search_source


def _fix(source: SourceLine, suffix: str) -> Fix:
    """By the syntax of the line: turn off DHCP's domain, or take the suffix out of the list."""
    text = source.text
    if text.startswith(("dhcp4:", "dhcp6:")):
        family = text[:5]
        return instead(source, f"{text}\n{family}-overrides: {{use-domains: false}}")
    if text.startswith("UseDomains"):
        return instead(source, "UseDomains=no")
    if text.startswith(("domain=", "dhcp-option=")):
        return instead(source, f"{text if text.startswith('domain=') else ''}\ndhcp-option=15".strip())
    return without_name(source, suffix)
