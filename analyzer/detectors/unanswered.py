"""Queries that nobody answers.

## What it detects

On one leg (client and server) at least 1 % of the queries and ten in some 60 s without an answer; or a *blackout*: at
least three queries in a row without one, and ten in all. Medium; high from 5 %; critical where for ten seconds and ten
queries nothing was answered at all. Where no single leg is enough, all clients of a server together are (kind `server`).

## What you feel

Pauses of 5 s (glibc, Go) or 2.5 s (musl), "Temporary failure in name resolution".

## Evidence

Queries and unanswered ones, share, busiest minute, the longest blackout with start and end, the first lost queries.

## Not to be confused with

Queries at the end of the capture, which may still be answered (pending); a capture that sees only one direction: there
at least 95 % of a server's answers are missing, and yet its clients do not ask again; where the capture holds no response at
all, the finding is medium at most, of low confidence. An answer seen on another
interface, which counts. Loop probes of CoreDNS and dnsmasq, which are lost where a loop is found or a server ends: they are
left out, and `loop-probe-loop` and `probe-retry` speak of them.

## Fix

Look at the path to the server, at network policies, and at the server's own upstreams; a node-local cache takes the load
off a path that loses packets. About 1024 packets/s from one node to a cloud resolver is the limit of AWS per interface.

## References

resolv.conf(5) (timeout, attempts); Amazon VPC: DNS quotas; RFC 9520.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.rows import Side
from analyzer.measures.silence import Blackout, Silence
from analyzer.options import NS, Thresholds

NEEDS = ("silence", "summary")
AFTER = ("forward-loop", "loop-probe-loop")

_ONE_WAY = 0.95  # so much of a server's answers missing, and clients that do not mind: the capture misses one direction
_AGAIN = 0.2  # a client that misses its answer asks again; with one resend each it would be half of the queries

_DENSE_NS = 10 * NS  # a blackout holds at least one query in so long


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg, and one for each server that loses a little of many."""
    limits = evidence.thresholds
    quiet: dict[tuple[str, Side], list[Silence]] = defaultdict(list)
    loud = set()
    for leg in evidence.results["silence"]:
        if _one_way(leg) or not leg.unanswered.count:
            continue
        if _fires(limits, leg):
            loud.add(leg.server)
            yield _finding(evidence, leg)
        else:
            quiet[leg.server, leg.side].append(leg)
    for (server, _), legs in sorted(quiet.items()):
        if server not in loud and len(legs) > 1:
            yield from _together(evidence, legs)


def _one_way(leg: Silence) -> bool:
    lost = leg.unanswered.count
    return lost >= _ONE_WAY * (lost + leg.answered) and leg.asked_again < _AGAIN * lost


def _fires(limits: Thresholds, leg: Silence) -> bool:
    lost = leg.unanswered
    often = lost.count >= limits.unanswered_share * leg.queries and lost.peak_60s >= limits.unanswered_count
    row = leg.blackout is not None and leg.blackout.queries >= limits.unanswered_row
    return often or (row and lost.count >= limits.min_events)


