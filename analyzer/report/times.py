"""Times and amounts in words: stored as numbers, spelled here."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

__all__ = ["amount", "clock", "duration", "percent", "rate", "rfc3339", "spark"]

_BARS: Final = "▁▂▃▄▅▆▇█"
_BARS_ASCII: Final = "_.-:=+*#"


def rfc3339(ns: int) -> str:
    """A moment, UTC, nine decimals; also for times before 1970."""
    seconds, fraction = divmod(ns, 1_000_000_000)
    return f"{_second(seconds)}.{fraction:09d}Z"


@functools.lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def clock(ns: int, resolution_ns: int = 1000) -> str:
    """The time of day alone, with the capture's own precision."""
    seconds, fraction = divmod(ns, 1_000_000_000)
    digits = 9 if resolution_ns < 1000 else 6
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}.{fraction:09d}"[: 9 + digits]


def duration(seconds: float) -> str:
    """A length of time: `850 ms`, `76.4 s`, `12 min 30 s`, `3 h 5 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 or not seconds else f"{seconds * 1e6:.0f} µs"
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if seconds < 172_800:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds // 86400:.0f} d {seconds % 86400 // 3600:.0f} h"


def amount(number: float | None) -> str:
    """A count or a rate, with thousands set apart; `-` where there is none."""
    if number is None:
        return "-"
    if isinstance(number, int) or number >= 100:
        return f"{round(number):,}"
    return f"{number:.1f}"


def percent(share: float | None) -> str:
    """A share; what is not nothing does not become 0 %, and what is not all does not become 100 %."""
    if share is None:
        return "-"
    if 0 < share < 0.005:
        return "<1 %"
    return f"{min(share, 0.99) if share < 1 else share:.0%}".replace("%", " %")


def rate(per_min: float | None, count: int, covered_s: float) -> str:
    """Events a minute, or, where less than a minute is covered, how many in how long."""
    if per_min is not None:
        return f"{amount(per_min)}/min"
    return f"{amount(count)} in {duration(covered_s)}"


def spark(counts: Sequence[int], width: int, ascii_only: bool = False) -> str:
    """Counts as a line of bars, joined to at most `width` of them; nothing at all is a blank."""
    if not counts or width < 1:
        return ""
    step = -(-len(counts) // width)
    joined = [sum(counts[at : at + step]) for at in range(0, len(counts), step)]
    bars, top = (_BARS_ASCII if ascii_only else _BARS), max(joined)
    return "".join(bars[-(-n * (len(bars) - 1) // top)] if n else " " for n in joined) if top else ""
