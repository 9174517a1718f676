"""Routers pass the same packet round: a loop in the network, below DNS.

## What it detects

One packet (equal non-zero IP identification and equal octets but for TTL and checksum) that one interface sees with
three and more different TTLs.

## What you feel

Time-outs to some networks, ICMP time exceeded, links that are full for no reason.

## Evidence

The frames of one packet with their falling TTLs, and how many packets went round.

## Not to be confused with

A DNS forwarding loop, in which every hop is a new packet with a new TTL (`forward-loop`); a packet seen before and
after one router, or on several interfaces (two TTLs, or one on each).

## Fix

Look at the routes on both sides of the interface: each router believes that the other is nearer to the destination.

## References

RFC 791 (time to live); traceroute(8).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.iploops import RoutedRound

NEEDS = ("iploops",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each pair of addresses."""
    for found in evidence.results["iploops"]:
        yield _finding(evidence, found)


def _finding(evidence: Evidence, found: RoutedRound) -> Finding:
    text = evidence.context.addresses.text
    source, target = text(found.src), text(found.dst)
    first, last = found.frames[0], found.frames[-1]
    return Finding(
        id="ip-routing-loop",
        kind="ttl",
        severity=Severity.CRITICAL,
        confidence=Confidence.HIGH,
        title=f"{found.packets} packets {source} > {target} went round between routers, with up to {found.most_ttls} TTLs",
        subject=Subject("leg", f"{source} > {target}"),
        first=found.first_ns,
        last=found.last_ns,
        first_frame=Frame(first[1], first[2]),
        last_frame=Frame(last[1], last[2]),
        count=found.packets,
        numbers={"packets": found.packets, "ttls_most": found.most_ttls},
        thresholds={"ttls": evidence.thresholds.ip_loop_ttls},
        chain=[Step(Frame(file, frame), time_ns, f"TTL {ttl}") for time_ns, file, frame, ttl in found.frames],
        excluded=("forward-loop: every hop of it is a new packet with a new TTL",),
        fix=(
            Fix(
                f"routers on the way to {target}",
                f"ip route get {target}    # on each; two that name each other are it",
            ),
        ),
        references=("RFC 791",),
        wireshark_filter=f"ip.src == {source} && ip.dst == {target} && dns",
    )
