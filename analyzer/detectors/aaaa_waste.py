"""AAAA queries for names that have IPv4 addresses only.

## What it detects

AAAA questions answered NODATA or NXDOMAIN while the same client got NOERROR for the A of the name, and nobody an AAAA
record: at least 100 such queries and 25 % of a side's queries. Info; low where they leave the node uncached too. An alias
that leads nowhere (CNAME alone, for A and AAAA) is NODATA (RFC 2308 section 2.2), so it counts.

## What you feel

Half the queries do nothing.

## Evidence

The names, A and AAAA queries of each, the clients, the share.

## Not to be confused with

Dual stack: a name with any AAAA data is left out, also its queries from before or after (dnsmasq with `filter-AAAA`).

## Fix

A `template` that answers AAAA with NODATA and an SOA, never with NXDOMAIN (RFC 8020 lets caches deny the A record
too; musl's lookups fail). nginx `resolver … ipv6=off`; the JVM's preferIPv4Stack. dnsmasq's `filter-AAAA` changes
answers, not traffic.

## References

RFC 8020; RFC 2308 section 2.2; RFC 8305; CoreDNS plugin/template.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import AAAA_TEMPLATE, rate, saves, with_saving
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.aaaa import AaaaSide
from analyzer.measures.rows import Side

NEEDS = ("aaaa",)

FIXES = (
    Fix("Corefile, block .:53 (only in clusters without IPv6)", AAAA_TEMPLATE),
    Fix("nginx.conf", "resolver <DNS> ipv6=off;"),
    Fix("Java", "-Djava.net.preferIPv4Stack=true"),
)


def _fixes(row: AaaaSide, upstream: AaaaSide | None) -> tuple[Fix, ...]:
    """A program that asks no AAAA saves the queries counted; a template in the cache only those that it would send on."""
    further = saves(upstream.wasted, upstream.queries) if upstream is not None and row.side == Side.CLIENT else ""
    said = saves(row.wasted, row.queries)
    return (
        with_saving(FIXES[0], f"{further} beyond it" if further else ""),
        *(with_saving(fix, said) for fix in FIXES[1:]),
    )


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for the client side (or, where only that was captured, the upstream side)."""
    sides = {row.side: row for row in evidence.results["aaaa"]}
    row = sides.get(Side.CLIENT) or sides.get(Side.UPSTREAM)
    thresholds = evidence.thresholds
    if row and row.wasted >= thresholds.aaaa_queries and row.wasted >= thresholds.aaaa_share * row.queries:
        yield _finding(evidence, row, sides.get(Side.UPSTREAM))


def _finding(evidence: Evidence, row: AaaaSide, upstream: AaaaSide | None) -> Finding:
    thresholds = evidence.thresholds
    leaves = upstream is not None and upstream.wasted >= thresholds.aaaa_share * upstream.queries
    first = row.top[0]
    return Finding(
        id="aaaa-waste",
        kind="uncached" if leaves else "client",
        severity=Severity.LOW if leaves else Severity.INFO,
        confidence=Confidence.HIGH,
        title=f"{row.wasted} of {row.queries} queries ask for IPv6 addresses of {row.names} names that have none",
        subject=Subject("capture", str(row.side)),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.wasted,
        per_min=rate(row.wasted, evidence.context.covered_ns),
        peak_60s=row.peak_60s,
        side=str(row.side),
        numbers={
            "wasted": row.wasted,
            "queries": row.queries,
            "share": round(row.wasted / row.queries, 3),
            "aaaa_queries": row.aaaa,
            "names": row.names,
            "dual_stack_names": row.dual,
            "wasted_upstream": upstream.wasted if upstream else None,
            **{f"name {name.qname}": name.aaaa_queries for name in row.top[:5]},
        },
        thresholds={"wasted": thresholds.aaaa_queries, "share": thresholds.aaaa_share},
        chain=(
            Step(
                Frame(first.first.file, first.first.frame),
                first.first_ns,
                f"{first.qname} AAAA: no such record, {first.aaaa_queries} queries (A: {first.a_queries})",
                {"server": first.server},
            ),
        ),
        examples=[Frame(name.first.file, name.first.frame) for name in row.top[1:6]],
        excluded=(f"dual stack: {row.dual} names with AAAA records are not counted",),
        fix=_fixes(row, upstream),
        references=("RFC 8020", "RFC 2308 section 2.2", "CoreDNS plugin/template"),
        wireshark_filter="dns.qry.type == 28 && dns.flags.response == 1 && dns.count.answers == 0",
    )
