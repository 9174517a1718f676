"""Plots over time: rates, response codes, names, and the gaps between queries."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from analyzer.measures.rows import Series, Side
from analyzer.measures.texts import Texts
from analyzer.messages import Array
from analyzer.report.model import Report
from analyzer.report.plots_look import (
    BLUE,
    CODES,
    GREY,
    INK,
    ORANGE,
    OTHERS,
    PALETTE,
    clocked,
    counted,
    days,
    empty,
    figure,
    legend,
    logged,
    rows,
    shorten,
    side_of,
)
from analyzer.report.times import amount, duration

__all__ = ["gaps", "names", "rcodes", "timeline"]

_MOST: Final = 7  # colours
_GAPS: Final = 4  # names whose gaps are drawn


def timeline(report: Report, side: Side | None = None) -> Figure:
    """Queries and responses a second over time, on one side."""
    bins, shown = rows(report, "timeline", side)
    if not bins:
        return empty("Query rate", "No message has a time.")
    seconds = _width(bins) / 1e9
    made, axes = figure("Query rate", side_of(shown))
    edges = [days(one.start) for one in bins] + [days(bins[-1].start + _width(bins))]
    axes.stairs([one.queries / seconds for one in bins], edges, fill=True, color=BLUE, alpha=0.75, label="queries")
    axes.stairs([one.responses / seconds for one in bins], edges, color=INK, linewidth=1.6, label="responses")
    counted(axes, "y", f"messages per second, mean over {seconds:g} s")
    clocked(axes)
    legend(axes)
    return made


def rcodes(report: Report, side: Side | None = None) -> Figure:
    """Responses a second over time by response code, stacked."""
    bins, shown = rows(report, "timeline", side)
    totals: dict[str, int] = {}
    for one in bins:
        for name, count in one.rcodes.items():
            totals[name] = totals.get(name, 0) + count
    if not totals:
        return empty("Responses by code", "No response was captured.")
    order = sorted(totals, key=lambda name: (-totals[name], name))
    kept = order[:_MOST]
    seconds = _width(bins) / 1e9
    made, axes = figure("Responses by code", side_of(shown))
    left = [days(one.start) for one in bins]
    base = np.zeros(len(bins))
    free = iter(colour for colour in PALETTE if colour not in CODES.values())
    for name in [*kept, *([OTHERS] if len(order) > len(kept) else [])]:
        part = [
            sum(n for key, n in one.rcodes.items() if key == name or (name == OTHERS and key not in kept)) / seconds
            for one in bins
        ]
        colour = CODES.get(name) or next(free, GREY)
        total = sum(totals[key] for key in order if key == name or (name == OTHERS and key not in kept))
        axes.bar(
            left, part, width=days(_width(bins)), align="edge", bottom=base, color=colour, edgecolor="white",
            linewidth=0.6, label=f"{name}  {amount(total)}",
        )  # fmt: skip
        base += part
    counted(axes, "y", f"responses per second, mean over {seconds:g} s")
    clocked(axes)
    legend(axes)
    return made


def names(report: Report, side: Side | None = None, most: int = 12) -> Figure:
    """The busiest names over time, a row each: as programs asked for them where that is known, else as sent."""
    search = report.details.get("search")
    table = "bases" if search is not None and search.lists else "names"
    found, shown = rows(report, table, side)
    top = [row for row in found[:most] if row.series.counts]
    if not top:
        return empty("Busiest names", "No name was asked for.")
    what = "as programs asked for them" if table == "bases" else "as sent"
    made, axes = figure("Busiest names", f"{what}, {side_of(shown)}", height=1.5 + 0.34 * len(top))
    widest = max(row.series.width_ns for row in top)
    highest = max(max(row.series.counts) * widest / row.series.width_ns for row in top)
    for at, row in enumerate(top):
        edges, heights = _strip(row.series, widest, highest)
        base = len(top) - 1 - at
        axes.stairs(heights + base, edges, baseline=base, fill=True, color=BLUE)
        axes.axhline(base, color="#dddddd", linewidth=0.6, zorder=0)
        axes.annotate(
            amount(row.queries),
            (1.01, base + 0.35),
            xycoords=("axes fraction", "data"),
            fontsize=9,
            va="center",
            color=INK,
        )
    axes.set_yticks([len(top) - 0.65 - at for at in range(len(top))])
    axes.set_yticklabels([shorten(row.qname) for row in top], parse_math=False, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(0, len(top))
    clocked(axes)
    axes.annotate(
        f"queries; tallest: {amount(round(highest))} in {widest / 1e9:g} s",
        (1, 1),
        xytext=(0, 8),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        fontsize=9,
        color="#555555",
    )
    return made


def _strip(series: Series, widest: int, highest: float) -> tuple[Array, Array]:
    edges = days(1) * (series.start_ns + np.arange(len(series.counts) + 1, dtype=np.float64) * series.width_ns)
    heights = np.array(series.counts, np.float64) * (widest / series.width_ns) / highest * 0.86
    return edges, heights


def gaps(report: Report, name: str = "", side: Side | None = None) -> Figure:
    """How long after a query for a name the next one for it came: shares on a logarithmic axis.

    Of one name, or of the busiest. A step at a round time is a timer; one far below the TTL is a cache that does not keep.
    """
    cells: Any = report.details.get("cells")
    found, shown = rows(report, "names", side)
    wanted = [row.qname for row in found[:_GAPS]] if not name else [name.lower().rstrip(".") or "."]
    drawn = [(one, gap) for one in wanted if cells is not None and len(gap := _gaps_of(cells, one, shown))]
    if not drawn:
        return empty("Time between queries for one name", f"{name or 'No name'} was not asked for twice.")
    made, axes = figure("Time between queries for one name", side_of(shown))
    for (one, gap), colour, dashes in zip(drawn, PALETTE, ("-", "--", "-.", ":"), strict=False):
        share = np.arange(1, len(gap) + 1) / len(gap)
        axes.step(
            gap / 1e9, share, where="post", color=colour, linestyle=dashes, linewidth=1.8,
            label=f" {shorten(one, 40)}  {amount(len(gap) + 1)}",
        )  # fmt: skip
    least, most = min(gap[0] for _, gap in drawn) / 1e9, max(gap[-1] for _, gap in drawn) / 1e9
    logged(axes, least, most, lambda s: duration(s).replace(".0 ", " "), "time since the query before (log scale)")
    axes.set_ylabel("share of queries", fontsize=9)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_ylim(0, 1.02)
    axes.grid(True, color="#e3e3e3", linewidth=0.8)
    legend(axes)
    if cells.step_ns:
        axes.axvline(cells.step_ns / 1e9, color=ORANGE, linewidth=1)
    return made


def _gaps_of(cells: Any, name: str, side: Side | None) -> Array:
    """Ascending times (ns) between the queries for one name on one side; shape (queries - 1,), zeros as 1 µs."""
    from analyzer.measures.roles import SIDES

    texts: Texts = cells.texts
    idents = np.unique(cells.qname)
    mine = [ident for ident in idents.tolist() if texts.name(ident) == name]
    chosen = np.isin(cells.qname, mine)
    if side is not None:
        chosen &= cells.side == SIDES.index(side)
    events = chosen[cells.log.number]
    when = np.sort(np.repeat(cells.log.time_ns[events], cells.log.weight[events].astype(np.int64)))
    found: Array = np.maximum(np.sort(np.diff(when)), 1000)
    return found


def _width(bins: Any) -> int:
    """The width of the bins of a time line (ns)."""
    return int(bins[1].start - bins[0].start) if len(bins) > 1 else 10_000_000_000
