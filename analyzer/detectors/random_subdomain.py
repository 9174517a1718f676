"""Names made up under one zone, and nearly all of them fail.

## What it detects

Under one zone within 60 s at least 200 names, at least 0.9 names a query, of which at least 80 % end in NXDOMAIN, an error or
silence. High; medium where all come from one client.

## What you feel

The zone's servers, and the resolvers in front of them, are busy with names that nobody uses.

## Evidence

Queries, names and failures of the busiest minute, clients, some of the names.

## Not to be confused with

Search candidates, leaked cluster names, reverse lookups (all taken out before); block lists (DNSBL) and virus scanners,
whose names are made up too, and answered by design: look at the zone; browsers' probes.

## Fix

Isolate the client; an access list and response rate limiting on the server; aggressive use of NSEC.

## References

RFC 8198; RFC 9520.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding
from analyzer.detectors.search_fixes import name_filter, paste
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.subdomains import MadeUp

NEEDS = ("subdomains",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each zone."""
    limits = evidence.thresholds
    for row in evidence.results["subdomains"]:
        many = row.names >= limits.random_labels and row.names >= limits.random_distinct * row.queries
        if many and row.failed >= limits.random_failed * row.queries:
            yield _finding(evidence, row)


def _finding(evidence: Evidence, row: MadeUp) -> Finding:
    limits = evidence.thresholds
    one = len(row.clients) == 1
    who = next(iter(row.clients)) if one else f"{len(row.clients)} clients"
    return finding(
        evidence,
        row.seen,
        ident="random-subdomain",
        kind="one-client" if one else "many-clients",
        severity=Severity.MEDIUM if one else Severity.HIGH,
        confidence=Confidence.MEDIUM,
        title=f"{who} asked for {row.names} made-up names under {row.zone} in one minute; {row.failed} queries of "
        f"{row.queries} failed",
        subject=Subject("suffix", row.zone),
        side="client",
        numbers={
            "names": row.names,
            "queries": row.queries,
            "failed": row.failed,
            "clients": len(row.clients),
            **{f"from {client}": count for client, count in list(row.clients.items())[:5]},
        },
        thresholds={
            "names": limits.random_labels,
            "names_per_query": limits.random_distinct,
            "failed_share": limits.random_failed,
        },
        excluded=("search candidates, leaked cluster names and reverse lookups were taken out before counting",),
        fix=(
            Fix("Corefile", f"acl {paste(row.zone)} {{\n    block net <CLIENT-NETWORK>\n}}"),
            Fix("the client", "# which program asks? stop or isolate it"),
        ),
        references=("RFC 8198", "RFC 9520"),
        wireshark_filter=name_filter(row.zone),
    )
