"""Nothing listens on the DNS port that clients ask.

## What it detects

At least three ICMP errors "port unreachable" (type 3 code 3; ICMPv6 type 1 code 4) that quote a query to a server, or
three connections to it whose SYN was answered with RST. High.

## What you feel

Names fail at once, or after the resolver has tried its other servers.

## Evidence

The errors, who sent them, the clients that got them.

## Not to be confused with

Errors that quote a *response* (a client that gave up and closed its socket): they say nothing about the server and are
not counted. Copies of one error on several interfaces count once. A capture with the filter `port 53` holds no ICMP.

## Fix

Start the server, or take its address out of resolv.conf; if node-local DNS is gone, its DaemonSet's pod on that node.

## References

RFC 792; RFC 4443 section 3.1; resolv.conf(5).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.unreachable import Unreachable

NEEDS = ("unreachable",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each server and transport."""
    for row in evidence.results["unreachable"]:
        if row.seen.count >= evidence.thresholds.unreachable_count:
            yield _finding(evidence, row)


def _finding(evidence: Evidence, row: Unreachable) -> Finding:
    udp = row.transport == "udp"
    clients = len(row.clients)
    what = f"ICMP port unreachable {row.seen.count} times" if udp else f"RST to SYN {row.seen.count} times"
    return finding(
        evidence,
        row.seen,
        ident="port-unreachable",
        kind="icmp" if udp else "reset",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title=f"Nothing listens on {row.server} port {row.port} ({row.transport}): {what}, "
        f"to {clients} client{'s' if clients > 1 else ''}",
        subject=Subject("server", row.server),
        numbers={
            "errors": row.seen.count,
            "clients": clients,
            "sent_by": " ".join(row.senders[:5]),
            **{f"to {client}": count for client, count in list(row.clients.items())[:5]},
        },
        thresholds={"errors": evidence.thresholds.unreachable_count},
        excluded=(
            "errors that quote a response (the client had closed its port) are not counted",
            "copies of one error on several interfaces count once",
        ),
        fix=(
            Fix(f"on {row.server}", f"ss -l{'u' if udp else 't'}np 'sport = :{row.port}'    # who listens there?"),
            Fix("the clients' resolv.conf", f"# without nameserver {row.server} while it is down"),
        ),
        references=("RFC 792", "RFC 4443 section 3.1"),
        wireshark_filter=f"icmp.type == 3 && icmp.code == 3 && {ip(row.server)}"
        if udp and ":" not in row.server
        else f"{ip(row.server)} && (icmpv6.type == 1 || tcp.flags.reset == 1)",
    )
