"""Plots of a report: functions that take the Report and return matplotlib Figures, for notebooks and `dnsloupe plot`.

The only door to matplotlib. A Figure made here belongs to no window and no global state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any, Final

from matplotlib import rc_context
from matplotlib.figure import Figure

from analyzer.report.plots_load import expansion, loop, rtt, suffixes
from analyzer.report.plots_time import gaps, names, rcodes, timeline

__all__ = ["FORMATS", "KINDS", "expansion", "gaps", "loop", "names", "rcodes", "rtt", "save", "suffixes", "timeline"]

KINDS: Final[Mapping[str, Callable[..., Figure]]] = {
    "timeline": timeline,
    "rcodes": rcodes,
    "names": names,
    "suffixes": suffixes,
    "rtt": rtt,
    "expansion": expansion,
    "gaps": gaps,
    "loop": loop,
}
"""Every plot by the word that `dnsloupe plot` takes; each takes a Report."""

FORMATS: Final = ("svg", "png", "pdf")


def save(figure: Figure, out: IO[bytes], form: str) -> None:
    """Write a figure: svg with text as text, png with 150 dots per inch, or pdf. The same report gives the same octets."""
    dates: Mapping[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "dnsloupe", "pdf.fonttype": 42}):
        figure.savefig(out, format=form, dpi=150, metadata=dict(dates[form]), facecolor="white")
