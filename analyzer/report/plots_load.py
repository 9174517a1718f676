"""Plots of what the load consists of: suffixes, latency, the steps of a lookup, the stack of a loop."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analyzer.dns import rrtypes
from analyzer.measures.rows import Side
from analyzer.report.model import Report
from analyzer.report.plots_look import (
    BLUE,
    CODES,
    GREEN,
    GREY,
    ORANGE,
    RED,
    counted,
    empty,
    figure,
    legend,
    logged,
    rows,
    shorten,
    side_of,
    text,
)
from analyzer.report.times import amount, duration, percent

__all__ = ["expansion", "loop", "rtt", "suffixes"]

_CURVES: Final = {
    Side.CLIENT: (BLUE, "-"),
    Side.UPSTREAM: (RED, "--"),
    Side.SELF: (GREEN, ":"),
    Side.TRANSIT: (GREY, "-."),
}


def suffixes(report: Report, side: Side | None = None, most: int = 15) -> Figure:
    """Queries by suffix group, the part that does not exist marked."""
    found, shown = rows(report, "suffixes", side)
    top = list(found[:most])
    if not top:
        return empty("Queries by suffix", "No name was asked for.")
    made, axes = figure("Queries by suffix", side_of(shown), height=1.5 + 0.32 * len(top))
    place = np.arange(len(top))[::-1]
    queries = np.array([row.queries for row in top], float)
    denied = queries * [row.nxdomain_share or 0.0 for row in top]
    axes.barh(place, denied, color=ORANGE, label="names that do not exist", hatch="///", edgecolor="white", linewidth=0)
    axes.barh(place, queries - denied, left=denied, color=BLUE, label="others")
    for at, row in zip(place.tolist(), top, strict=True):
        note = (
            f"{amount(row.queries)}  {percent(row.nxdomain_share)} NXDOMAIN"
            if row.nxdomain_share
            else amount(row.queries)
        )
        axes.annotate(note, (row.queries, at), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(place)
    twice = {one for one, count in Counter(row.suffix for row in top).items() if count > 1}
    labels = [shorten(row.suffix) + (f" ({row.grouped_by})" if row.suffix in twice else "") for row in top]
    axes.set_yticklabels(labels, parse_math=False, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    counted(axes, "x", "queries")
    axes.yaxis.grid(False)
    axes.set_xlim(0, float(queries.max()) * 1.4)
    axes.legend(loc="lower right", frameon=False, fontsize=8.5)
    return made


def rtt(report: Report, side: Side | None = None) -> Figure:
    """Share of answers that took at most so long, by side, of questions sent once."""
    latency = report.details.get("latency")
    sides = list(Side) if side is None else [Side(side)]
    found = [(one, *latency.rtt.histogram(one)) for one in sides] if latency is not None else []
    found = [(one, upper, counts) for one, upper, counts in found if len(counts)]
    if not found:
        return empty("Round-trip times", "No question was answered.")
    made, axes = figure("Round-trip times", "only questions sent once")
    for one, upper, counts in found:
        colour, dashes = _CURVES[one]
        total = int(counts.sum())
        share = np.concatenate([[0.0], np.cumsum(counts) / total])
        times = np.concatenate([upper[:1], upper]) / 1e6
        axes.step(
            times,
            share,
            where="post",
            color=colour,
            linestyle=dashes,
            linewidth=1.9,
            label=f"{side_of(one)}  {amount(total)}",
        )
    least, most = min(upper[0] for _, upper, _ in found) / 1e6, max(upper[-1] for _, upper, _ in found) / 1e6
    logged(axes, least, most, lambda ms: f"{ms:,.10g}", "round-trip time (ms, log scale)")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_ylabel("share of answers", fontsize=9)
    axes.set_ylim(0, 1.02)
    axes.grid(True, color="#e3e3e3", linewidth=0.8)
    legend(axes)
    return made


def expansion(report: Report, number: int = 0) -> Figure:
    """The example lookup of one search list (the one with most queries first): every candidate with its time and answer."""
    search = report.details.get("search")
    lists = [one for one in search.lists if one.example] if search is not None else []
    if number >= len(lists):
        return empty("One lookup, candidate by candidate", "No search list was seen at work.")
    one = lists[number]
    steps = one.example
    first = steps[0].time_ns
    note = f"{one.ndots.text}; {amount(one.lookups)} lookups cost {amount(one.queries)} queries, {amount(one.wasted)} wasted"
    made, axes = figure("One lookup, candidate by candidate", note, height=1.7 + 0.42 * len(steps), width=10.5)
    seen: dict[str, str] = {}
    longest = max(step.time_ns - first + (step.rtt_ns or 0) for step in steps) / 1e6
    for at, step in enumerate(steps):
        answer = step.rcode if step.rtt_ns is not None else "no answer"
        seen[answer] = colour = CODES.get(answer, GREY)
        begin, took = (step.time_ns - first) / 1e6, (step.rtt_ns or 0) / 1e6
        axes.barh(len(steps) - 1 - at, max(took, longest / 200), left=begin, height=0.62, color=colour)
        label = f"{step.types}  {answer}" + (f"  {took:.2f} ms" if step.rtt_ns is not None else "")
        right = begin + took > 0.62 * longest
        axes.annotate(
            text(label),
            (begin if right else begin + took, len(steps) - 1 - at),
            xytext=(-5 if right else 5, 0),
            textcoords="offset points",
            ha="right" if right else "left",
            va="center",
            fontsize=8.5,
            parse_math=False,
        )
    axes.set_yticks(range(len(steps) - 1, -1, -1))
    axes.set_yticklabels([shorten(step.name, 64) for step in steps], parse_math=False, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, longest * 1.03 or 1)
    axes.set_xlabel("time since the first query (ms)", fontsize=9)
    axes.grid(True, axis="x", color="#e3e3e3", linewidth=0.8)
    axes.legend(
        handles=[Patch(color=colour, label=text(answer)) for answer, colour in seen.items()],
        loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5, borderaxespad=0,
    )  # fmt: skip
    return made


def loop(report: Report) -> Figure:
    """The deepest question of a forwarding loop: each turn is a query that waits for the one above it."""
    circles = report.details.get("loops") or ()
    questions = [question for circle in circles for question in circle.questions if question.stack]
    if not questions:
        return empty("Forwarding loop, turn by turn", "No question went round.")
    question = max(questions, key=lambda q: q.depth)
    texts: Any = report.details["cells"].texts
    turns = sorted(question.stack, key=lambda turn: turn.time_ns)
    first = turns[0].time_ns
    ends = [turn.end_ns for turn in turns if turn.end_ns is not None]
    last = max([*ends, *(turn.time_ns for turn in turns)])
    cut = f", the first {len(turns)} drawn" if len(turns) < question.depth else ""
    note = f"{texts.name(question.qname)} {rrtypes.text(question.qtype)}; {question.depth} deep{cut}"
    made, axes = figure("Forwarding loop, turn by turn", shorten(note, 110), height=1.7 + 0.34 * len(turns), width=10.5)
    for at, turn in enumerate(turns):
        begin, end = (turn.time_ns - first) / 1e6, ((turn.end_ns if turn.end_ns is not None else last) - first) / 1e6
        colour = BLUE if turn.depth == 0 else RED
        axes.barh(
            at, max(end - begin, (last - first) / 2e8), left=begin, height=0.66, color=colour,
            hatch="" if turn.end_ns is not None else "///", edgecolor="white", linewidth=0,
        )  # fmt: skip
        axes.annotate(
            f"#{turn.frame}  ID 0x{turn.msg_id:04x}", (begin, at), xytext=(4, 0), textcoords="offset points", va="center",
            fontsize=8, color="white", clip_on=True, bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    axes.set_yticks(range(len(turns)))
    labels = [f"{turn.depth}:  {texts.address(turn.client)} > {texts.address(turn.server)}" for turn in turns]
    axes.set_yticklabels(labels, fontsize=8, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"time since the first query (ms); all over after {duration((last - first) / 1e9)}", fontsize=9)
    axes.set_ylabel("depth, and who asks whom", fontsize=9)
    axes.grid(True, axis="x", color="#e3e3e3", linewidth=0.8)
    handles = [Patch(color=RED, label="came back")]
    if turns[0].depth == 0:
        handles.insert(0, Patch(color=BLUE, label="from outside"))
    if len(ends) < len(turns):
        handles.append(Patch(facecolor=GREY, hatch="///", edgecolor="white", label="never answered"))
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5, borderaxespad=0
    )
    return made
