"""Plots of what the load consists of draw the numbers of the report."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.report.model import Report
from analyzer.report.plots_load import expansion, loop, rtt, suffixes

ReportOf = Callable[[str], Report]
INCIDENT = "nodelocaldns-incident.pcap"


def test_bars_of_suffixes_are_their_queries(report_of: ReportOf) -> None:
    report = report_of("healthy.pcap.gz")
    axes = suffixes(report, most=5).axes[0]
    denied, other = (list(container) for container in axes.containers)
    drawn = [a.get_width() + b.get_width() for a, b in zip(denied, other, strict=True)]
    assert drawn == pytest.approx([row.queries for row in report.tables["suffixes"].rows[:5]])


def test_every_curve_ends_at_the_whole(report_of: ReportOf) -> None:
    axes: Any = rtt(report_of(INCIDENT)).axes[0]
    lines = list(axes.lines)
    assert len(lines) == 3
    for line in lines:
        assert line.get_ydata()[-1] == pytest.approx(1)
        assert line.get_linestyle() != lines[lines.index(line) - 1].get_linestyle()  # not by colour alone


def test_every_candidate_has_its_bar(report_of: ReportOf) -> None:
    axes: Any = expansion(report_of(INCIDENT)).axes[0]
    assert len(axes.patches) == 6
    starts = [patch.get_x() for patch in axes.patches]
    assert starts == sorted(starts)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["NXDOMAIN"]


def test_turns_of_a_loop_are_nested(report_of: ReportOf) -> None:
    axes: Any = loop(report_of(INCIDENT)).axes[0]
    bars = [(p.get_x(), p.get_x() + p.get_width()) for p in axes.patches]
    assert len(bars) == 10  # the query from outside, and nine turns (frames 6769 to 6781 by hand)
    assert all(outer[0] <= inner[0] and inner[1] <= outer[1] for outer, inner in itertools.pairwise(bars))


def test_what_is_not_there_is_said(report_of: ReportOf) -> None:
    assert loop(report_of("healthy.pcap.gz")).axes[0].texts[0].get_text() == "No question went round."
    assert expansion(report_of("self-loop.pcap")).axes[0].texts[0].get_text() == "No search list was seen at work."
