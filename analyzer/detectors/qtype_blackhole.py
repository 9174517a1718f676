"""A server answers A and drops AAAA.

## What it detects

More than half of the AAAA queries to a server, or for one zone of it, never answered, at least ten, while A is: less than a
tenth lost, and at least ten answered. Medium.

## What you feel

Every lookup takes as long as the resolver waits, though the IPv4 address was there at once.

## Evidence

Queries and losses of both types, the first lost ones.

## Not to be confused with

The connection-tracking race (`conntrack-race-5s`), which loses either type and now and then; a dead server, which loses both.

## Fix

Replace the server or the box in between that drops AAAA. Until then, answer AAAA with "no data" in front of it.

## References

RFC 4074; RFC 8906.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.proof import finding, ip
from analyzer.detectors.search_fixes import AAAA_TEMPLATE
from analyzer.findings import Confidence, Finding, Fix, Severity, Subject
from analyzer.measures.typeloss import TypeLoss
from analyzer.options import Thresholds

NEEDS = ("typeloss",)

_A_LOST = 0.1  # more than this of A lost: then it is not the type


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each server, or for each of its zones where it is not the whole server."""
    rows = [row for row in evidence.results["typeloss"] if _fires(evidence.thresholds, row)]
    whole = {row.server for row in rows if not row.zone}
    for row in rows:
        if not row.zone or row.server not in whole:
            yield _finding(evidence, row)


def _fires(limits: Thresholds, row: TypeLoss) -> bool:
    a_fine = row.a_queries - row.a_lost >= limits.min_events and row.a_lost < _A_LOST * row.a_queries
    gone = row.aaaa_lost >= limits.min_events and row.aaaa_lost > limits.blackhole_share * row.aaaa_queries
    return a_fine and gone


def _finding(evidence: Evidence, row: TypeLoss) -> Finding:
    where = f" for {row.zone}" if row.zone else ""
    return finding(
        evidence,
        row.seen,
        ident="qtype-blackhole",
        kind="zone" if row.zone else "server",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title=f"{row.server} does not answer AAAA{where}: {row.aaaa_lost} of {row.aaaa_queries} lost, of A {row.a_lost} of "
        f"{row.a_queries}",
        subject=Subject("server", f"{row.server} zone {row.zone}" if row.zone else row.server),
        numbers={
            "aaaa_lost": row.aaaa_lost,
            "aaaa": row.aaaa_queries,
            "a_lost": row.a_lost,
            "a": row.a_queries,
            "share": round(row.aaaa_lost / row.aaaa_queries, 4),
        },
        thresholds={"aaaa_lost": evidence.thresholds.min_events, "share": evidence.thresholds.blackhole_share},
        excluded=("a dead server: it answers A", "conntrack-race-5s: that loses few, and of both types"),
        fix=(
            Fix("a shell", f"dig +tries=1 @{row.server} <NAME> AAAA    # no answer, while A has one"),
            Fix("Corefile, in front of it", AAAA_TEMPLATE),
        ),
        references=("RFC 4074", "RFC 8906"),
        wireshark_filter=f"dns.qry.type == 28 && {ip(row.server)}",
    )
