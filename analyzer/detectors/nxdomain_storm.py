"""Many names that do not exist; and how many of them other findings explain.

## What it detects

NXDOMAIN for at least 40 % of the client side's queries and 300 a minute, or in the busiest minute at least three times the
median minute. From these are taken what search lists, leaks, private reverse lookups and dead names explain. Info
where they explain at least 80 % (see those findings), else medium, on the rest.

## What you feel

Load without use, full logs.

## Evidence

Denials by reason, and the names that nothing explains.

## Not to be confused with

Its own causes: this finding repeats others, so it only says what they leave over. Random subdomains are an attack, with
a finding of their own (`random-subdomain`).

## Fix

That of the findings named; for the rest, find the client that asks for the names listed.

## References

RFC 2308; RFC 8020; RFC 8198.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import rate, saves
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.denials import Denials

NEEDS = ("denials",)
AFTER = ("cluster-name-leak", "dead-name-polling", "ptr-private-storm", "search-expansion")

_REASONS = dict(zip(AFTER, ("leak", "dead", "ptr", "search"), strict=True))
_MINUTES = 3  # a median of fewer says nothing


def detect(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    row: Denials = evidence.results["denials"]
    limits = evidence.thresholds
    many = row.denied >= limits.nxdomain_share * row.queries and row.peak_60s >= limits.nxdomain_per_min
    sudden = (
        row.minutes >= _MINUTES
        and row.peak_60s >= limits.nxdomain_median * row.median_min
        and row.peak_60s >= limits.rcode_per_min
    )
    if row.denied >= limits.min_events and (many or sudden):
        yield _finding(evidence, row, "share" if many else "rise")


def _finding(evidence: Evidence, row: Denials, kind: str) -> Finding:
    limits = evidence.thresholds
    rest = row.by_reason["rest"]
    explained = 1 - rest / row.denied
    fine = explained >= limits.nxdomain_explained
    related = [name for name in AFTER if evidence.findings.get(name)]
    gone = sum(row.by_reason.get(_REASONS[name], 0) for name in related)
    return Finding(
        id="nxdomain-storm",
        kind="explained" if fine else kind,
        severity=Severity.INFO if fine else Severity.MEDIUM,
        confidence=Confidence.HIGH if fine else Confidence.MEDIUM,
        title=f"{row.denied} of {row.queries} client-side queries are for names that do not exist; "
        f"{explained:.0%} of them explained by {', '.join(related) if related else 'search lists and dead names'}",
        subject=Subject("capture", "client"),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.denied if fine else rest,
        per_min=rate(row.denied, evidence.context.covered_ns),
        peak_60s=row.peak_60s,
        side="client",
        numbers={
            "nxdomain": row.denied,
            "queries": row.queries,
            "share": round(row.denied / row.queries, 3),
            "explained": round(explained, 3),
            "median_minute": row.median_min,
            **{f"by {reason}": count for reason, count in row.by_reason.items()},
        },
        thresholds={
            "share": limits.nxdomain_share,
            "peak_60s": limits.nxdomain_per_min,
            "times_the_median": limits.nxdomain_median,
            "explained": limits.nxdomain_explained,
        },
        chain=tuple(
            Step(Frame(frame.file, frame.frame), row.first, f"{name}: NXDOMAIN {count} times", {})
            for name, count, frame in row.rest[:5]
        ),
        excluded=tuple(f"{reason}: {count}" for reason, count in row.by_reason.items() if reason != "rest"),
        fix=(Fix("elsewhere", f"# see {', '.join(related)}: without them {saves(gone, row.denied)}"),)
        if related
        else (),
        references=("RFC 2308", "RFC 8020"),
        wireshark_filter="dns.flags.rcode == 3",
    )
