"""R10: a searched suffix is answered without an SOA.

## What it detects

A dnsmasq of the site ends a search suffix of its clients by itself (`local=/suffix/`, `server=/suffix/`,
`address=/suffix/…`), so its NXDOMAIN carries no SOA record.

## What you feel

CoreDNS never caches such an answer, whatever its `cache` and `denial` lines say: every dead name is asked again at
the gateway for every lookup.

## Evidence

The dnsmasq line, and the line that makes clients search the suffix.

## Not to be confused with

NXDOMAIN that dnsmasq passes on from a real authority: that one has an SOA.

## Fix

Best: no such search suffix (R7). Otherwise a `template` with an SOA in front of `forward` in node-local DNS, or send
the zone to a server that has it; for caches behind dnsmasq itself, `neg-ttl`.

## References

RFC 2308 section 5; coredns/coredns#3755, #5313; dnsmasq(8) --local.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.dnsmasq import Local
from analyzer.config.graph import Graph
from analyzer.config.rewriting import safe_zone
from analyzer.config.rules.r7_outside_search_suffix import origins
from analyzer.config.verdicts import finding
from analyzer.config.zones import under
from analyzer.findings import Finding, Fix, Severity, Subject

__all__ = ["ID", "check"]

ID = "R10"


def check(graph: Graph) -> Iterator[Finding]:
    domain = graph.site.cluster_domain
    suffixes = {suffix for one in graph.searches for suffix in one.suffixes if not (domain and under(suffix, domain))}
    for host in graph.site.hosts.values():
        for suffix in sorted(suffixes):
            end = host.dnsmasq.route(f"svc.{domain}{suffix}" if domain else suffix) if host.dnsmasq else None
            if not isinstance(end, Local) or end.key == "bogus-priv":
                continue
            yield finding(
                ID,
                "no-soa",
                Severity.MEDIUM,
                f"dnsmasq answers the searched suffix {suffix} by {end.key}=, without an SOA: its NXDOMAIN is cached by nobody",
                Subject("suffix", suffix),
                [end.source, *origins(graph, suffix)],
                [Fix(_corefile(graph), _template(f"{domain}{suffix}" if domain else suffix))],
                references=("RFC 2308 section 5", "coredns/coredns#3755"),
            )


def _corefile(graph: Graph) -> str:
    """Where the template goes: the default block of node-local DNS if it is known."""
    for instance in graph.instances:
        for block in instance.blocks:
            if instance.role == "nodelocaldns" and any(key.zone == "." for key in block.keys):
                return f"{block.source.place}, inside the block"
    return "Corefile of node-local DNS, block .:53"


def _template(zone: str) -> str:
    soa = 'authority "{{ .Zone }} 60 IN SOA ns.{{ .Zone }} hostmaster.{{ .Zone }} (1 60 60 60 60)"'
    return f"template IN ANY {safe_zone(zone)} {{\n    rcode NXDOMAIN\n    {soa}\n}}"
