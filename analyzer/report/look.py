"""How a terminal report looks: width, colour, characters, time zone. And the small pieces that every part of it uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import IO, Final

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analyzer.findings import Severity
from analyzer.report.escape import terminal
from analyzer.report.labels import labelled

__all__ = ["Look", "Verbatim", "at_dots", "columns", "console", "hanging", "heading", "styled"]

GAP: Final = 2  # characters between columns

SEVERITY_STYLE: Final = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",  # yellow reads on dark and, in bold, on light backgrounds
    Severity.LOW: "bold cyan",
    Severity.INFO: "bold",
}
_PLAIN: Final = str.maketrans({"·": "-", "–": "-", "…": "...", "×": "x", "µ": "u", "→": "->", "≥": ">=", "≤": "<="})


@dataclass(frozen=True, slots=True)
class Look:
    """`width` in characters; `colour` only where it is a terminal that wants it; `rows` a table; `base` for `--relative`.

    `labels` say what has an address.
    """

    width: int = 80
    colour: bool = False
    ascii_only: bool = False
    verbose: int = 0
    rows: int = 10
    zone: tzinfo = UTC
    base: int | None = None
    resolution_ns: int = 1000
    zone_name: str = field(default="UTC")
    labels: Mapping[str, str] = field(default_factory=dict)

    def clock(self, ns: int) -> str:
        """The time of day with the capture's precision, or the time since the first packet."""
        digits = 9 if self.resolution_ns < 1000 else 6
        if self.base is not None:
            seconds, fraction = divmod(abs(ns - self.base), 1_000_000_000)
            return f"{'+' if ns >= self.base else '-'}{seconds}.{f'{fraction:09d}'[:digits]} s"
        seconds, fraction = divmod(ns, 1_000_000_000)
        return f"{datetime.fromtimestamp(seconds, self.zone):%H:%M:%S}.{f'{fraction:09d}'[:digits]}"

    def named(self, text: str) -> str:
        """A subject or an address, with what has the addresses in it."""
        return labelled(text, self.labels)

    def moment(self, ns: int) -> str:
        """Date and time to the second."""
        return f"{datetime.fromtimestamp(ns // 1_000_000_000, self.zone):%Y-%m-%d %H:%M:%S}"

    def text(self, text: str) -> str:
        """Untrusted or our own text, made harmless, and ASCII where so asked."""
        harmless = terminal(text)
        if not self.ascii_only:
            return harmless
        return harmless.translate(_PLAIN).encode("ascii", "replace").decode("ascii")


class Verbatim(Text):
    """Lines to copy: printed whole, whatever the width."""


def console(out: IO[str], look: Look) -> Console:
    """A console that prints Text only: no markup, no highlighting, no emoji codes."""
    return Console(
        file=out,
        width=look.width,
        force_terminal=look.colour,
        color_system="standard" if look.colour else None,
        no_color=not look.colour,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        soft_wrap=False,
    )


def styled(look: Look, *parts: str | tuple[str, str]) -> Text:
    """One Text of plain parts and (text, style) pairs."""
    out = Text(no_wrap=False, overflow="fold")
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        out.append(look.text(text), style or None)
    return out


def heading(look: Look, title: str, note: str = "") -> Group:
    """A line above a part of the report, with an empty one before it."""
    return Group(Text(""), styled(look, (title, "bold"), (f"  {note}" if note else "", "dim")))


def hanging(look: Look, mark: str | Text, *parts: str | tuple[str, str], indent: int = 0) -> Table:
    """A paragraph behind a mark: further lines begin under the first one's text."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    lead = mark if isinstance(mark, Text) else Text(look.text(mark))
    grid.add_column(width=indent) if indent else None
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    body = styled(look, *parts)
    grid.add_row(*(["", lead, body] if indent else [lead, body]))
    return grid


def columns(
    look: Look,
    heads: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    left: Sequence[int] = (0,),
    wide: int = 0,
    indent: int = 0,
) -> RenderableType:
    """A table without lines. `left` are the columns of words; `wide` is the one that is broken where there is no room,
    names at their dots; the others keep their width.
    """
    cells = [[cell if isinstance(cell, Text) else Text(look.text(cell)) for cell in row] for row in rows]
    words = [look.text(head) for head in heads]
    others = sum(
        max(map(cell_len, [words[at], *(row[at].plain for row in cells)])) + GAP
        for at in range(len(words))
        if at != wide
    )
    room = max(look.width - others - indent, 16)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim", show_edge=False)
    for at, head in enumerate(words):
        table.add_column(Text(head), justify="left" if at in left else "right", no_wrap=at != wide, overflow="fold")
    for row in cells:
        if row[wide].cell_len > room:
            row[wide] = Text(at_dots(row[wide].plain, room), style=row[wide].style)
        table.add_row(*row)
    return Padding(table, (0, 0, 0, indent)) if indent else table


def at_dots(text: str, room: int) -> str:
    """A name in lines of at most `room` characters, broken after dots where there are any."""
    if len(text) <= room or " " in text:
        return text
    lines, line = [], ""
    for label in text.split("."):
        piece = f"{label}." if line or label else "."
        if line and len(line) + len(piece) > room:
            lines.append(line)
            line = "  " if len(piece) + 2 <= room else ""
        line += piece
    return "\n".join([*lines, line.removesuffix(".")])
