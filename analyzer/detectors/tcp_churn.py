"""Too many TCP connections for the queries that they carry, or connections that fail.

## What it detects

For one client and server: at least 60 connections opened in some 60 s with less than two answers each (kind `short`), at least
50 open at once (kind `open`), or at least 5 % of at least ten whose SYN is not answered (kind `failed`). Info; `failed` is
medium.

## What you feel

`ss` shows many connections to port 53; some lookups wait for a connection.

## Evidence

Connections opened, failed, reset, answers for each, most open at once.

## Not to be confused with

A leak: CoreDNS has one query under way on each connection, so those open show how many were under way in the last 10 s.
Slow or looping lookups are the cause (`slow-upstream`, `forward-loop`). Zone transfers and health checks use TCP by right.

## Fix

No `force_tcp` towards the LAN (`prefer_udp`), keep it to the Service address; `expire 30s`, `max_idle_conns 32`.

## References

RFC 7766; kubernetes/dns#745; CoreDNS plugin/forward.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import ip
from analyzer.detectors.search_fixes import rate
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.rows import ConnectionRow
from analyzer.options import Thresholds

NEEDS = ("connections",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each client and server, of the worst kind."""
    for row in evidence.results["connections"].all():
        kind = _kind(evidence.thresholds, row)
        if kind:
            yield _finding(evidence, row, kind)


def _kind(limits: Thresholds, row: ConnectionRow) -> str:
    if row.opened >= limits.min_events and row.failed >= limits.churn_failed_share * row.opened:
        return "failed"
    if row.peak_open >= limits.churn_open:
        return "open"
    short = row.responses < limits.churn_answers * max(row.established, 1)
    return "short" if short and row.responses and row.peak_60s >= limits.churn_syn_per_min else ""


def _finding(evidence: Evidence, row: ConnectionRow, kind: str) -> Finding:
    limits = evidence.thresholds
    answers = row.responses / max(row.established, 1)
    title = {
        "failed": f"{row.failed} of {row.opened} TCP connections from {row.client} to {row.server} fail at the first packet",
        "open": f"{row.client} has {row.peak_open} TCP connections to {row.server} open at once",
        "short": f"{row.client} opens {row.peak_60s} TCP connections a minute to {row.server} for {answers:.1f} answers each",
    }[kind]
    return Finding(
        id="tcp-churn",
        kind=kind,
        severity=Severity.MEDIUM if kind == "failed" else Severity.INFO,
        confidence=Confidence.HIGH,
        title=title,
        subject=Subject("leg", f"{row.client}>{row.server}"),
        side=str(row.side),
        first=row.first,
        last=row.last,
        first_frame=None,
        last_frame=None,
        count=row.failed if kind == "failed" else row.opened,
        per_min=rate(row.opened, evidence.context.covered_ns),
        peak_60s=row.peak_60s,
        numbers={
            "opened": row.opened,
            "established": row.established,
            "failed": row.failed,
            "reset": row.reset,
            "open_at_once": row.peak_open,
            "answers_per_connection": round(answers, 2),
        },
        thresholds={
            "opened_per_min": limits.churn_syn_per_min,
            "answers_per_connection": limits.churn_answers,
            "open_at_once": limits.churn_open,
            "failed_share": limits.churn_failed_share,
        },
        excluded=("a leak: a forwarder opens one connection for each query under way",),
        fix=(Fix("Corefile", "forward . <LAN-DNS> {\n    prefer_udp\n    expire 30s\n}"),),
        references=("RFC 7766", "kubernetes/dns#745"),
        wireshark_filter=f"tcp.flags.syn == 1 && {ip(row.client)} && {ip(row.server)}",
    )