def _severity(limits: Thresholds, share: float, blackout: Blackout | None) -> Severity:
    span = blackout.last - blackout.first if blackout else 0
    # A few queries over a long time prove no outage of that length.
    if blackout and blackout.queries >= max(limits.min_events, span // _DENSE_NS) and span >= limits.blackout_ns:
        return Severity.CRITICAL
    return Severity.HIGH if share >= limits.unanswered_high_share else Severity.MEDIUM


def _finding(evidence: Evidence, leg: Silence) -> Finding:
    limits, lost, gone = evidence.thresholds, leg.unanswered, leg.blackout
    share = lost.count / leg.queries if leg.queries else 1.0
    severity = _severity(limits, share, gone)
    deaf = not evidence.results["summary"].responses
    if deaf:  # nobody answers anybody: the server is dead, or the capture holds one direction
        severity = min(severity, Severity.MEDIUM)
    dark = f"; for {(gone.last - gone.first) / NS:.1f} s none at all" if gone and severity == Severity.CRITICAL else ""
    numbers: dict[str, int | float | str | None] = {
        "unanswered": lost.count,
        "queries": leg.queries,
        "share": round(share, 4),
        "late": leg.late.count,
        "asked_again": leg.asked_again,
    }
    chain: Sequence[Step] | None = None
    if gone and gone.queries >= limits.unanswered_row:
        numbers |= {"blackout_queries": gone.queries, "blackout_s": round((gone.last - gone.first) / NS, 3)}
        chain = [
            Step(
                Frame(gone.first_frame.file, gone.first_frame.frame), gone.first, "longest blackout: first lost query"
            ),
            Step(Frame(gone.last_frame.file, gone.last_frame.frame), gone.last, f"its last, the {gone.queries}th"),
        ]
    return finding(
        evidence,
        lost,
        ident="unanswered",
        kind="blackout" if dark else "leg",
        severity=severity,
        confidence=Confidence.LOW if deaf else Confidence.HIGH if leg.answered else Confidence.MEDIUM,
        title=f"{leg.server} left {lost.count} of {leg.queries} queries of {leg.client} without an answer ({share:.1%}){dark}",
        subject=Subject("leg", f"{leg.client}>{leg.server}"),
        side=str(leg.side),
        numbers=numbers,
        thresholds=_limits(limits),
        chain=chain,
        excluded=(
            *(f"not by itself: see {ident}, which loses answers" for ident in AFTER if evidence.findings.get(ident)),
            "queries in the last seconds of the capture count as pending, not as lost",
            *((f"{leg.probes} lost loop probes, which have findings of their own",) if leg.probes else ()),
            f"a capture of one direction: {leg.answered} answers were seen, {leg.asked_again} lost queries asked again",
        ),
        fix=_fixes(leg.server),
        references=("resolv.conf(5)", "RFC 9520"),
        wireshark_filter=f"{ip(leg.client)} && {ip(leg.server)} && dns",
    )


def _together(evidence: Evidence, legs: list[Silence]) -> Iterator[Finding]:
    """Many clients that each lose a little: judged by their sum."""
    limits = evidence.thresholds
    lost, queries = sum(leg.unanswered.count for leg in legs), sum(leg.queries for leg in legs)
    busiest = max(legs, key=lambda leg: (leg.unanswered.count, leg.client))
    # Busiest minutes of legs may not coincide; their largest is what one minute certainly held.
    certain = max(busiest.unanswered.peak_60s, lost if _within(legs) else 0)
    if lost < limits.unanswered_share * queries or certain < limits.unanswered_count:
        return
    share = lost / queries
    server = busiest.server
    yield finding(
        evidence,
        busiest.unanswered,
        ident="unanswered",
        kind="server",
        severity=_severity(limits, share, None),
        confidence=Confidence.MEDIUM,
        title=f"{server} left {lost} of {queries} queries of {len(legs)} clients without an answer ({share:.1%})",
        subject=Subject("server", server),
        side=str(busiest.side),
        numbers={"unanswered": lost, "queries": queries, "share": round(share, 4), "clients": len(legs)},
        thresholds=_limits(limits),
        excluded=("queries in the last seconds of the capture count as pending, not as lost",),
        fix=_fixes(server),
        references=("resolv.conf(5)", "RFC 9520"),
        wireshark_filter=f"{ip(server)} && dns",
    )


def _within(legs: list[Silence]) -> bool:
    return max(leg.unanswered.last for leg in legs) - min(leg.unanswered.first for leg in legs) < 60 * NS


def _limits(limits: Thresholds) -> dict[str, int | float | str | None]:
    return {
        "share": limits.unanswered_share,
        "share_high": limits.unanswered_high_share,
        "peak_60s": limits.unanswered_count,
        "blackout_queries": limits.unanswered_row,
        "blackout_s": limits.blackout_ns / NS,
    }


def _fixes(server: str) -> tuple[Fix, ...]:
    return (
        Fix("on the client's node", f"dig +tries=1 +time=2 @{server} . NS    # does it answer from here?"),
        Fix(
            "the network",
            f"# routes, firewalls and network policies for port 53 to {server}; its own upstreams and load",
        ),
        Fix("the cluster", "# NodeLocal DNSCache: fewer packets over the path, and no connection tracking for UDP"),
    )
