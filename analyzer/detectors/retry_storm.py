"""Clients ask the same again and again because answers do not come.

## What it detects

At one server, resends of its clients are at least 20 % of their first sends, and at least 30 in some 60 s. Medium; high
where half of the queries in the busiest minute stay without an answer.

## What you feel

Pauses of 5 s (glibc, Go), 2.5 s (musl) or 2 s, and load that rises as the server gets slower.

## Evidence

First sends and resends, the waits between them (each resolver has its own), the clients, their resolvers.

## Not to be confused with

Copies of a packet; musl, which asks all its servers at once; systemd-resolved, which repeats a question without OPT within
milliseconds; resends after SERVFAIL or REFUSED (counted apart as failover); a forwarder's own tries, and loops.

## Fix

The cause first: see `unanswered`, `port-unreachable`, `upstream-unhealthy`. Then shorter time-outs.

## References

resolv.conf(5) (timeout, attempts).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.retries import Retries

NEEDS = ("resolvers", "retries")
AFTER = ("forward-loop", "loop-probe-loop", "port-unreachable", "unanswered", "upstream-unhealthy")

_FALLEN = 0.5  # of the busiest minute's queries without an answer: retries rise because answers fall


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each server."""
    limits = evidence.thresholds
    ring = {finding.subject.value for ident in AFTER[:2] for finding in evidence.findings.get(ident, ())}
    for row in evidence.results["retries"]:
        often = row.retries.count >= limits.retry_share * max(row.first_sends, 1)
        in_ring = any(row.server in text.replace(">", " ").replace(",", " ").split() for text in ring)
        if often and row.retries.peak_60s >= limits.retry_per_min and not in_ring:
            yield _finding(evidence, row)


def _finding(evidence: Evidence, row: Retries) -> Finding:
    limits = evidence.thresholds
    share = row.retries.count / max(row.first_sends, 1)
    fallen = row.busy_lost >= _FALLEN * max(row.busy_sent, 1)
    resolvers = evidence.results["resolvers"]
    names = {client: resolvers[client].name for client in row.by_client if client in resolvers}
    return finding(
        evidence,
        row.retries,
        ident="retry-storm",
        kind="server",
        severity=Severity.HIGH if fallen else Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title=f"Clients asked {row.server} again {row.retries.count} times for {row.first_sends} questions ({share:.0%})",
        subject=Subject("server", row.server),
        side="client",
        numbers={
            "retries": row.retries.count,
            "first_sends": row.first_sends,
            "share": round(share, 4),
            "failover_after_errors": row.failover,
            "fan_out": row.fan_out,
            "unanswered_in_busiest_minute": row.busy_lost,
            "queries_in_busiest_minute": row.busy_sent,
            **{f"wait of {wait:.1f} s": count for wait, count in row.waits.items()},
            **{f"from {c} ({names.get(c) or 'unknown'})": count for c, count in row.by_client.items()},
        },
        thresholds={"share": limits.retry_share, "peak_60s": limits.retry_per_min},
        excluded=(
            f"resends after an error: {row.failover}, counted apart",
            f"to several servers at once, or within 5 ms: {row.fan_out}, not counted",
            "forwarders' own tries are not counted",
        ),
        fix=(
            Fix(
                "first",
                "# the cause: see " + (", ".join(i for i in AFTER[2:] if evidence.findings.get(i)) or "unanswered"),
            ),
            Fix(
                "pod spec",
                'dnsConfig:\n  options:\n  - name: timeout\n    value: "2"\n  - name: attempts\n    value: "2"',
            ),
        ),
        references=("resolv.conf(5)",),
        wireshark_filter=f"dns.retransmission || (dns.flags.response == 0 && {ip(row.server, 'dst')})",
    )
