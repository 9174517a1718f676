"""Findings in a terminal: the short form for the first screen, and the long form with its proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from analyzer.findings import Confidence, Finding, Fix, Severity
from analyzer.report.look import SEVERITY_STYLE, Look, Verbatim, columns, hanging
from analyzer.report.times import amount

__all__ = ["MORE", "Chain", "Numbered", "frame_text", "groups", "long_form", "long_forms", "saved", "short_form"]

SUBJECT: Final = 44  # longer subjects stand only in the long form
CHANGE: Final = 100  # characters of a change in the short form; the long form has it whole
FIXES: Final = 4  # of a finding; `-v` shows all
WIDE: Final = 110  # from here on there is room for the time of day
STEPS: Final = 14  # of an example chain; `-v` shows all
NUMBERS: Final = 12
MORE: Final = 20  # findings of one kind that are listed


Numbered = tuple[int, Finding]
Chain = tuple[tuple[int, int], ...]


def groups(findings: Sequence[Finding]) -> list[list[Numbered]]:
    """Findings that say the same of several subjects, together, at the place of the first; each with its number."""
    found: dict[tuple[str, str, Severity], list[Numbered]] = {}
    for number, finding in enumerate(findings, 1):
        found.setdefault((finding.id, finding.kind, finding.severity), []).append((number, finding))
    return list(found.values())


def short_form(group: Sequence[Numbered], look: Look, seen: dict[Fix, int]) -> Iterator[RenderableType]:
    """What is wrong, how bad, since when, through whom, what to change. `seen` are the first fixes told so far."""
    number, finding = group[0]
    yield _title(finding, number, look)
    yield hanging(look, "  ", (_when(finding, look, short=True), "dim"))
    if len(group) > 1:
        yield hanging(look, "  ", _others(group, 4, look))
    if finding.severity < Severity.MEDIUM:
        return
    if finding.fix:
        first = seen.setdefault(finding.fix[0], number)
        yield (
            _change(finding.fix[0], look)
            if first == number
            else hanging(look, "  ", ("change", "green"), f" as for {first}")
        )
    gain = saved(finding)
    if gain:
        yield hanging(look, "  ", ("saves ", "green"), gain)


def _others(group: Sequence[Numbered], most: int, look: Look) -> str:
    """`and 15 more like it: a, b, c, d, …`."""
    names = [look.named(finding.subject.value) for _, finding in group[1:]]
    dots = ", …" if len(names) > most else ""
    return f"and {len(names)} more like it: {', '.join(names[:most])}{dots}"


def _title(finding: Finding, number: int, look: Look) -> RenderableType:
    word = finding.severity.word.upper()
    return hanging(look, f"{number:>2}", (word, SEVERITY_STYLE[finding.severity]), (f" {finding.title}", "bold"))


def _when(finding: Finding, look: Look, short: bool = False) -> str:
    """`server 169.254.25.10 · since 19:30:02.123456 (frame 17) · 252 times, 240/min · medium confidence`."""
    parts = [f"{finding.subject.kind} {look.named(finding.subject.value)}"]
    if short and len(finding.subject.value) > SUBJECT:
        parts.clear()
    if finding.first is not None and finding.first_frame is not None:
        moment = look.clock(finding.first)
        since = moment.partition(".")[0] if short and look.base is None else moment
        parts.append(f"since {since} (frame {frame_text(finding.first_frame)})")
    parts.append(_how_often(finding, short))
    if not short or finding.confidence < Confidence.HIGH:
        parts.append(f"{finding.confidence.word} confidence")
    return " · ".join(parts)


def frame_text(frame: Any) -> str:
    """A frame as Wireshark numbers it, with its file where that is not the first."""
    return f"{frame.file}:{frame.frame}" if frame.file else str(frame.frame)


def _how_often(finding: Finding, short: bool) -> str:
    times = f"{amount(finding.count)} times" if finding.count != 1 else "once"
    if finding.per_min is not None:
        times += f", {amount(finding.per_min)}/min"
    if finding.peak_60s is not None and not short:
        times += f", {amount(finding.peak_60s)} in the busiest minute"
    return times


def _change(fix: Fix, look: Look) -> RenderableType:
    lines = [line.split("    #")[0].strip() for line in fix.text.splitlines() if line[:1] != "#"] or [fix.text]
    text = " ".join(lines)
    text = text if len(text) <= CHANGE else f"{text[:CHANGE].rstrip()} …"
    return hanging(look, "  ", ("change ", "green"), f"{fix.where}: ", (text, "bold"))


def saved(finding: Finding) -> str:
    """What the fix saves, where the detector counted it."""
    counts = [v for key, v in finding.numbers.items() if (key == "wasted" or key.startswith("queries_saved")) and v]
    if not counts or not isinstance(counts[0], int):
        return ""
    whole = finding.numbers.get("queries")
    return (
        f"{amount(counts[0])} of {amount(whole)} queries" if isinstance(whole, int) else f"{amount(counts[0])} queries"
    )


def long_forms(group: Sequence[Numbered], look: Look, chains: dict[Chain, int]) -> Iterator[RenderableType]:
    """The first of a group whole, the others in a line each (`-v`: all whole)."""
    for number, finding in group if look.verbose else group[:1]:
        yield from long_form(finding, number, look, chains)
    others = () if look.verbose else group[1:]
    if others:
        yield hanging(look, "  ", f"and {len(others)} more like it (-v shows them whole):")
        rows = [
            (str(number), look.named(finding.subject.value), _how_often(finding, False)) for number, finding in others
        ]
        yield columns(look, ("", "", ""), rows[:MORE], left=(1, 2), wide=1, indent=2)
    if len(others) > MORE:
        yield hanging(look, "  ", f"and {len(others) - MORE} more")


def long_form(finding: Finding, number: int, look: Look, chains: dict[Chain, int]) -> Iterator[RenderableType]:
    """Everything: numbers, the example step by step, what was ruled out, all fixes, how to see it in Wireshark.

    `chains` are the examples shown so far: one that proves two findings is shown once.
    """
    yield Text("")
    yield _title(finding, number, look)
    yield hanging(look, "  ", f"{finding.id}, {finding.kind}: {_when(finding, look)}")
    numbers = list(_numbers(finding, look))
    if numbers:
        yield _marked(look, "measured", "; ".join(numbers))
    frames = tuple((step.frame.file, step.frame.frame) for step in finding.chain)
    shown = chains.setdefault(frames, number)
    if shown == number:
        yield from _chain(finding, look)
    elif frames:
        yield _marked(look, "example", f"the same frames as for {shown}")
    if finding.excluded and look.verbose:
        yield _marked(look, "not", "; ".join(finding.excluded))
    for at, fix in enumerate(finding.fix if look.verbose else finding.fix[:FIXES]):
        yield _marked(look, "or" if at else "fix", fix.where, "green")
        yield _block(fix.text, look)
    if finding.wireshark_filter:
        yield _marked(look, "filter", finding.wireshark_filter)


def _marked(look: Look, mark: str, text: str, style: str = "dim") -> RenderableType:
    return hanging(look, Text(f"{mark:<8}", style=style), text, indent=2)


def _block(text: str, look: Look) -> Text:
    """Lines to copy: one each, unbroken, whatever the width."""
    lines = "\n".join(f"{'':12}{line}" for line in map(look.text, text.splitlines()))
    return Verbatim(lines, style="bold")


def _numbers(finding: Finding, look: Look) -> Iterator[str]:
    shown = [(key, value) for key, value in finding.numbers.items() if value is not None and value != ""]
    for key, value in shown if look.verbose else shown[:NUMBERS]:
        limit = finding.thresholds.get(key)
        over = f" (limit {_value(key, limit)})" if limit is not None else ""
        yield f"{_label(key)} {_value(key, value)}{over}"


def _label(key: str) -> str:
    return key.removesuffix("_ns").removesuffix("_s").replace("_share", "").replace("_", " ")


def _value(key: str, value: float | str | None) -> str:
    if isinstance(value, str) or value is None:
        return str(value)
    if key.endswith("share"):
        return f"{value:.0%}".replace("%", " %")
    if key.endswith("_ns"):
        return f"{value / 1e6:,.1f} ms" if value < 1e9 else f"{value / 1e9:,.2f} s"
    if key.endswith("_s") and not key.endswith("60s"):
        return f"{value:,.2f} s"
    return amount(value)


def _chain(finding: Finding, look: Look) -> Iterator[RenderableType]:
    steps = finding.chain if look.verbose else finding.chain[:STEPS]
    if not steps:
        return
    start = steps[0].time_ns
    rows = [
        (f"#{frame_text(step.frame)}", look.clock(step.time_ns), f"+{(step.time_ns - start) / 1e6:,.3f}", step.text)
        for step in steps
    ]
    yield _marked(look, "example", "the proof, frame by frame")
    cells: Sequence[Sequence[str]] = rows
    heads: Sequence[str] = ("frame", "time", "ms", "what")
    if look.width < WIDE:
        cells, heads = [(frame, since, text) for frame, _, since, text in rows], ("frame", "ms", "what")
    yield columns(look, heads, cells, left=(len(heads) - 1,), wide=len(heads) - 1, indent=4)
    left = len(finding.chain) - len(steps)
    if left:
        yield _marked(look, "", f"and {left} more steps (-v shows them)")
