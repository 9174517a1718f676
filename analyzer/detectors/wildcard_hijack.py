"""A wildcard record of a search domain answers for names that have nothing to do with it.

## What it detects

Three or more unrelated base names (not even their leftmost labels agree) that got one and the same address under one
search suffix outside the cluster: `*.example.org` answers for `db.example.org` and for `api.github.com.example.org`.

## What you feel

Connections to the wrong host, certificate errors, names that "resolve" although they do not exist.

## Evidence

The suffix, the address, the bases, one query of each.

## Not to be confused with

Names that really live under the domain and share a load balancer: their bases then are not names of other domains.

## Fix

Take the search domain off the nodes, or the wildcard record out of the zone; a final dot in the application.

## References

RFC 4592; RFC 1535 (the search-list security problem); kubernetes/kubernetes#64924.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import name_filter, ndots_fixes, rate, saves, source_fixes
from analyzer.findings import Confidence, Finding, Frame, Severity, Step, Subject
from analyzer.measures.wildcards import Wildcard

NEEDS = ("wildcards",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each suffix and address."""
    for row in evidence.results["wildcards"].hijacks:
        if len(row.bases) >= evidence.thresholds.hijack_bases:
            yield _finding(evidence, row)


def _finding(evidence: Evidence, row: Wildcard) -> Finding:
    dotted = sum("." in base for base in row.bases)
    return Finding(
        id="wildcard-hijack",
        kind="address",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if dotted >= evidence.thresholds.hijack_bases else Confidence.MEDIUM,
        title=f"{len(row.bases)} unrelated names resolve to {row.address} under the search suffix {row.suffix}",
        subject=Subject("suffix", f"{row.suffix} {row.address}"),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.queries,
        per_min=rate(row.queries, evidence.context.covered_ns),
        peak_60s=row.peak_60s,
        side="client",
        numbers={
            "bases": len(row.bases),
            "bases_with_dots": dotted,
            "queries": row.queries,
            "clients": len(row.clients),
        },
        thresholds={"bases": evidence.thresholds.hijack_bases},
        chain=tuple(
            Step(Frame(frame.file, frame.frame), time, f"{name}: {row.address}", {"server": row.servers[0]})
            for name, time, frame in row.frames[:5]
        ),
        excluded=(
            "names that share their leftmost label count once",
            "suffixes of the cluster domain are not counted",
        ),
        fix=(*source_fixes(row.suffix, saves(row.queries, row.queries)), *ndots_fixes(row.bases[0])[:1]),
        references=("RFC 4592", "RFC 1535", "https://github.com/kubernetes/kubernetes/issues/64924"),
        wireshark_filter=name_filter(row.suffix),
    )
