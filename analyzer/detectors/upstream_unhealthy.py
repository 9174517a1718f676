"""A forwarder found its upstream dead and probes it.

## What it detects

CoreDNS' `forward` sends `. IN NS` (17 octets, RD, no OPT) to an upstream only after an error, every 1.5 s while there is
silence, every 0.5 s while packets are refused, until anything comes back. Three such probes in a row mean that the
upstream was down; the row's length is the outage. Medium; high from 10 s. Fewer are info, if the sender is a known forwarder.

## What you feel

Names outside the cluster fail or take seconds; CoreDNS answers SERVFAIL.

## Evidence

The probes and their gaps, outages, the longest one's start and end.

## Not to be confused with

Priming queries for the root (RD=0, OPT with DO), `health_check … domain X`, monitors: those ask at other intervals, or get
their answer each time.

## Fix

A second upstream; `policy sequential`, `failover SERVFAIL REFUSED` (CoreDNS 1.13 and later), `max_fails`. Look at the
server on the LAN. Where a server probes itself: see `forward-loop`.

## References

CoreDNS plugin/forward (health checks).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.healthchecks import HealthLeg
from analyzer.measures.rows import Side
from analyzer.options import NS

NEEDS = ("healthchecks",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg with an outage, or with a probe from a known forwarder."""
    for leg in evidence.results["healthchecks"]:
        if leg.run.count >= evidence.thresholds.health_count or leg.forwarder:
            yield _finding(evidence, leg)


def _finding(evidence: Evidence, leg: HealthLeg) -> Finding:
    limits = evidence.thresholds
    down = leg.run.count >= limits.health_count
    span = leg.run.last - leg.run.first if down else 0
    severity = Severity.INFO if not down else Severity.HIGH if span >= limits.health_high_ns else Severity.MEDIUM
    own = leg.side == Side.SELF
    title = f"{leg.client} sent {leg.probes.count} health probes to {leg.server}: there was an error before"
    if down:
        title = f"{leg.client} found its upstream {leg.server} dead, for {span / NS:.1f} s at the longest"
    return finding(
        evidence,
        leg.run if down else leg.probes,
        ident="upstream-unhealthy",
        kind="down" if down else "probe",
        severity=severity,
        confidence=Confidence.HIGH if down else Confidence.MEDIUM,
        title=title,
        subject=Subject("leg", f"{leg.client}>{leg.server}"),
        side=str(leg.side),
        numbers={
            "probes": leg.probes.count,
            "answered": leg.answered,
            "outages": leg.runs,
            "longest_s": round(span / NS, 3),
            "gaps_of_silence": leg.silent_gaps,
            "gaps_of_refusal": leg.refused_gaps,
        },
        thresholds={"probes_in_a_row": limits.health_count, "longest_s": limits.health_high_ns / NS},
        excluded=(
            "priming queries have no RD and carry OPT",
            "monitors: a probe that is answered ends the row",
            *(("a forwarding loop: the server probes itself, see forward-loop",) if own else ()),
        ),
        fix=(
            Fix("Corefile", "forward . <LAN-DNS> <SECOND-DNS> {\n    policy sequential\n    max_fails 2\n}"),
            Fix(f"on {leg.server}", "# is the DNS server running, and does it answer from here?"),
        ),
        references=("CoreDNS plugin/forward",),
        wireshark_filter=f'dns.qry.name == "<Root>" && dns.qry.type == 2 && {ip(leg.server)}',
    )
