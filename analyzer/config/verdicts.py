"""How a rule says what it found: a Finding that rests on configuration lines instead of packets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.findings import Confidence, Finding, Fix, Severity, SourceLine, Subject

__all__ = ["finding"]


def finding(
    rule: str,
    kind: str,
    severity: Severity,
    title: str,
    subject: Subject,
    sources: Sequence[SourceLine],
    fix: Sequence[Fix],
    *,
    numbers: Mapping[str, int | float | str | None] | None = None,
    thresholds: Mapping[str, int | float | str | None] | None = None,
    references: Sequence[str] = (),
    confidence: Confidence = Confidence.HIGH,
    excluded: Sequence[str] = (),
) -> Finding:
    """A finding without packets: `count` is the number of configuration lines that it rests on."""
    unique = tuple(dict.fromkeys(sources))
    return Finding(
        id=rule,
        kind=kind,
        severity=severity,
        confidence=confidence,
        title=title,
        subject=subject,
        first=None,
        last=None,
        first_frame=None,
        last_frame=None,
        count=max(1, len(unique)),
        numbers=numbers or {},
        thresholds=thresholds or {},
        excluded=excluded,
        fix=tuple(dict.fromkeys(fix)),
        references=references,
        sources=unique,
    )
