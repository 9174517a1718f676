"""Answers do not fit into UDP, so clients ask again by TCP.

## What it detects

Truncated responses (TC) by UDP, followed within 1 s by the same question to the same server by TCP: at least ten, at least
5 % of the queries by UDP to that server. Low.

## What you feel

Three more round trips for such names; more open connections.

## Evidence

Queries by UDP, truncated answers, how many were followed by TCP.

## Not to be confused with

Clients that do not come back (`tc-no-fallback`).

## Fix

Smaller answers (fewer records); EDNS with 1232 octets where a client has none; keep TCP/53 open.

## References

RFC 7766; RFC 2181 section 9; DNS flag day 2020.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip, together
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.truncations import Truncated

NEEDS = ("truncations",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each server and side."""
    limits = evidence.thresholds
    servers: dict[tuple[str, str], list[Truncated]] = defaultdict(list)
    for leg in evidence.results["truncations"].legs:
        servers[leg.server, str(leg.side)].append(leg)
    for (server, side), legs in sorted(servers.items()):
        followed, udp = sum(leg.followed.count for leg in legs), sum(leg.udp for leg in legs)
        if followed >= limits.min_events and followed >= limits.tc_share * udp:
            yield _finding(evidence, server, side, legs)


def _finding(evidence: Evidence, server: str, side: str, legs: list[Truncated]) -> Finding:
    limits = evidence.thresholds
    truncated, followed = sum(leg.truncated.count for leg in legs), sum(leg.followed.count for leg in legs)
    udp = sum(leg.udp for leg in legs)
    seen = together([leg.followed for leg in legs])
    return finding(
        evidence,
        seen,
        ident="tc-fallback",
        kind="server",
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        title=f"{truncated} answers of {server} did not fit into UDP; {followed} of them were asked for again by TCP",
        subject=Subject("server", server),
        side=side,
        numbers={
            "truncated": truncated,
            "followed_by_tcp": followed,
            "queries_by_udp": udp,
            "share": round(followed / max(udp, 1), 4),
            **{f"to {leg.client}": leg.followed.count for leg in legs[:5]},
        },
        thresholds={"followed_by_tcp": limits.min_events, "share": limits.tc_share},
        excluded=("tc-no-fallback: these came back by TCP",),
        fix=(
            Fix("the names listed", "# fewer records in the answer"),
            Fix("Corefile", "bufsize 1232"),
        ),
        references=("RFC 7766", "DNS flag day 2020"),
        wireshark_filter=f"dns.flags.truncated == 1 && {ip(server, 'src')}",
    )
