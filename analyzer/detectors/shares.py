"""What `hot-name` and `top-talker` share: one base name or client with a large share of the client side's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import rate
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Subject
from analyzer.measures.heat import Heat, Hot

__all__ = ["large_share"]

_Numbers = Mapping[str, int | float | str | None]


def large_share(
    evidence: Evidence,
    row: Hot,
    *,
    ident: str,
    kind: str,
    verb: str,
    subject: str,
    numbers: _Numbers,
    thresholds: _Numbers,
    excluded: Sequence[str],
    fix: Sequence[Fix],
    references: Sequence[str],
    wireshark_filter: str,
) -> Finding:
    """The finding; `verb` is what the subject does to its share, `numbers` stand behind queries and share."""
    heat: Heat = evidence.results["heat"]
    share, limit = row.queries / heat.queries, evidence.thresholds.hot_low_per_min
    return Finding(
        id=ident,
        kind=kind,
        severity=Severity.LOW if row.peak_60s >= limit else Severity.INFO,
        confidence=Confidence.HIGH,
        title=f"{row.key} {verb} {share:.0%} of the client-side queries, {row.peak_60s} in its busiest 60 s",
        subject=Subject(subject, row.key),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.queries,
        per_min=rate(row.queries, evidence.context.covered_ns),
        peak_60s=row.peak_60s,
        side="client",
        numbers={"queries": row.queries, "share": round(share, 3), **numbers},
        thresholds=thresholds,
        excluded=excluded,
        fix=fix,
        references=references,
        wireshark_filter=wireshark_filter,
    )
