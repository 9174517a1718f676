"""What many detectors share: a Finding from what was seen, its examples as steps, filters for addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import rate
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.peaks import WINDOW_NS
from analyzer.measures.seen import Seen

__all__ = ["finding", "ip", "steps", "together"]


def steps(seen: Seen) -> tuple[Step, ...]:
    """The examples as steps of a chain."""
    return tuple(Step(Frame(s.frame.file, s.frame.frame), s.time_ns, s.text) for s in seen.examples)


def together(parts: Sequence[Seen]) -> Seen:
    """What several rows saw, as one; the busiest 60 s is the largest of theirs unless all fell into one minute."""
    filled = [part for part in parts if part.count]
    if not filled:
        return Seen()
    first, last = min(filled, key=lambda part: part.first), max(filled, key=lambda part: part.last)
    count = sum(part.count for part in filled)
    short = last.last - first.first < WINDOW_NS
    return Seen(
        count=count,
        peak_60s=count if short else max(part.peak_60s for part in filled),
        first=first.first,
        last=last.last,
        first_frame=first.first_frame,
        last_frame=last.last_frame,
        examples=tuple(sorted((s for part in filled for s in part.examples), key=lambda s: s.time_ns)[:6]),
    )


def ip(address: str, end: str = "addr") -> str:
    """A Wireshark display filter for an address."""
    return f"ip{'v6' if ':' in address else ''}.{end} == {address}"


def finding(
    evidence: Evidence,
    seen: Seen,
    *,
    ident: str,
    kind: str,
    severity: Severity,
    confidence: Confidence,
    title: str,
    subject: Subject,
    numbers: Mapping[str, int | float | str | None],
    thresholds: Mapping[str, int | float | str | None],
    excluded: Sequence[str],
    fix: Sequence[Fix],
    references: Sequence[str],
    wireshark_filter: str,
    side: str = "",
    chain: Sequence[Step] | None = None,
) -> Finding:
    """A Finding with the frames, counts and rates of what was seen."""
    return Finding(
        id=ident,
        kind=kind,
        severity=severity,
        confidence=confidence,
        title=title,
        subject=subject,
        first=seen.first,
        last=seen.last,
        first_frame=Frame(seen.first_frame.file, seen.first_frame.frame),
        last_frame=Frame(seen.last_frame.file, seen.last_frame.frame),
        count=seen.count,
        per_min=rate(seen.count, evidence.context.covered_ns),
        peak_60s=seen.peak_60s,
        side=side,
        numbers=numbers,
        thresholds=thresholds,
        chain=steps(seen) if chain is None else chain,
        examples=[Frame(s.frame.file, s.frame.frame) for s in seen.examples[:5]],
        excluded=excluded,
        fix=fix,
        references=references,
        wireshark_filter=wireshark_filter,
    )
