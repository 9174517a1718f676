"""A comparison as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

from rich.console import RenderableType
from rich.text import Text

from analyzer.compare import Change, Comparison, Delta
from analyzer.report.escape import json_text
from analyzer.report.json import plain
from analyzer.report.look import Look, columns, console, heading, styled
from analyzer.report.times import duration

__all__ = ["SCHEMA", "document", "render", "render_json"]

SCHEMA: Final = "dnsloupe-diff/1"
_STYLE: Final = {Change.NEW: "bold yellow", Change.GONE: "bold green", Change.CHANGED: "bold cyan"}
_TITLES: Final = {
    "suffixes": "Suffixes",
    "names": "Names",
    "clients": "Clients",
    "rcodes": "Response codes",
}


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison in JSON's types."""
    return {"schema": SCHEMA, **plain(comparison), "changed": comparison.changed}


def render_json(comparison: Comparison) -> str:
    """The whole document, indented, with a line end."""
    return json_text(document(comparison), indent=1) + "\n"


def render(comparison: Comparison, look: Look, out: IO[str]) -> None:
    """Write the comparison: what makes it doubtful, the findings, then the tables' rows that differ."""
    screen = console(out, look)
    for part in _parts(comparison, look):
        screen.print(part)


def _parts(comparison: Comparison, look: Look) -> Iterator[RenderableType]:
    for which, side in (("before", comparison.before), ("after ", comparison.after)):
        span = f"{duration(side.covered_s)}, {side.queries:,} queries on all legs, from {side.first or 'no time'}"
        yield styled(look, f"{which}  ", (side.name, "bold"), f"  {span}")
    for note in comparison.notes:
        yield styled(look, ("note ", "bold yellow"), note)
    yield from _totals(comparison, look)
    yield from _findings(comparison, look)
    for table, rows in comparison.sections.items():
        yield from _section(_TITLES[table], rows, look)
    if not comparison.changed:
        yield styled(look, "\n", ("NO DIFFERENCE", "bold green"), " beyond chance: nothing new, gone or changed.")


def _totals(comparison: Comparison, look: Look) -> Iterator[RenderableType]:
    yield heading(look, "Queries by side", "sides are never added")
    yield _table(comparison.totals, look)


def _findings(comparison: Comparison, look: Look) -> Iterator[RenderableType]:
    if not comparison.findings:
        yield heading(look, "Findings", "none in either")
        return
    yield heading(look, "Findings")
    for delta in comparison.findings:
        word = Text(f"{look.text(delta.change.value):<8}", style=_STYLE.get(delta.change, "dim"))
        counts = f"  ({delta.before:,} > {delta.after:,} events)" if delta.before and delta.after else ""
        yield Text.assemble(word, " ", look.text(delta.detail), look.text(counts))


def _section(title: str, rows: Sequence[Delta], look: Look) -> Iterator[RenderableType]:
    differing = [row for row in rows if row.change is not Change.SAME]
    if not differing:
        return
    same = len(rows) - len(differing)
    shown = differing[: look.rows]
    more = f", {len(differing) - len(shown)} more differ" if len(shown) < len(differing) else ""
    yield heading(look, title, f"{same} alike{more}")
    yield _table(shown, look)


def _table(rows: Sequence[Delta], look: Look) -> RenderableType:
    heads = ("change", "", "side", "before/min", "after/min", "ratio", "before", "after")
    return columns(look, heads, [_row(row) for row in rows], left=(0, 1, 2))


def _row(row: Delta) -> list[str]:
    return [
        row.change.value,
        row.key,
        row.side,
        _rate(row.before_per_min),
        _rate(row.after_per_min),
        f"{row.ratio:.2f}" if row.ratio is not None and row.before and row.after else "",
        f"{row.before:,}",
        f"{row.after:,}",
    ]


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
