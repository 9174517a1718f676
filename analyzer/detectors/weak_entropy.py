"""Queries whose port and ID are easy to guess, so that somebody else could answer them.

## What it detects

A source's first hundred to 2,000 sends to other machines (resends left out). IDs are weak where 80 % are at most 2 from the
one before, or fewer than 60 % are different; ports where there are at most three, or 80 % follow one another. Kind
`ids-and-ports`: both; medium towards public servers, else info. Kind `ids`, kind `ports`: one of them; info, and towards public servers only.

## What you feel

Nothing, until someone forges an answer: 16 bits of ID alone are guessed within seconds (RFC 5452).

## Evidence

How many different ports and IDs, how many follow one another, the first sends with both.

## Not to be confused with

Pools of sockets (CoreDNS, nginx, systemd-resolved), which keep a few ports and have random IDs: nobody outside sees their
queries to a server in the same network. A router that translates addresses and hands out ports one after the other. A
forwarder that passes on its clients' IDs (CoreDNS before 1.8.7): look at the clients.

## Fix

Random ports and IDs: a current resolver; no fixed query port; no translation that makes ports predictable.

## References

RFC 5452; CERT VU#800113.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.entropy import Guessable
from analyzer.options import Thresholds

NEEDS = ("entropy",)

_FIX = (
    Fix("unbound", "# no outgoing-port-permit that leaves a few; port range 1024-65535"),
    Fix("BIND", "# no `port` in query-source"),
    Fix("the router", "iptables -t nat -A POSTROUTING … -j MASQUERADE --random-fully"),
)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each source."""
    for row in evidence.results["entropy"]:
        kind = _kind(evidence.thresholds, row)
        if kind == "ids-and-ports" or (kind and _outside(row)):
            yield _finding(evidence, row, kind)


def _kind(limits: Thresholds, row: Guessable) -> str:
    near = limits.entropy_near * (row.sends - 1)
    ids = row.near_ids >= near or row.ids < limits.entropy_ids * row.sends
    ports = row.ports <= limits.entropy_ports or row.near_ports >= near
    return "ids-and-ports" if ids and ports else "ids" if ids else "ports" if ports else ""


def _outside(row: Guessable) -> bool:
    return 2 * row.public >= row.sends


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _finding(evidence: Evidence, row: Guessable, kind: str) -> Finding:
    limits = evidence.thresholds
    return finding(
        evidence,
        row.seen,
        ident="weak-entropy",
        kind=kind,
        severity=Severity.MEDIUM if kind == "ids-and-ports" and _outside(row) else Severity.INFO,
        confidence=Confidence.MEDIUM,
        title=f"{row.source} is easy to answer for: {_count(row.ports, 'port')} and {_count(row.ids, 'ID')} in {row.sends} "
        f"queries, {row.near_ids} of which have the ID of the one before or one next to it",
        subject=Subject("client", row.source),
        numbers={
            "queries": row.sends,
            "ports": row.ports,
            "ports_that_follow": row.near_ports,
            "ids": row.ids,
            "ids_that_follow": row.near_ids,
            "to_public_servers": row.public,
            "servers": " ".join(row.servers),
        },
        thresholds={
            "queries": limits.entropy_count,
            "ports": limits.entropy_ports,
            "share_that_follows": limits.entropy_near,
            "ids_per_query": limits.entropy_ids,
        },
        excluded=("resends, which keep their port and ID", "queries of a machine to itself"),
        fix=_FIX,
        references=("RFC 5452", "CERT VU#800113"),
        wireshark_filter=f"dns.flags.response == 0 && {ip(row.source, 'src')}",
    )
