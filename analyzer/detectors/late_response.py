"""Answers that come after the client has asked again.

## What it detects

On one leg at least 1 % of the queries, and ten, were answered only after the client's own resend, or after more than
5 s. Medium.

## What you feel

Lookups that take seconds and then work; twice the load, as everything is asked again.

## Evidence

Late answers, share, busiest minute, the first of them with their delay.

## Not to be confused with

Queries without any answer (`unanswered`); an answer's copy on another interface.

## Fix

As for `slow-upstream`: find what the server waits for. A longer time-out of the client hides it.

## References

resolv.conf(5) (timeout); CoreDNS plugin/forward (read_timeout).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.silence import Silence

NEEDS = ("silence",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg."""
    limits = evidence.thresholds
    for leg in evidence.results["silence"]:
        if leg.late.count >= limits.late_count and leg.late.count >= limits.late_share * leg.queries:
            yield _finding(evidence, leg)


def _finding(evidence: Evidence, leg: Silence) -> Finding:
    limits = evidence.thresholds
    share = leg.late.count / max(leg.queries, 1)
    return finding(
        evidence,
        leg.late,
        ident="late-response",
        kind="leg",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title=f"{leg.server} answered {leg.late.count} of {leg.queries} queries of {leg.client} too late ({share:.1%})",
        subject=Subject("leg", f"{leg.client}>{leg.server}"),
        side=str(leg.side),
        numbers={
            "late": leg.late.count,
            "queries": leg.queries,
            "share": round(share, 4),
            "unanswered": leg.unanswered.count,
        },
        thresholds={"late": limits.late_count, "share": limits.late_share},
        excluded=("copies of one answer on several interfaces count once",),
        fix=(
            Fix(f"on {leg.server}", "# what does it wait for? its upstreams, its load"),
            Fix("Corefile", "cache {\n    serve_stale 1h immediate\n    prefetch 10 1m 10%\n}"),
        ),
        references=("resolv.conf(5)", "CoreDNS plugin/forward"),
        wireshark_filter=f"dns.time > 2 && {ip(leg.server, 'src')} && {ip(leg.client, 'dst')}",
    )
