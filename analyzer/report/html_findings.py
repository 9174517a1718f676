"""Findings as the page shows them: the verdict, what to change first, and a card each."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from analyzer.findings import Finding, Frame, Severity
from analyzer.report.model import Report
from analyzer.report.times import amount, clock, percent, rfc3339

__all__ = ["ADVICE", "cards", "changes", "verdict"]

OPEN: Final = Severity.HIGH  # cards from here on show their proof unasked
ADVICE: Final = {
    Severity.CRITICAL: "DNS is broken here, or about to break.",
    Severity.HIGH: "Something here hurts.",
    Severity.MEDIUM: "Something here is worth changing.",
    Severity.LOW: "Only small things.",
}
_WHOLE: Final = 3  # findings of one kind that are shown as cards of their own; further ones stand in a list


def verdict(report: Report) -> dict[str, Any]:
    """The word, the sentence, and how many of each severity."""
    worst = report.worst
    counts = Counter(finding.severity for finding in report.findings)
    chips = [(s.word, counts[s]) for s in sorted(Severity, reverse=True) if counts[s]]
    if worst is None or worst <= Severity.INFO:
        return {
            "css": "healthy",
            "word": "Looks healthy",
            "sentence": "Nothing found that needs a change.",
            "chips": chips,
            "lead": "",
        }
    lead = report.findings[0].title if report.findings[0].severity == worst else ""
    return {"css": worst.word, "word": worst.word, "sentence": ADVICE[worst], "chips": chips, "lead": lead}


def changes(report: Report, most: int = 3) -> list[dict[str, Any]]:
    """What to change first: the first fix of each finding from medium on, each fix once, with all that it answers."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for number, finding in enumerate(report.findings, 1):
        if finding.severity < Severity.MEDIUM or not finding.fix:
            continue
        fix = finding.fix[0]
        entry = found.setdefault(
            (fix.where, fix.text), {"where": fix.where, "text": fix.text, "answers": [], "saves": ""}
        )
        entry["answers"].append((number, finding.title))
        entry["saves"] = entry["saves"] or saved(finding)
    return list(found.values())[:most]


def saved(finding: Finding) -> str:
    """What the fix saves, where the detector counted it."""
    counts = [v for key, v in finding.numbers.items() if (key == "wasted" or key.startswith("queries_saved")) and v]
    if not counts or not isinstance(counts[0], int):
        return ""
    whole = finding.numbers.get("queries")
    return (
        f"{amount(counts[0])} of {amount(whole)} queries" if isinstance(whole, int) else f"{amount(counts[0])} queries"
    )


def cards(report: Report) -> list[dict[str, Any]]:
    """One for each finding, in their order; of many alike, the first few are whole."""
    alike: Counter[tuple[str, str]] = Counter()
    seen: dict[Any, int] = {}
    out = []
    for number, finding in enumerate(report.findings, 1):
        alike[finding.id, finding.kind] += 1
        brief = alike[finding.id, finding.kind] > _WHOLE
        out.append(_card(finding, number, report, seen, brief))
    return out


def _card(finding: Finding, number: int, report: Report, seen: dict[Any, int], brief: bool) -> dict[str, Any]:
    """`seen` are the examples and fixes of the cards before: what proves or mends two findings is shown once."""
    frames = tuple(step.frame for step in finding.chain)
    shown = seen.setdefault(frames, number) if frames else number
    mended = seen.setdefault(tuple(finding.fix), number) if finding.fix else number
    return {
        "number": number,
        "severity": finding.severity.word,
        "title": finding.title,
        "id": finding.id,
        "kind": finding.kind,
        "side": finding.side,
        "confidence": finding.confidence.word,
        "subject": finding.subject,
        "brief": brief,
        "open": finding.severity >= OPEN and not brief,
        "facts": _facts(finding, report),
        "saves": saved(finding),
        "fix": finding.fix,
        "same_fix": mended if mended != number else 0,
        "chain": [] if shown != number else _chain(finding),
        "same_chain": shown if shown != number else 0,
        "numbers": _numbers(finding),
        "examples": ", ".join(map(_frame, finding.examples)),
        "excluded": finding.excluded,
        "references": finding.references,
        "sources": finding.sources,
        "filter": finding.wireshark_filter,
    }


def _facts(finding: Finding, report: Report) -> list[tuple[str, str]]:
    """What stands under the title: who, since when, how often."""
    resolution = min((one.resolution_ns for one in report.inputs), default=1000)
    out = [(finding.subject.kind, finding.subject.value)]
    if finding.first is not None and finding.first_frame is not None:
        out.append(("since", f"{clock(finding.first, resolution)} UTC, frame {_frame(finding.first_frame)}"))
    if finding.last is not None and finding.last_frame is not None and finding.last != finding.first:
        out.append(("until", f"{clock(finding.last, resolution)} UTC, frame {_frame(finding.last_frame)}"))
    often = "once" if finding.count == 1 else f"{amount(finding.count)} times"
    if finding.per_min is not None:
        often += f", {amount(finding.per_min)} a minute"
    if finding.peak_60s is not None:
        often += f", {amount(finding.peak_60s)} in the busiest minute"
    return [*out, ("seen", often), ("confidence", finding.confidence.word)]


def _chain(finding: Finding) -> list[dict[str, str]]:
    """The example, frame by frame."""
    start = finding.chain[0].time_ns if finding.chain else 0
    return [
        {
            "frame": _frame(step.frame),
            "offset": f"{(step.time_ns - start) / 1e6:+.3f} ms",
            "time": rfc3339(step.time_ns),
            "text": step.text,
        }
        for step in finding.chain
    ]


def _frame(frame: Frame) -> str:
    return f"{frame.file}:{frame.frame}" if frame.file else str(frame.frame)


def _numbers(finding: Finding) -> list[tuple[str, str, str]]:
    """What was measured, and the limit that it crossed."""
    return [
        (
            key.replace("_", " "),
            _value(key, value),
            _value(key, finding.thresholds[key]) if key in finding.thresholds else "",
        )
        for key, value in finding.numbers.items()
        if value is not None and value != ""
    ]


def _value(key: str, value: Any) -> str:
    if isinstance(value, float):
        return percent(value) if key.endswith("share") else f"{value:,.2f}"
    return amount(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)
