"""R11: denials are cached for 5 s or less while a search list makes many of them.

## What it detects

A `cache` of a forwarding block whose `denial` TTL is at most 5 s (the default of the NodeLocal DNSCache manifest), where
clients search a suffix outside the cluster with ndots of 2 and more (R7), so that dead names are looked up often.

## What you feel

Upstreams see each dead name again every 5 s although its SOA allows longer.

## Evidence

The `denial` line and its TTL.

## Not to be confused with

Denials without an SOA, which are not cached at all (R10).

## Fix

`denial 9984 30`, unless Services come and go faster than that.

## References

CoreDNS plugin/cache; kubernetes nodelocaldns.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.rewriting import instead
from analyzer.config.verdicts import finding
from analyzer.config.zones import under
from analyzer.findings import Finding, Severity, SourceLine, Subject

__all__ = ["ID", "check"]

ID = "R11"
_CAP = 5  # seconds: `denial 9984 5` of the NodeLocal DNSCache manifest


def check(graph: Graph) -> Iterator[Finding]:
    domain = graph.site.cluster_domain
    searched = any(
        one.ndots >= 2 and not (domain and under(suffix, domain)) for one in graph.searches for suffix in one.suffixes
    )
    if not searched:
        return
    lines: dict[SourceLine, tuple[str, int]] = {}
    for instance in graph.instances:
        for block in instance.blocks:
            cache = block.cache
            if cache and cache.denial_source and cache.denial <= _CAP and block.forwards:
                lines.setdefault(cache.denial_source, (instance.id, cache.denial))
    for source, (name, ttl) in lines.items():
        text = "denial 9984 30" if source.text.startswith("denial") else "cache 30"
        yield finding(
            ID,
            "short-denial",
            Severity.INFO,
            f"{name} keeps denials for {ttl} s at most",
            Subject("server", name),
            [source],
            [instead(source, text)],
            numbers={"denial": ttl},
            thresholds={"denial": _CAP},
            references=("https://coredns.io/plugins/cache/",),
        )
