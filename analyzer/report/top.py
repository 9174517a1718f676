"""Rankings: one table by one measure, or the tree of suffixes, as text, JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from analyzer.errors import UsageError
from analyzer.measures.folds import Sided
from analyzer.measures.rows import Side, SuffixNode
from analyzer.measures.tree import SuffixTree
from analyzer.report import escape
from analyzer.report.json import plain
from analyzer.report.look import Look, columns, console, styled
from analyzer.report.model import Report
from analyzer.report.times import amount, percent

__all__ = ["BY", "Ranking", "ranking", "tree", "write_csv", "write_text", "write_tree", "write_tree_csv"]

BY: Final[Mapping[str, str]] = {
    "name": "names",
    "base": "bases",
    "suffix": "suffixes",
    "client": "clients",
    "client,name": "pairs",
    "client,base": "talkers",
    "server": "servers",
    "qtype": "qtypes",
    "rcode": "rcodes",
}
"""What to rank by, and the table that holds it."""

_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "name": ("qname",),
    "base": ("qname",),
    "suffix": ("suffix", "grouped_by"),
    "client": ("addr", "forwarder", "resolver", "resolver_confidence"),
    "client,name": ("client", "qname"),
    "client,base": ("client", "base"),
    "server": ("addr",),
    "qtype": ("name",),
    "rcode": ("name",),
}
_NUMBERS: Final = "queries questions responses per_min peak_60s nxdomain_share wasted_share unanswered late retries names clients".split()
WIDE: Final = 110  # from here on there is room for every column
_SHORT: Final = {
    "per_min": "/min",
    "peak_60s": "peak min",
    "nxdomain_share": "NXDOMAIN",
    "wasted_share": "wasted",
    "resolver_confidence": "confidence",
}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows of one side in the order asked for, `total` of them before the cut; and the columns to show."""

    by: str
    side: str
    others: Sequence[str]  # sides with rows of their own
    rows: Sequence[Any]
    total: int
    keys: Sequence[str]
    numbers: Sequence[str]


def ranking(report: Report, by: str, sort: str, top: int, side: str = "") -> Ranking:
    """The first `top` rows of one side, of the table's own where none is named.

    Raises UsageError where the table has no such column to sort by, or nothing on that side.
    """
    table: Any = report.details["talkers"].table if by == "client,base" else report.tables.get(BY[by])
    shown = side or (table.side.value if isinstance(table, Sided) else "")
    sides = {name.value: rows for name, rows in table.tables.items()} if isinstance(table, Sided) else {}
    if side and side not in sides:
        raise UsageError(f"--side: nothing on the {side} side ({', '.join(sides) or 'nor on any other'})")
    rows: Sequence[Any] = sides.get(shown, ())
    numbers = [name for name in _NUMBERS if rows and isinstance(getattr(rows[0], name, ()), int | float | None)]
    numbers = [name for name in numbers if by != "rcode" or name in ("responses", "per_min", "peak_60s")]
    if rows and sort not in numbers:
        raise UsageError(f"--sort: {by} has no column {sort!r} ({', '.join(numbers)})")
    if sort != ("responses" if by == "rcode" else "queries"):
        rows = sorted(rows, key=lambda row: -(getattr(row, sort) or 0))
    others = tuple(name for name in sides if name != shown)
    return Ranking(by, shown, others, rows[:top], len(rows), _KEYS[by], numbers)


def write_text(found: Ranking, look: Look, out: IO[str]) -> None:
    """A table for people."""
    screen = console(out, look)
    side = f", on the {found.side} side" if found.side else ""
    side += f" (--side: {', '.join(found.others)})" if found.others else ""
    screen.print(styled(look, (f"{len(found.rows)} of {amount(found.total)} by {found.by}{side}", "dim")))
    numbers = [name for name in found.numbers if name not in ("questions", "responses") or found.by == "rcode"]
    numbers = numbers if look.width >= WIDE else numbers[:5]
    rows = [
        [*(str(getattr(row, key)) for key in found.keys), *(_cell(row, name) for name in numbers)] for row in found.rows
    ]
    keys = [found.by if key in ("name", "addr") else _SHORT.get(key, key.replace("_", " ")) for key in found.keys]
    heads = [*keys, *(_SHORT.get(name, name.replace("_", " ")) for name in numbers)]
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


def tree(report: Report, depth: int, width: int, side: str = "") -> SuffixNode | None:
    """The suffix tree of one side, of the busiest where none is named."""
    found = report.details.get("tree")
    return found.root(Side(side) if side else None, depth, width) if isinstance(found, SuffixTree) else None


def write_tree(report: Report, depth: int, width: int, look: Look, out: IO[str], side: str = "") -> None:
    """The suffix tree, indented: each level a label further to the left of the name."""
    root, screen = tree(report, depth, width, side), console(out, look)
    if root is None:
        return
    shown = side or report.details["tree"].side.value
    screen.print(styled(look, (f"queries by suffix, on the {shown} side", "dim")))
    known = root.wasted_share is not None  # no search list, nothing that could have been saved
    rows = [
        (
            "  " * node.depth + node.label,
            amount(node.queries),
            percent(node.share),
            amount(node.per_min),
            percent(node.nxdomain_share),
            *([percent(node.wasted_share)] if known else []),
            amount(node.names),
        )
        for node in _walk(root)
    ]
    heads = ("suffix", "queries", "share", "/min", "NXDOMAIN", *(["wasted"] if known else []), "names")
    screen.print(columns(look, heads, rows))


def write_tree_csv(root: SuffixNode, out: IO[str]) -> None:
    """The tree's nodes from the root on, each before its children."""
    heads = ("label", "depth", "queries", "share", "per_min", "nxdomain_share", "wasted_share", "names")
    out.write(",".join(heads) + "\n")
    for node in _walk(root):
        values = (plain(getattr(node, name)) for name in heads)
        out.write(",".join(escape.csv_cell("" if value is None else str(value)) for value in values) + "\n")


def _walk(node: SuffixNode) -> Iterator[SuffixNode]:
    yield node
    for child in node.children:
        yield from _walk(child)
