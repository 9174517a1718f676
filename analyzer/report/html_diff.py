"""A comparison as one HTML file, built as the report's page is: what is doubtful first, then what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from analyzer.diff import Change, Comparison, Delta
from analyzer.report.html import page
from analyzer.report.times import amount, duration

__all__ = ["render"]

ROWS: Final = 500  # of a table
_TITLES: Final = {"suffixes": "Suffixes", "names": "Names", "clients": "Clients", "rcodes": "Response codes"}


def render(comparison: Comparison) -> str:
    """The whole page."""
    sides = [
        (which, side.name, duration(side.covered_s), (side.first or "")[:19].replace("T", " "), amount(side.queries))
        for which, side in (("before", comparison.before), ("after", comparison.after))
    ]
    sections = [
        {
            "id": "totals",
            "title": "Queries by side",
            "rows": _rows(comparison, comparison.totals, True),
            "alike": 0,
            "more": 0,
        },
        *(_section(comparison, name, rows) for name, rows in comparison.sections.items()),
    ]
    counts = {change: sum(d.change is change for d in comparison.findings) for change in Change}
    return page(
        "diff.html",
        title=f"{comparison.before.name} and {comparison.after.name}",
        comparison=comparison,
        sides=sides,
        counts=[(change.value, count) for change, count in counts.items() if count],
        findings=[
            (d.change.value.split()[0], d.change.value, d.detail or d.key, _counts(d)) for d in comparison.findings
        ],
        sections=[section for section in sections if section["rows"]],
        unit="second" if _short(comparison) else "minute",
    )


def _short(comparison: Comparison) -> bool:
    """Rates of what covers less than a minute are not stretched to one."""
    return min(comparison.before.covered_s, comparison.after.covered_s) < 60


def _section(comparison: Comparison, name: str, deltas: Sequence[Delta]) -> dict[str, Any]:
    differing = [delta for delta in deltas if delta.change is not Change.SAME]
    return {
        "id": name,
        "title": _TITLES[name],
        "rows": _rows(comparison, differing[:ROWS], False),
        "alike": len(deltas) - len(differing),
        "more": max(len(differing) - ROWS, 0),
    }


def _rows(comparison: Comparison, deltas: Sequence[Delta], short: bool) -> list[dict[str, Any]]:
    factor = 1 if _short(comparison) else 60
    top = max([*(d.before_per_s or 0 for d in deltas), *(d.after_per_s or 0 for d in deltas), 1e-9])
    return [
        {
            "key": delta.side if short else delta.key,
            "side": "" if short else delta.side,
            "change": delta.change.value,
            "css": delta.change.value.split()[0],
            "before": _rate(delta.before_per_s, factor),
            "after": _rate(delta.after_per_s, factor),
            "before_bar": round(100 * (delta.before_per_s or 0) / top, 2),
            "after_bar": round(100 * (delta.after_per_s or 0) / top, 2),
            "ratio": f"{delta.ratio:.2f}" if delta.ratio is not None and delta.before and delta.after else "-",
            "counts": _counts(delta),
        }
        for delta in deltas
    ]


def _rate(per_s: float | None, factor: int) -> str:
    return "-" if per_s is None else f"{per_s * factor:,.1f}"


def _counts(delta: Delta) -> str:
    return f"{amount(delta.before)} → {amount(delta.after)}" if delta.before or delta.after else ""
