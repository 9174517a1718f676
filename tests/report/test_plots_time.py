"""Plots over time draw the numbers of the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from analyzer.report.model import Report
from analyzer.report.plots_time import _gaps_of, gaps, names, rcodes, timeline

ReportOf = Callable[[str], Report]
INCIDENT = "nodelocaldns-incident.pcap"


def steps(axes: Any) -> list[Any]:
    """The filled outlines, in the order drawn."""
    return [patch for patch in axes.patches if isinstance(patch, StepPatch)]


def test_the_area_under_the_rate_is_the_number_of_queries(report_of: ReportOf) -> None:
    queries, responses = steps(timeline(report_of(INCIDENT)).axes[0])
    data = queries.get_data()
    seconds = np.diff(data.edges) * 86_400
    assert float((data.values * seconds).sum()) == pytest.approx(1152, rel=1e-4)  # tshark: client-side queries
    assert len(responses.get_data().values) == len(data.values)


def test_a_side_can_be_chosen(report_of: ReportOf) -> None:
    data = steps(timeline(report_of(INCIDENT), "self").axes[0])[0].get_data()  # type: ignore[arg-type]  # as the command line gives it
    assert float((data.values * np.diff(data.edges) * 86_400).sum()) == pytest.approx(324, rel=1e-4)


def test_codes_are_stacked(report_of: ReportOf) -> None:
    axes: Any = rcodes(report_of("two-hop-loop.pcap.gz")).axes[0]
    bars = [(p.get_y(), p.get_height()) for p in axes.patches]
    bins = len(bars) // 2
    assert all(y == 0 for y, _ in bars[:bins])
    assert [y for y, _ in bars[bins:]] == [height for _, height in bars[:bins]]
    assert [t.get_text().split()[0] for t in axes.get_legend().get_texts()] == ["REFUSED", "SERVFAIL"]


def test_names_stand_with_the_busiest_on_top(report_of: ReportOf) -> None:
    report = report_of("healthy.pcap.gz")
    axes = names(report, most=3).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        row.qname for row in report.tables["bases"].rows[:3]
    ]
    assert len(steps(axes)) == 3


def test_gaps_are_the_times_between_the_queries_for_a_name(report_of: ReportOf) -> None:
    report = report_of(INCIDENT)
    row = report.tables["names"].rows[0]
    found = _gaps_of(report.details["cells"], row.qname, row.side)
    assert len(found) == row.queries - 1
    assert int(found.sum()) == pytest.approx(row.last - row.first, abs=1000 * len(found))
    assert "was not asked for twice" in gaps(report, "never.asked.example").axes[0].texts[0].get_text()
