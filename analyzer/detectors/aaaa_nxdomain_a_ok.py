"""The AAAA of a name is denied with NXDOMAIN although its A exists.

## What it detects

NXDOMAIN for AAAA and an A record for the same name and client within 60 s, at least ten times. NXDOMAIN says that the name
does not exist at all, for any type; the right answer is NOERROR without data.

## What you feel

Lookups that fail at random: a cache may deny the A too (RFC 8020), musl and others give up at the NXDOMAIN.

## Evidence

The names with the A and AAAA queries of each, the server.

## Not to be confused with

NODATA (NOERROR without records), which is right; a name that came or went in between.

## Fix

Correct the server, load balancer or `template` that denies AAAA: NOERROR with an SOA.

## References

RFC 8020; RFC 4074 section 4.2; RFC 2308 section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import AAAA_TEMPLATE, name_filter, rate
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.aaaa import AaaaSide

NEEDS = ("aaaa",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for the outermost side on which such denials were seen."""
    rows = [row for row in evidence.results["aaaa"] if row.denied >= evidence.thresholds.min_events]
    if rows:
        yield _finding(evidence, rows[-1])


def _finding(evidence: Evidence, row: AaaaSide) -> Finding:
    first = row.denied_names[0]
    count = len(row.denied_names)
    return Finding(
        id="aaaa-nxdomain-a-ok",
        kind="denied",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title=f"NXDOMAIN for the AAAA of {count} name{'s' * (count != 1)} that have an A record, {row.denied} times",
        subject=Subject("server", first.server),
        first=row.first,
        last=row.last,
        first_frame=Frame(first.first.file, first.first.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.denied,
        per_min=rate(row.denied, evidence.context.covered_ns),
        side=str(row.side),
        numbers={
            "denied": row.denied,
            "names": count,
            **{f"name {name.qname}": name.denied for name in row.denied_names[:5]},
        },
        thresholds={"denied": evidence.thresholds.min_events},
        chain=(
            Step(
                Frame(first.first.file, first.first.frame),
                first.first_ns,
                f"{first.qname} AAAA: NXDOMAIN {first.denied} times, while its A has data",
                {"server": first.server, "a_queries": first.a_queries},
            ),
        ),
        examples=[Frame(name.first.file, name.first.frame) for name in row.denied_names[1:6]],
        excluded=("NODATA is right and not counted", "names with any AAAA record are not counted"),
        fix=(Fix("Corefile, in place of a template that says NXDOMAIN", AAAA_TEMPLATE),),
        references=("RFC 8020", "RFC 4074 section 4.2"),
        wireshark_filter=" && ".join(
            part for part in ("dns.qry.type == 28 && dns.flags.rcode == 3", name_filter(first.qname)) if part
        ),
    )
