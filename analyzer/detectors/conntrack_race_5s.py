"""One of two queries sent at the same time from one port is lost, and comes again 5 s (or 2.5 s) later.

## What it detects

A client sends A and AAAA within 2 ms from one port; one is answered within 0.5 s, the other never; it is sent again
with the same port and ID after 5.0 s (glibc) or 2.5 s (musl), and then answered. Three such cases with two names. High. That is the
race in Linux' connection tracking for two packets of a new UDP flow behind a Service address. The confidence is high where
the capture shows it, in three cases: the lost query came in on one interface and did not go out by another, as its partner did
(`-i any`).

## What you feel

Now and then a lookup takes exactly 5 s (2.5 s on Alpine).

## Evidence

One case frame by frame, the number of cases by type and by resolver.

## Not to be confused with

A server that never answers AAAA (`qtype-blackhole`); a path on which both are lost; packets dropped by the capture; Go,
which uses a port for each type; addresses 169.254.x, which node-local DNS takes out of connection tracking.

## Fix

NodeLocal DNSCache; `single-request-reopen` (glibc only) or `use-vc`; kernels up to 5.0 brought partial cures.
`conntrack -S` shows insert_failed.

## References

kubernetes/kubernetes#56903; weaveworks/weave#3287; "Racy conntrack and DNS lookup timeouts" (2018).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.lostpairs import LostPair

NEEDS = ("lostpairs",)
AFTER = ("qtype-blackhole",)

_UNTRACKED = ("127.", "169.254.", "fe80:", "::1")


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each client and server."""
    limits = evidence.thresholds
    black = {found.subject.value for found in evidence.findings.get("qtype-blackhole", ())}
    for row in evidence.results["lostpairs"].rows:
        enough = row.cases.count >= limits.conntrack_cases and row.names >= limits.conntrack_names
        if enough and not row.server.startswith(_UNTRACKED) and row.server not in black:
            yield _finding(evidence, row)


def _finding(evidence: Evidence, row: LostPair) -> Finding:
    limits = evidence.thresholds
    waits = " and ".join(word for count, word in ((row.glibc, "5 s"), (row.musl, "2.5 s")) if count)
    return finding(
        evidence,
        row.cases,
        ident="conntrack-race-5s",
        kind="pair",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if row.stopped >= limits.conntrack_cases else Confidence.MEDIUM,
        title=f"{row.client} loses one of two simultaneous queries to {row.server} and waits {waits} ({row.cases.count} times)",
        subject=Subject("leg", f"{row.client}>{row.server}"),
        numbers={
            "cases": row.cases.count,
            "names": row.names,
            "lost_a": row.lost_a,
            "lost_aaaa": row.lost_aaaa,
            "as_glibc_waits": row.glibc,
            "as_musl_waits": row.musl,
            "came_in_and_did_not_go_out": row.stopped,
        },
        thresholds={"cases": limits.conntrack_cases, "names": limits.conntrack_names},
        chain=[Step(Frame(s.frame.file, s.frame.frame), s.time_ns, s.text) for s in row.example],
        excluded=(
            "qtype-blackhole: the same type is answered when it is sent again",
            "both lost: the partner was answered within 0.5 s",
        ),
        fix=(
            Fix("the cluster", "# NodeLocal DNSCache: no connection tracking between pod and cache"),
            Fix("pod spec, glibc only", "dnsConfig:\n  options:\n  - name: single-request-reopen"),
            Fix("on the nodes", "conntrack -S    # insert_failed grows with every case"),
        ),
        references=("kubernetes/kubernetes#56903", "weaveworks/weave#3287"),
        wireshark_filter=f"dns && {ip(row.client)} && {ip(row.server)}",
    )
