"""A server takes long to answer.

## What it detects

For one client, one server that is no forwarder itself, and one zone, at least 20 answers: 95 % of them take up to more than
100 ms (private addresses) or 500 ms (others), which is low; more than 1 s, medium; 1 % of them more than 2 s, when
CoreDNS stops reading, high.

## What you feel

Slow first connections; with several search suffixes, several times as slow.

## Evidence

Median, 95th and 99th percentile of questions that were sent once, the slowest answers.

## Not to be confused with

A long search (`search-expansion`), which is the sum of quick answers; a cold cache, where only the first query of each name
is slow: compare the median.

## Fix

A nearer upstream; `serve_stale`, `prefetch`; `read_timeout` (CoreDNS 1.14.5 and later).

## References

CoreDNS plugins forward and cache.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.slow import SlowLeg
from analyzer.options import Thresholds

NEEDS = ("slow",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg and zone."""
    for row in evidence.results["slow"]:
        severity = _severity(evidence.thresholds, row)
        if severity is not None:
            yield _finding(evidence, row, severity)


def _severity(limits: Thresholds, row: SlowLeg) -> Severity | None:
    p95 = row.rtt.p95_ns or 0
    if row.rtt.count < limits.slow_count or p95 <= (limits.slow_private_ns if row.private else limits.slow_public_ns):
        return None
    if row.over_2_s >= limits.slow_high_share * row.rtt.count:
        return Severity.HIGH if row.over_2_s else Severity.LOW
    return Severity.MEDIUM if p95 > limits.slow_medium_ns else Severity.LOW


def _ms(value: int | None) -> float | None:
    return None if value is None else round(value / 1e6, 1)


def _finding(evidence: Evidence, row: SlowLeg, severity: Severity) -> Finding:
    limits = evidence.thresholds
    limit = limits.slow_private_ns if row.private else limits.slow_public_ns
    cold = (row.rtt.p50_ns or 0) < limit // 10
    return finding(
        evidence,
        row.slow,
        ident="slow-upstream",
        kind="private" if row.private else "public",
        severity=severity,
        confidence=Confidence.HIGH if row.forwarder and not cold else Confidence.MEDIUM,
        title=f"{row.server} is slow for {row.zone or 'names'} asked by {row.client}: one answer in twenty takes more than "
        f"{_ms(row.rtt.p95_ns):.0f} ms",
        subject=Subject("leg", f"{row.client}>{row.server} zone {row.zone or '.'}"),
        side=str(row.side),
        numbers={
            "answers": row.rtt.count,
            "p50_ms": _ms(row.rtt.p50_ns),
            "p95_ms": _ms(row.rtt.p95_ns),
            "p99_ms": _ms(row.rtt.p99_ns),
            "max_ms": _ms(row.rtt.max_ns),
            "slower_than_two_seconds": row.over_2_s,
        },
        thresholds={
            "answers": limits.slow_count,
            "p95_ms": _ms(limit),
            "p95_ms_medium": _ms(limits.slow_medium_ns),
            "share_slower_than_two_seconds": limits.slow_high_share,
        },
        excluded=(
            "search chains: each answer is timed by itself, and only of questions sent once",
            f"a cold cache: the median is {_ms(row.rtt.p50_ns)} ms",
        ),
        fix=(
            Fix("Corefile", "cache {\n    serve_stale 1h immediate\n    prefetch 10 1m 10%\n}"),
            Fix("Corefile (CoreDNS 1.14.5 and later)", "forward . <LAN-DNS> {\n    read_timeout 4s\n}"),
        ),
        references=("CoreDNS plugin/forward", "CoreDNS plugin/cache"),
        wireshark_filter=f"dns.time > {limit / 1e9:g} && {ip(row.server, 'src')} && {ip(row.client, 'dst')}",
    )
