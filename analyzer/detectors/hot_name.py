"""One name makes a large share of all queries.

## What it detects

A base name (suffixes of an established search list stripped) with at least 20 % of the client-side queries and 60 a minute.
Info; low from 3000 a minute.

## What you feel

Little, until the server of that name is slow.

## Evidence

Queries, share, busiest minute, the clients.

## Not to be confused with

A dead name (`dead-name-polling`) or search waste (`search-expansion`), which have their own cures.

## Fix

Cache or keep connections in the application; a node-local cache; prefetching.

## References

CoreDNS plugin/cache; NodeLocal DNSCache (Kubernetes documentation).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import name_filter
from analyzer.detectors.shares import large_share
from analyzer.findings import Finding, Fix
from analyzer.measures.heat import Heat, Hot

NEEDS = ("heat",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each hot base name."""
    heat: Heat = evidence.results["heat"]
    limits = evidence.thresholds
    for row in heat.bases:
        hot = row.queries >= limits.hot_name_share * heat.queries and row.peak_60s >= limits.hot_name_per_min
        if hot and row.queries >= limits.min_events:
            yield _finding(evidence, row)


def _finding(evidence: Evidence, row: Hot) -> Finding:
    limits = evidence.thresholds
    return large_share(
        evidence,
        row,
        ident="hot-name",
        kind="base",
        verb="makes",
        subject="base",
        numbers={
            "names": row.names,
            "answered_with_data": row.data,
            **{f"from {client}": count for client, count in list(row.others.items())[:5]},
        },
        thresholds={"share": limits.hot_name_share, "peak_60s": limits.hot_name_per_min},
        excluded=("candidates of one search count for their base",),
        fix=(
            Fix("the application", "# keep connections, or cache the address for its TTL"),
            Fix("Corefile", "cache {\n    prefetch 10 1m 10%\n}"),
        ),
        references=("CoreDNS plugin/cache",),
        wireshark_filter=name_filter(row.key).replace("$", ""),
    )
