"""Rankings: one table by one measure, or the tree of suffixes, as text, JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from analyzer.errors import UsageError
from analyzer.measures.folds import Sided
from analyzer.measures.rows import PairRow, Side, SuffixNode
from analyzer.measures.tree import SuffixTree
from analyzer.report import escape
from analyzer.report.json import plain
from analyzer.report.look import Look, columns, console, styled
from analyzer.report.model import Report
from analyzer.report.times import amount, percent

__all__ = ["BY", "Ranking", "ranking", "write_csv", "write_text", "write_tree"]

BY: Final[Mapping[str, str]] = {
    "name": "names",
    "base": "bases",
    "suffix": "suffixes",
    "client": "clients",
    "client,name": "pairs",
    "client,base": "pairs",
    "server": "servers",
    "qtype": "qtypes",
    "rcode": "rcodes",
}
"""What to rank by, and the table that holds it."""

_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "name": ("qname",),
    "base": ("qname",),
    "suffix": ("suffix", "grouped_by"),
    "client": ("addr", "forwarder"),
    "client,name": ("client", "qname"),
    "client,base": ("client", "base"),
    "server": ("addr",),
    "qtype": ("name",),
    "rcode": ("name",),
}
_NUMBERS: Final = "queries questions responses per_min peak_60s nxdomain_share wasted_share unanswered late retries names clients".split()
WIDE: Final = 110  # from here on there is room for every column
_SHORT: Final = {"per_min": "/min", "peak_60s": "peak min", "nxdomain_share": "NXDOMAIN", "wasted_share": "wasted"}


@dataclass(frozen=True, slots=True)
class TalkerRow:
    """One client and one base name; `error` bounds how many queries may be missing."""

    side: Side
    client: str
    base: str
    queries: int
    questions: int
    per_min: float | None
    names: int  # distinct names on the wire
    first: int
    last: int
    error: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows of one side in the order asked for, `total` of them before the cut; and the columns to show."""

    by: str
    side: str
    rows: Sequence[Any]
    total: int
    keys: Sequence[str]
    numbers: Sequence[str]


def ranking(report: Report, by: str, sort: str, top: int) -> Ranking:
    """The first `top` rows. Raises UsageError where the table has no such column to sort by."""
    table: Any = report.tables.get(BY[by])
    rows: Sequence[Any] = table.rows if isinstance(table, Sided) else tuple(table or ())
    if by == "client,base":
        rows = _talkers(rows, report.base_of())
    numbers = [name for name in _NUMBERS if rows and isinstance(getattr(rows[0], name, ()), int | float | None)]
    numbers = [name for name in numbers if by != "rcode" or name not in ("queries", "questions")]
    if rows and sort not in numbers:
        raise UsageError(f"--sort: {by} has no column {sort!r} ({', '.join(numbers)})")
    if sort != ("responses" if by == "rcode" else "queries"):
        rows = sorted(rows, key=lambda row: -(getattr(row, sort) or 0))
    side = table.side.value if isinstance(table, Sided) else ""
    return Ranking(by, side, rows[:top], len(rows), _KEYS[by], numbers)


def _talkers(pairs: Sequence[PairRow], base_of: Mapping[str, str]) -> list[TalkerRow]:
    """Client and name folded to client and base: what was asked for, whatever suffix was appended."""
    found: dict[tuple[str, str], list[PairRow]] = {}
    for row in pairs:
        found.setdefault((row.client, base_of.get(row.qname, row.qname)), []).append(row)
    folded = [_folded(client, base, rows) for (client, base), rows in found.items()]
    return sorted(folded, key=lambda row: (-row.queries, row.client, row.base))


def _folded(client: str, base: str, rows: Sequence[PairRow]) -> TalkerRow:
    rates = [row.per_min for row in rows]
    return TalkerRow(
        side=rows[0].side,
        client=client,
        base=base,
        queries=sum(row.queries for row in rows),
        questions=sum(row.questions for row in rows),
        per_min=None if None in rates else sum(rate or 0 for rate in rates),
        names=len(rows),
        first=min(row.first for row in rows),
        last=max(row.last for row in rows),
        error=sum(row.error for row in rows),
    )


def write_text(found: Ranking, look: Look, out: IO[str]) -> None:
    """A table for people."""
    screen = console(out, look)
    side = f", on the {found.side} side" if found.side else ""
    screen.print(styled(look, (f"{len(found.rows)} of {amount(found.total)} by {found.by}{side}", "dim")))
    numbers = [name for name in found.numbers if name not in ("questions", "responses") or found.by == "rcode"]
    numbers = numbers if look.width >= WIDE else numbers[:5]
    rows = [
        [*(str(getattr(row, key)) for key in found.keys), *(_cell(row, name) for name in numbers)] for row in found.rows
    ]
    heads = [*found.keys, *(_SHORT.get(name, name.replace("_", " ")) for name in numbers)]
    screen.print(columns(look, heads, rows, left=tuple(range(len(found.keys))), wide=len(found.keys) - 1))


def _cell(row: Any, name: str) -> str:
    value = getattr(row, name)
    return percent(value) if name.endswith("share") else amount(value)


def write_csv(found: Ranking, out: IO[str]) -> None:
    """A table for spreadsheets: keys and numbers."""
    heads = [*found.keys, *found.numbers]
    out.write(",".join(heads) + "\n")
    for row in found.rows:
        values = (plain(getattr(row, name)) for name in heads)
        out.write(",".join(escape.csv_cell("" if value is None else str(value)) for value in values) + "\n")


def write_tree(report: Report, depth: int, width: int, look: Look, out: IO[str]) -> None:
    """The suffix tree, indented: each level a label further to the left of the name."""
    tree = report.details.get("tree")
    if not isinstance(tree, SuffixTree):
        return
    screen = console(out, look)
    screen.print(styled(look, (f"queries by suffix, on the {tree.side.value} side", "dim")))
    rows = [
        (
            "  " * node.depth + node.label,
            amount(node.queries),
            percent(node.share),
            amount(node.per_min),
            percent(node.nxdomain_share),
            amount(node.names),
        )
        for node in _walk(tree.root(depth=depth, width=width))
    ]
    screen.print(columns(look, ("suffix", "queries", "share", "/min", "NXDOMAIN", "names"), rows))


def _walk(node: SuffixNode) -> Iterator[SuffixNode]:
    yield node
    for child in node.children:
        yield from _walk(child)
