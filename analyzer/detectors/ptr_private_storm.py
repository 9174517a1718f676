"""Reverse lookups of private addresses, in numbers.

## What it detects

PTR questions in zones that every site should answer itself (RFC 6303: 10/8, 172.16/12, 192.168/16, link-local, loopback;
RFC 7793: 100.64/10; unique local IPv6), 30 a minute or 5 % of the side's queries, at least ten. Kind `leak` where they
leave for an upstream or the open internet. Low; medium towards a public resolver or where they stay unanswered.

## What you feel

Slow ssh and database logins, log pipelines that lag: each waits for a name that does not come.

## Evidence

The zone, the addresses asked for most, the clients, outcomes.

## Not to be confused with

Reverse lookups that are answered locally with names: those are counted out.

## Fix

Let the cluster DNS answer its own reverse zones and end the search there; `bogus-priv` in dnsmasq (its denials lack an
SOA) or `rev-server` to the server that knows; `UseDNS no` in sshd.

## References

RFC 6303; RFC 7793; RFC 4193; CoreDNS plugin/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import rate
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.misplaced import Misplaced
from analyzer.measures.rows import Side

NEEDS = ("misplaced",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each zone and side."""
    limits = evidence.thresholds
    for row in evidence.results["misplaced"]:
        lost = row.queries - row.answered_with_data
        many = row.peak_60s >= limits.ptr_per_min or row.queries >= limits.ptr_share * row.side_queries
        if row.kind == "ptr" and row.side != Side.SELF and many and lost >= max(limits.min_events, row.queries // 2):
            yield _finding(evidence, row)


def _finding(evidence: Evidence, row: Misplaced) -> Finding:
    leaves = row.side == Side.UPSTREAM or row.public
    silent = row.unanswered * 2 > row.queries
    name, _, frame = row.top[0]
    return Finding(
        id="ptr-private-storm",
        kind="leak" if leaves else "local",
        severity=Severity.MEDIUM if row.public or silent else Severity.LOW,
        confidence=Confidence.HIGH,
        title=f"{row.queries} reverse lookups in the private zone {row.zone}"
        f"{', which leave for an upstream' if leaves else ''}",
        subject=Subject("suffix", f"{row.side} {row.zone}"),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.queries,
        per_min=rate(row.queries, evidence.context.covered_ns),
        peak_60s=row.peak_60s,
        side=str(row.side),
        numbers={
            "queries": row.queries,
            "share": round(row.queries / row.side_queries, 3),
            "names": row.names,
            "with_data": row.answered_with_data,
            "unanswered": row.unanswered,
            **{f"from {client}": count for client, count in list(row.clients.items())[:5]},
        },
        thresholds={"peak_60s": evidence.thresholds.ptr_per_min, "share": evidence.thresholds.ptr_share},
        chain=(
            Step(Frame(frame.file, frame.frame), row.first, f"{name} PTR", {"server": next(iter(row.servers), "")}),
        ),
        examples=[Frame(frame.file, frame.frame) for _, _, frame in row.top[1:6]],
        excluded=(f"answered with a name: {row.answered_with_data}",),
        fix=(
            Fix(
                "Corefile of the cluster DNS",
                "kubernetes cluster.local in-addr.arpa ip6.arpa {\n    fallthrough in-addr.arpa ip6.arpa\n}",
            ),
            Fix("node-local DNS Corefile", "in-addr.arpa:53 {\n    cache 30\n    forward . <CLUSTER-DNS>\n}"),
            Fix("dnsmasq.conf", "bogus-priv    # or rev-server=10.233.0.0/16,<CLUSTER-DNS>"),
            Fix("sshd_config", "UseDNS no"),
        ),
        references=("RFC 6303", "RFC 7793"),
        wireshark_filter='dns.qry.type == 12 && dns.qry.name contains "arpa"',
    )
