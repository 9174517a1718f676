"""Charts of the page as inline SVG. Marks are drawn in stretched coordinates and words stand outside as HTML, so that both
stay readable at any width, in print, and without a script. Every mark says its values in a `data-tip`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup

from analyzer.measures.rows import Series, Side, TimeBin
from analyzer.report import escape
from analyzer.report.times import amount

__all__ = ["Chart", "Key", "Strip", "curves", "ranked", "stacked", "strips", "took", "waterfall"]

OTHERS: Final = "(others)"
_CODES: Final = {"NOERROR": "ok", "NXDOMAIN": "nx", "SERVFAIL": "fail", "REFUSED": "refused"}
_CURVES: Final = 400  # points of a curve at most
_STRIP_MARKS: Final = 160


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: the CSS class of its colour, its name, how many."""

    css: str
    name: str
    total: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with the words around it: ticks of the vertical axis from above, of the horizontal one from the left."""

    svg: Markup
    keys: tuple[Key, ...]
    above: tuple[str, ...]
    along: tuple[str, ...]
    unit: str
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """One row of many over a shared time axis."""

    name: str
    total: str
    svg: Markup
    label: str


def ranked(bins: Sequence[TimeBin], field: str, most: int) -> list[tuple[str, int]]:
    """The busiest names of one mapping over all bins, the rest summed under `(others)`."""
    totals: dict[str, int] = {}
    for one in bins:
        for name, count in getattr(one, field).items():
            totals[name] = totals.get(name, 0) + count
    rest = totals.pop(OTHERS, 0)
    order = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    rest += sum(count for _, count in order[most:])
    return [*order[:most], *([(OTHERS, rest)] if rest else [])]


def stacked(bins: Sequence[TimeBin], field: str, side: str, most: int = 7) -> Chart | None:
    """Bars over time, split by a mapping of the bins: `rcodes` (responses) or `suffixes` (queries)."""
    names = ranked(bins, field, most)
    if len(bins) < 1 or not names:
        return None
    width_ns = bins[1].start - bins[0].start if len(bins) > 1 else 10_000_000_000
    kept = {name for name, _ in names if name != OTHERS}
    rows = [_split(getattr(one, field), kept) for one in bins]
    top = _ceiling(max(sum(row.values()) for row in rows))
    css = _colours([name for name, _ in names], field)
    parts = []
    for at, (one, row) in enumerate(zip(bins, rows, strict=True)):
        parts.append(_bar(at, one.start, width_ns, [(name, row.get(name, 0), css[name]) for name, _ in names], top))
    what = "responses" if field == "rcodes" else "queries"
    label = f"{what} by {'response code' if field == 'rcodes' else 'suffix'}, {side} side, {_width(width_ns)} a bar"
    return Chart(
        svg=_svg(f"0 0 {len(bins)} 100", "bars", label, parts),
        keys=tuple(Key(css[name], name, amount(total)) for name, total in names),
        above=(amount(top), f"{top / 2:,g}" if top > 1 else "", "0"),
        along=_clock(bins[0].start, bins[-1].start + width_ns),
        unit=f"{what} in {_width(width_ns)}",
        label=label,
    )


def _split(counts: Mapping[str, int], kept: set[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for name, count in counts.items():
        key = name if name in kept else OTHERS
        out[key] = out.get(key, 0) + count
    return out


def _colours(names: Sequence[str], field: str) -> dict[str, str]:
    """A class for every name: response codes keep theirs wherever they stand."""
    out, free = {}, iter(("c5", "c7", "c1", "c2", "c4", "ok", "c3"))
    for name in names:
        if name == OTHERS:
            out[name] = "rest"
        elif field == "rcodes":
            out[name] = _CODES.get(name) or next(free, "rest")
        else:
            out[name] = next(free, "rest")
    return out


def _bar(at: int, start: int, width_ns: int, parts: Sequence[tuple[str, int, str]], top: float) -> str:
    """One bin: its parts one on the other, and a transparent mark over all of it that tells what it holds."""
    y, out = 100.0, []
    for _, count, css in parts:
        if count:
            height = 100 * count / top
            y -= height
            out.append(f'<rect class="{css}" x="{at + 0.06:g}" y="{y:.2f}" width="0.88" height="{height:.2f}"/>')
    told = [f"{name} {amount(count)}" for name, count, _ in parts if count] or ["nothing"]
    tip = "\n".join([f"{_time(start)} to {_time(start + width_ns)} UTC", *told])
    return (
        f'<g data-tip="{_attribute(tip)}">{"".join(out)}<rect class="hit" x="{at}" y="0" width="1" height="100"/></g>'
    )


def strips(
    rows: Sequence[tuple[str, int, Series]], span: tuple[int, int] | None = None
) -> tuple[list[Strip], tuple[str, ...]]:
    """Names over one shared time axis (that of `span` at least), all scaled by the busiest bin."""
    drawn = [(name, total, series) for name, total, series in rows if series.counts]
    if not drawn:
        return [], ()
    first = min(series.start_ns for *_, series in drawn)
    last = max(series.start_ns + series.width_ns * len(series.counts) for *_, series in drawn)
    if span:
        first, last = min(first, span[0]), max(last, span[1])
    widest = max(series.width_ns for *_, series in drawn)
    most = max(max(series.counts) * widest / series.width_ns for *_, series in drawn)
    out = []
    for name, total, series in drawn:
        marks = [
            _strip_mark(series, at, count, first, last - first, most, widest)
            for at, count in enumerate(series.counts[:_STRIP_MARKS])
            if count
        ]
        label = f"{name}: {amount(total)} queries over time"
        out.append(Strip(name, amount(total), _svg("0 0 1000 100", "strip", label, marks), label))
    return out, _clock(first, last)


def _strip_mark(series: Series, at: int, count: int, first: int, span: int, most: float, widest: int) -> str:
    start = series.start_ns + at * series.width_ns
    height = max(100 * count * widest / series.width_ns / most, 4)
    tip = f"{_time(start)} UTC, {_width(series.width_ns)}\n{amount(count)} queries"
    x, width = 1000 * (start - first) / span, 1000 * series.width_ns / span
    return (
        f'<rect class="c5" data-tip="{_attribute(tip)}" x="{x + width * 0.04:.2f}" y="{100 - height:.2f}" '
        f'width="{width * 0.92:.2f}" height="{height:.2f}"/>'
    )


def curves(found: Sequence[tuple[Side, Sequence[int], Sequence[int]]]) -> Chart | None:
    """Share of answers (%) that took at most so long, on a logarithmic axis; one curve a side: durations in ns, counts."""
    found = [(side, upper, counts) for side, upper, counts in found if len(counts)]
    if not found:
        return None
    low = math.floor(math.log10(max(min(upper[0] for _, upper, _ in found), 1000)))
    high = max(math.ceil(math.log10(max(upper[-1] for _, upper, _ in found) + 1)), low + 1)
    parts = [f'<path class="grid" d="M{1000 * at / (high - low):.1f} 0V100"/>' for at in range(high - low + 1)]
    parts += [f'<path class="grid" d="M0 {y}H1000"/>' for y in (0, 50, 100)]
    keys = []
    for at, (side, upper, counts) in enumerate(found):
        total, css = sum(counts), f"line l{at % 4}"
        path = _curve(upper, counts, total, low, high)
        parts.append(f'<path class="{css}" d="{path}"/>')
        keys.append(Key(css, side.value, f"{amount(total)} answers"))
    label = "Round-trip times: share of answers that took at most so long, by side"
    ticks = tuple(_tick(10**exponent) for exponent in range(low, high + 1))
    return Chart(_svg("0 0 1000 100", "curve", label, parts), tuple(keys), ("100 %", "50 %", "0 %"), ticks, "", label)


def _curve(upper: Sequence[int], counts: Sequence[int], total: int, low: int, high: int) -> str:
    step = -(-len(counts) // _CURVES)
    seen, last, out = 0, 0.0, ["M0 100"]
    for at, (ns, count) in enumerate(zip(upper, counts, strict=True)):
        seen += count
        if at % step and at < len(counts) - 1:
            continue
        x = min(max(1000 * (math.log10(max(ns, 1)) - low) / (high - low), 0), 1000)
        out.append(f"H{x:.1f}V{100 - 100 * seen / total:.2f}")
        last = x
    return "".join([*out, "" if last >= 1000 else "H1000"])


def _tick(ns: int) -> str:
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1000)):
        if ns >= size:
            return f"{ns // size:,} {unit}"
    return f"{ns} ns"


def waterfall(steps: Sequence[Any]) -> list[dict[str, Any]]:
    """Candidates of one example lookup in order, each with a bar from its query to its answer."""
    if not steps:
        return []
    first = steps[0].time_ns
    last = max(step.time_ns + (step.rtt_ns or 0) for step in steps)
    span = max(last - first, 1)
    out = []
    for number, step in enumerate(steps, 1):
        begin = 1000 * (step.time_ns - first) / span
        wide = max(1000 * (step.rtt_ns or 0) / span, 8)
        css = _CODES.get(step.rcode, "rest") if step.rtt_ns is not None else "silent"
        label = f"from {took(step.time_ns - first)} on, {took(step.rtt_ns)}"
        bar = f'<rect class="{css}" x="{min(begin, 992):.1f}" y="15" width="{wide:.1f}" height="70" rx="3"/>'
        base = step.name.removesuffix(f".{step.suffix}") if step.suffix else step.name
        out.append(
            {
                "number": number,
                "base": base,
                "suffix": step.suffix,
                "types": step.types,
                "frame": f"{step.file}:{step.frame}" if step.file else str(step.frame),
                "offset": f"+{(step.time_ns - first) / 1e6:.3f} ms",
                "took": took(step.rtt_ns),
                "answer": step.outcome if step.outcome in ("silence", "pending") or not step.rcode else step.rcode,
                "css": css,
                "queries": step.queries,
                "server": step.server,
                "svg": _svg("0 0 1000 100", "fall", label, [bar]),
            }
        )
    return out


def _svg(view: str, css: str, label: str, parts: Sequence[str]) -> Markup:
    head = (
        f'<svg class="{css}" viewBox="{view}" preserveAspectRatio="none" role="img" aria-label="{escape.html(label)}">'
    )
    return Markup(head + "".join(parts) + "</svg>")


def _attribute(text: str) -> str:
    """Several lines in an attribute: each escaped by itself, so that only our own line ends are left."""
    return "&#10;".join(map(escape.html, text.split("\n")))


def _ceiling(most: float) -> int:
    """The next round number: 1, 2, 5, 10, 20, … and between them what is near."""
    size = 10 ** max(math.floor(math.log10(max(most, 1))), 0)
    return next((round(size * step) for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if size * step >= most), 10)


def took(ns: int | None) -> str:
    """A duration as a table shows it."""
    if ns is None:
        return "no answer"
    return f"{ns / 1e9:,.2f} s" if ns >= 1_000_000_000 else f"{ns / 1e6:.2f} ms"


def _time(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 1_000_000_000, UTC):%H:%M:%S}"


def _width(ns: int) -> str:
    """The width of a bin, a whole number of seconds."""
    seconds = ns // 1_000_000_000
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _clock(first: int, last: int) -> tuple[str, ...]:
    """Five moments, evenly apart."""
    days = last - first >= 86_400_000_000_000
    style = "%m-%d %H:%M" if days else "%H:%M:%S"
    return tuple(
        f"{datetime.fromtimestamp((first + (last - first) * at // 4) // 1_000_000_000, UTC):{style}}" for at in range(5)
    )
