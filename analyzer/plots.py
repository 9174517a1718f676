"""Plots for notebooks: `analyzer.plots.timeline(report)` and its siblings give matplotlib Figures."""

from __future__ import annotations

from analyzer.report.plots import (
    FORMATS,
    KINDS,
    expansion,
    gaps,
    loop,
    names,
    rcodes,
    rtt,
    save,
    suffixes,
    timeline,
)

__all__ = ["FORMATS", "KINDS", "expansion", "gaps", "loop", "names", "rcodes", "rtt", "save", "suffixes", "timeline"]
