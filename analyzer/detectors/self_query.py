"""Queries whose source is their destination.

## What it detects

Queries from an address to itself. For a local process that asks a server on an address of the same machine this is
normal: the kernel takes the destination as the source (host-network pods, kubelet, systemd-resolved towards a
node-local DNS). It is suspicious only where the port carries several names, as a forwarder's socket does, or where
such queries are nested: then a server forwards to itself, kind `forwarder` or `nested`.

## What you feel

Nothing by itself. With kind `forwarder` or `nested`: see `forward-loop`.

## Evidence

Queries per address, and how many came from ports that carried three names and more.

## Not to be confused with

A loop. A source equal to its destination proves nothing; such packets are seen only on `lo`, so capture there (or
with `-i any`).

## Fix

None for the normal kind; for a forwarder that asks itself see `forward-loop`.

## References

RFC 6724 (source address selection); ip(7).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.findings import Confidence, Finding, Frame, Severity, Subject
from analyzer.measures.selfqueries import SelfQueries

NEEDS = ("selfqueries", "loops")


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each address."""
    nested = {
        address
        for circle in evidence.results["loops"]
        if len(circle.parties) == 1 and any(question.depth >= 2 for question in circle.questions)
        for address in circle.parties[0]
    }
    for row in evidence.results["selfqueries"]:
        if row.queries >= evidence.thresholds.min_events:
            yield _finding(evidence, row, row.address in nested)


def _finding(evidence: Evidence, row: SelfQueries, nested: bool) -> Finding:
    address = evidence.context.addresses.text(row.address)
    kind = "nested" if nested else "forwarder" if row.pooled else "local"
    share = row.pooled / row.queries
    note = {
        "local": "normal for local clients",
        "forwarder": f"{row.pooled} from sockets that carry several names: a forwarder asks itself",
        "nested": "nested in each other: the server asks itself",
    }[kind]
    return Finding(
        id="self-query",
        kind=kind,
        severity=Severity.INFO if kind == "local" else Severity.MEDIUM,
        confidence=Confidence.HIGH if kind == "local" else Confidence.MEDIUM,
        title=f"{row.queries} queries from {address} to itself, {note}",
        subject=Subject("server", address),
        first=row.first_ns,
        last=row.last_ns,
        first_frame=Frame(*row.first),
        last_frame=Frame(*row.last),
        count=row.queries,
        numbers={
            "queries": row.queries,
            "from_pooled_ports": row.pooled,
            "pooled_share": round(share, 3),
            "ports": row.ports,
            "pooled_ports": row.pooled_ports,
        },
        thresholds={"names_on_a_pooled_port": evidence.thresholds.pooled_names},
        examples=[Frame(*frame) for frame in row.examples],
        references=("RFC 6724",),
        wireshark_filter=f"ip{'v6' if ':' in address else ''}.src == {address} && "
        f"ip{'v6' if ':' in address else ''}.dst == {address} && dns.flags.response == 0",
    )
