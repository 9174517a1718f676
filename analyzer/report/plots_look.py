"""How plots look: colours that colour-blind readers tell apart, quiet axes, untrusted text never read as mathematics."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from analyzer.measures.folds import Sided
from analyzer.measures.rows import Side
from analyzer.report import escape
from analyzer.report.model import Report

__all__ = [
    "BLUE", "CODES", "GREY", "INK", "ORANGE", "OTHERS", "PALETTE", "RED", "clocked", "counted", "empty", "figure", "legend", "logged",
    "rows", "shorten", "side_of", "text",
]  # fmt: skip

# Okabe and Ito, "Color Universal Design" (2008): distinct under protanopia, deuteranopia and tritanopia.
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
RED: Final = "#D55E00"
PINK: Final = "#CC79A7"
SKY: Final = "#56B4E9"
YELLOW: Final = "#F0E442"
GREY: Final = "#5C6166"
INK: Final = "#222222"
PALETTE: Final = (BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW)
OTHERS: Final = "(others)"
CODES: Final = {"NOERROR": GREEN, "NXDOMAIN": ORANGE, "SERVFAIL": RED, "REFUSED": PINK, OTHERS: GREY}
_SIDES: Final = {
    Side.CLIENT: "asked by clients",
    Side.UPSTREAM: "sent on by forwarders",
    Side.SELF: "from a server to itself",
    Side.TRANSIT: "on a leg whose ends are unknown",
}
# Of years, months, days, hours, minutes, seconds: every tick within a day says the whole time, and the corner the date.
_CLOCK: Final = {
    "formats": ["%Y", "%b", "%d", "%H:%M", "%H:%M", "%H:%M:%S.%f"],
    "zero_formats": ["", "%Y", "%b", "%b %d", "%H:%M", "%H:%M:%S.%f"],
    "offset_formats": ["", "%Y", "%Y-%m", *["%Y-%m-%d"] * 3],
}
_NS_PER_DAY: Final = 86_400_000_000_000


def figure(title: str, note: str = "", height: float = 4.2, width: float = 9.0) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, its title on the left and a note under it; it belongs to no window system."""
    made = Figure(figsize=(width, height), layout="constrained")
    axes = made.add_subplot()
    axes.set_title(
        title, loc="left", fontsize=12, fontweight="bold", color=INK, pad=24 if note else 10, parse_math=False
    )
    if note:
        axes.annotate(
            text(note),
            (0, 1),
            xytext=(0, 8),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=9,
            color="#555555",
            parse_math=False,
        )
    for edge in ("top", "right"):
        axes.spines[edge].set_visible(False)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_color("#888888")
    axes.tick_params(colors="#444444", labelsize=9)
    axes.set_axisbelow(True)
    return made, axes


def empty(title: str, why: str) -> Figure:
    """What stands where there is nothing to draw, and why."""
    made, axes = figure(title, height=2.0)
    axes.axis("off")
    axes.annotate(text(why), (0, 0.6), xycoords="axes fraction", fontsize=11, color="#555555", parse_math=False)
    return made


def text(untrusted: str) -> str:
    """Any text for a plot. Where matplotlib is told not to parse mathematics, it prints a backslash as it is."""
    return escape.terminal(untrusted)


def shorten(name: str, most: int = 46) -> str:
    """A name for a label: its middle is left out where it is long, and a dot alone is hard to see."""
    plain = ". (root)" if name == "." else text(name)
    return plain if len(plain) <= most else f"{plain[: most // 2 - 1]}…{plain[-(most // 2) :]}"


def rows(report: Report, table: str, side: Side | None = None) -> tuple[Sequence[Any], Side | None]:
    """Rows of one side of a table, and which: the one to show, unless told."""
    found = report.tables.get(table)
    if not isinstance(found, Sided):
        return tuple(found or ()), None
    chosen = found.side if side is None else Side(side)
    return found.tables.get(chosen, ()), chosen


def side_of(side: Side | None) -> str:
    """A side in words."""
    return _SIDES.get(side, "") if side is not None else ""


def clocked(axes: Axes) -> None:
    """A horizontal axis of days since 1970 as times of day, UTC."""
    locator: Any = AutoDateLocator(tz=UTC, minticks=3, maxticks=9)  # type: ignore[no-untyped-call]  # matplotlib has no types here
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC, **_CLOCK))  # type: ignore[no-untyped-call]  # as above
    axes.set_xlabel("time (UTC)", fontsize=9)


def days(ns: int) -> float:
    """Nanoseconds since 1970 as matplotlib counts time."""
    return ns / _NS_PER_DAY


def counted(axes: Axes, which: str, label: str) -> None:
    """An axis of amounts from 0 on, with thousands set apart and lines across."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value == int(value) else f"{value:,g}"))
    axis.set_label_text(label, fontsize=9)
    axis.grid(True, color="#e3e3e3", linewidth=0.8)
    axes.set_ylim(bottom=0) if which == "y" else axes.set_xlim(left=0)


def logged(axes: Axes, least: float, most: float, spell: Callable[[float], str], label: str) -> None:
    """A horizontal axis of positive values on a logarithmic scale: tens are named, and between few of them 2 and 5 too."""
    axes.set_xscale("log")
    if most > 100 * least:
        axes.xaxis.set_major_locator(LogLocator())
    else:  # from one named tick to another, so that there are two at least
        low, high = 10.0 ** math.floor(math.log10(least)), 10.0 ** math.floor(math.log10(most))
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.set_xlim(
            max(low * digit for digit in (1, 2, 5) if low * digit <= least),
            min(high * digit for digit in (1, 2, 5, 10) if high * digit >= most),
        )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: spell(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label, fontsize=9)


def legend(axes: Axes) -> None:
    """Names of the colours beside the plot, none of them read as mathematics."""
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return
    made = axes.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5, borderaxespad=0
    )
    for entry in made.get_texts():
        entry.set_parse_math(False)
