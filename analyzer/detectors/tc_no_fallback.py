"""A truncated answer, and nobody comes back by TCP.

## What it detects

A truncated response (TC) by UDP after which its client opens no connection to that server within 2 s (kind `no-tcp`), or opens
one that is not answered or is reset (kind `blocked`). One is enough. High.

## What you feel

Names with many records do not resolve, or only some of their addresses are used, for clients with musl before 1.2.4, or
where TCP/53 is closed.

## Evidence

The truncated answers, and what followed.

## Not to be confused with

A capture with the filter `udp port 53`, which cannot show TCP: without a single connection in the capture nothing is said.
A client that did come back by TCP at other times, asked another server by TCP, or has a connection open. A forwarder hands
the truncated answer on and waits for its client. Queries to authoritative servers (no recursion asked or offered), whose
clients come from many addresses, forged ones among them: `no-tcp` is for stubs.

## Fix

Open TCP/53; a newer musl (Alpine 3.18 and later); smaller answers.

## References

RFC 7766; musl 1.2.4 release notes; coredns/coredns#6149.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.truncations import Truncated

NEEDS = ("truncations",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg and kind."""
    found = evidence.results["truncations"]
    if not found.tcp_seen:
        return
    for leg in found.legs:
        if leg.blocked.count and not leg.tcp:
            yield _finding(evidence, leg, "blocked")
        if leg.lone.count and not leg.clients_tcp and not leg.forwarder:
            yield _finding(evidence, leg, "no-tcp")


def _finding(evidence: Evidence, leg: Truncated, kind: str) -> Finding:
    blocked = kind == "blocked"
    what = leg.blocked if blocked else leg.lone
    end = "TCP to it is not answered" if blocked else f"{leg.client} does not come back by TCP"
    return finding(
        evidence,
        what,
        ident="tc-no-fallback",
        kind=kind,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if blocked or what.count > 1 else Confidence.MEDIUM,
        title=f"Truncated answers of {leg.server} lead nowhere ({what.count}): {end}",
        subject=Subject("leg", f"{leg.client}>{leg.server}"),
        side=str(leg.side),
        numbers={
            "truncated": leg.truncated.count,
            "followed_by_tcp": leg.followed.count,
            "without_syn": leg.lone.count,
            "syn_in_vain": leg.blocked.count,
        },
        thresholds={"wait_s": evidence.thresholds.tc_wait_ns / 1e9},
        excluded=(
            f"a capture of UDP alone: it holds {evidence.results['truncations'].tcp_seen} connections",
            "the same question to another server by TCP; a connection still open; a forwarder that hands TC on",
        ),
        fix=(
            Fix("the client's image", "# musl 1.2.4 and later (Alpine 3.18) asks again by TCP; or glibc"),
            Fix("the network", f"nc -zv {leg.server} 53    # from the client: is TCP open?"),
            Fix("Corefile", "bufsize 1232"),
        ),
        references=("RFC 7766", "coredns/coredns#6149"),
        wireshark_filter=f"(dns.flags.truncated == 1 || tcp.flags.syn == 1) && {ip(leg.client)} && {ip(leg.server)}",
    )
