"""Answers by UDP that are too large for one packet, or a server that stumbles over EDNS.

## What it detects

On one leg at least five of: UDP answers above 1232 octets, answers that came in fragments of which only the first was captured
(kind `large`); FORMERR or NOTIMP without OPT to a query with EDNS, whose question came again and got another answer (kind `no-edns`). Low;
medium where such questions had to be sent again.

## What you feel

Some names time out from some networks: fragments are dropped on the way.

## Evidence

Sizes, fragments, the questions asked again.

## Not to be confused with

A capture with the filter `port 53`, which misses later fragments although they arrived.

## Fix

EDNS with 1232 octets: `bufsize 1232` (CoreDNS), `edns-buffer-size: 1232` (unbound).

## References

DNS flag day 2020; RFC 8906; RFC 8900.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.fragments import Large

NEEDS = ("fragments",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg and kind."""
    limits = evidence.thresholds
    for row in evidence.results["fragments"]:
        if row.large.count + row.cut >= limits.edns_count and row.large.count:
            yield _finding(evidence, row, "large")
        if row.no_edns.count >= limits.edns_count:
            yield _finding(evidence, row, "no-edns")


def _finding(evidence: Evidence, row: Large, kind: str) -> Finding:
    limits = evidence.thresholds
    large = kind == "large"
    title = (
        f"{row.large.count + row.cut} UDP answers of {row.server} to {row.client} are too large for one packet"
        if large
        else f"{row.server} does not know EDNS: {row.no_edns.count} questions of {row.client} had to be asked again"
    )
    return finding(
        evidence,
        row.large if large else row.no_edns,
        ident="edns-fragment",
        kind=kind,
        severity=Severity.MEDIUM if row.retried or not large else Severity.LOW,
        confidence=Confidence.HIGH,
        title=title,
        subject=Subject("leg", f"{row.client}>{row.server}"),
        numbers={
            "large": row.large.count,
            "largest_octets": row.largest,
            "first_fragments_only": row.cut,
            "asked_again_without_edns": row.no_edns.count,
            "resent": row.retried,
        },
        thresholds={"answers": limits.edns_count, "octets": limits.edns_size},
        excluded=("a capture of port 53 alone misses later fragments: they may have arrived",),
        fix=(
            Fix("Corefile", "bufsize 1232"),
            Fix("unbound.conf", "server:\n    edns-buffer-size: 1232"),
        ),
        references=("DNS flag day 2020", "RFC 8906"),
        wireshark_filter=f"dns && udp.length > {limits.edns_size + 8} && {ip(row.server, 'src')}"
        if large
        else f"(dns.flags.rcode == 1 || dns.flags.rcode == 4) && {ip(row.server, 'src')}",
    )
