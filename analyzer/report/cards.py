"""What a notebook shows of a result without being asked: a few lines of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.diff import Change, Comparison, Delta
from analyzer.measures.search_replay import WhatIf
from analyzer.report.escape import html
from analyzer.report.model import Report
from analyzer.report.times import amount, duration

__all__ = ["comparison", "verdict", "what_if"]

_ROWS = 12


def verdict(report: Report, label: str) -> str:
    """What was read, and the findings in a line each; of a healthy capture what was looked for."""
    summary = report.summary
    counts = f"{amount(summary.queries)} queries and {amount(summary.responses)} responses"
    parts = [f"<b>{html(label)}</b>: {counts} in {duration(summary.covered_s)}"]
    shown = [found for found in report.findings if found.severity]
    if not summary.messages:
        parts.append("No message passed the filters.")
    elif not shown:
        parts.append(f"Looks healthy: nothing found that needs a change ({len(report.checked)} checks).")
    parts += [html(line) for line in report.damage]
    rows = [(found.severity.word, found.title, found.id) for found in shown]
    return _card(parts, ("severity", "finding", "detector"), rows)


def comparison(compared: Comparison) -> str:
    """Findings that are new, gone or changed, and the totals of each side."""
    before, after = compared.before, compared.after
    parts = [
        f"<b>{html(before.name)}</b> ({duration(before.covered_s)}) and <b>{html(after.name)}</b> ({duration(after.covered_s)})",
        *map(html, compared.notes),
    ]
    if not compared.changed:
        parts.append("No difference beyond chance.")
    rows = [_delta(f"queries, {row.side} side", row) for row in compared.totals]
    rows += [_delta(row.detail, row) for row in compared.findings if row.change is not Change.SAME]
    return _card(parts, ("what", "", "before", "after"), rows)


def what_if(saved: WhatIf) -> str:
    """Queries before, and between which bounds they would be after."""
    assumed = f", {saved.assumed_share:.0%} with a guess" if saved.assumed_share else ""
    parts = [f"<b>{html(saved.rules.words)}</b>: {amount(saved.lookups)} lookups walked again{assumed}"]
    parts += map(html, saved.notes)
    rows = []
    for leg in saved.legs:
        after = amount(leg.low) if leg.low == leg.high else f"{amount(leg.low)} to {amount(leg.high)}"
        rows.append((f"{leg.side.value} {leg.server}".strip(), amount(leg.before), after))
    return _card(parts, ("leg", "queries before", "after"), rows)


def _delta(what: str, row: Delta) -> tuple[str, ...]:
    return what, row.change.value, amount(row.before), amount(row.after)


def _card(parts: Iterable[str], heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Paragraphs of HTML, then a table of texts, at most _ROWS long."""
    text = "".join(f"<p>{part}</p>" for part in parts)
    if not rows:
        return f"<div>{text}</div>"
    left = ' style="text-align:left"'
    head = "".join(f"<th{left}>{html(word)}</th>" for word in heads)
    body = "".join("<tr>" + "".join(f"<td{left}>{html(cell)}</td>" for cell in row) + "</tr>" for row in rows[:_ROWS])
    more = f"<p>… and {len(rows) - _ROWS} more</p>" if len(rows) > _ROWS else ""
    return f"<div>{text}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}</div>"
