"""A comparison as text and as JSON."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

from rich.console import RenderableType
from rich.text import Text

from analyzer.diff import Change, Comparison, Delta
from analyzer.report.escape import json_text
from analyzer.report.json import plain
from analyzer.report.look import Look, columns, console, hanging, heading, styled
from analyzer.report.times import amount, duration

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
    page = io.StringIO()
    screen = console(page, look)
    for part in _parts(comparison, look):
        screen.print(part)
    for line in page.getvalue().splitlines():
        out.write(line.rstrip() + "\n")


def _parts(comparison: Comparison, look: Look) -> Iterator[RenderableType]:
    for which, side in (("before", comparison.before), ("after ", comparison.after)):
        since = f" from {side.first[:19].replace('T', ' ')} UTC" if side.first else ""
        note = f"  {duration(side.covered_s)}{since}, {amount(side.queries)} queries on all legs"
        yield styled(look, f"{which}  ", (side.name, "bold"), note)
    for note in comparison.notes:
        yield styled(look, ("note ", "bold yellow"), note)
    unit = _Unit(comparison)
    yield heading(look, "QUERIES BY SIDE", "sides are never added")
    yield unit.table(comparison.totals, look, "")
    yield from _findings(comparison, look)
    for table, rows in comparison.sections.items():
        yield from _section(unit, _TITLES[table], rows, look)
    if not comparison.changed:
        yield styled(look, "\n", ("NO DIFFERENCE", "bold green"), " beyond chance: nothing new, gone or changed.")


def _findings(comparison: Comparison, look: Look) -> Iterator[RenderableType]:
    yield heading(look, "FINDINGS", "" if comparison.findings else "none in either")
    for delta in comparison.findings:
        counts = f" ({amount(delta.before)} > {amount(delta.after)} events)" if delta.before and delta.after else ""
        mark = Text(f"{delta.change.value:<7}", style=_STYLE.get(delta.change, "dim"))
        yield hanging(look, mark, f"{delta.detail}{counts}")


def _section(unit: _Unit, title: str, rows: Sequence[Delta], look: Look) -> Iterator[RenderableType]:
    differing = [row for row in rows if row.change is not Change.SAME]
    if not differing:
        return
    shown = differing[: look.rows]
    more = f", {len(differing) - len(shown)} more differ" if len(shown) < len(differing) else ""
    yield heading(look, title.upper(), f"{len(rows) - len(differing)} alike{more}")
    yield unit.table(shown, look, title.lower())


class _Unit:
    """Rates a minute; a second where one of the two covers less than a minute, which must not be stretched to one."""

    def __init__(self, comparison: Comparison) -> None:
        short = min(comparison.before.covered_s, comparison.after.covered_s) < 60
        self._word, self._factor = ("/s", 1) if short else ("/min", 60)

    def table(self, rows: Sequence[Delta], look: Look, what: str) -> RenderableType:
        heads = (what, "side", "change", f"before{self._word}", f"after{self._word}", "ratio", "before", "after")
        return columns(look, heads, [self._row(row) for row in rows], left=(0, 1, 2))

    def _row(self, row: Delta) -> list[str]:
        return [
            row.key,
            row.side,
            row.change.value,
            self._rate(row.before_per_s),
            self._rate(row.after_per_s),
            f"{row.ratio:.2f}" if row.ratio is not None and row.before and row.after else "",
            amount(row.before),
            amount(row.after),
        ]

    def _rate(self, per_s: float | None) -> str:
        return "-" if per_s is None else f"{per_s * self._factor:,.1f}"
