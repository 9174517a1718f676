"""One client makes a large share of all queries.

## What it detects

A client with at least 30 % of the client-side queries and 300 a minute, or with ten times the median of at least five
clients. Info; low from 3000 a minute.

## What you feel

Little; it is where to look first when the load must go down.

## Evidence

Queries, share, busiest minute, its busiest base names.

## Not to be confused with

A forwarder (its clients hide behind it; it is not on the client side where its own clients were captured), a node that
translates the addresses of its pods.

## Fix

Look at what it asks: search waste, dead names, missing caching.

## References

NodeLocal DNSCache (Kubernetes documentation); CoreDNS plugin/cache.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import ip
from analyzer.detectors.shares import large_share
from analyzer.findings import Finding, Fix
from analyzer.measures.heat import Heat, Hot

NEEDS = ("heat",)

_CLIENTS = 5  # a median of fewer says nothing


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such client."""
    heat: Heat = evidence.results["heat"]
    limits = evidence.thresholds
    if heat.client_count < 2:
        return
    for row in heat.clients:
        large = row.queries >= limits.hot_client_share * heat.queries and row.peak_60s >= limits.hot_client_per_min
        odd = heat.client_count >= _CLIENTS and row.queries >= limits.hot_client_median * heat.median
        if (large or odd) and row.queries >= limits.min_events:
            yield _finding(evidence, heat, row, "share" if large else "median")


def _finding(evidence: Evidence, heat: Heat, row: Hot, kind: str) -> Finding:
    limits = evidence.thresholds
    return large_share(
        evidence,
        row,
        ident="top-talker",
        kind=kind,
        verb="sends",
        subject="client",
        numbers={
            "clients": heat.client_count,
            "median_of_clients": heat.median,
            "names": row.names,
            **{f"base {base}": count for base, count in list(row.others.items())[:5]},
        },
        thresholds={
            "share": limits.hot_client_share,
            "peak_60s": limits.hot_client_per_min,
            "times_the_median": limits.hot_client_median,
        },
        excluded=("forwarders whose clients were captured are not on the client side",),
        fix=(Fix("the application", "# see the findings about its names; cache, keep connections, final dots"),),
        references=("Kubernetes documentation, NodeLocal DNSCache",),
        wireshark_filter=f"{ip(row.key, 'src')} && dns.flags.response == 0",
    )
