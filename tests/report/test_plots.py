"""Every plot of every sample can be drawn, in every format, always with the same octets, and hostile names stay text."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure

from analyzer import plots as public
from analyzer.report import plots
from analyzer.report.model import Report
from tests import hostile

ReportOf = Callable[[str], Report]
MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


def saved(figure: Figure, form: str) -> bytes:
    out = io.BytesIO()
    plots.save(figure, out, form)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("kind", plots.KINDS)
def test_axes_have_words_and_units(report_of: ReportOf, kind: str) -> None:
    figure = plots.KINDS[kind](report_of("nodelocaldns-incident.pcap"))
    (axes,) = figure.axes
    assert axes.get_title(loc="left")
    assert any(unit in axes.get_xlabel() for unit in ("UTC", "ms", "queries", "log scale"))
    assert saved(figure, "png").startswith(MAGIC["png"])


@pytest.mark.parametrize("form", plots.FORMATS)
def test_formats(report_of: ReportOf, form: str) -> None:
    figure = plots.timeline(report_of("self-loop.pcap"))
    assert saved(figure, form).startswith(MAGIC[form])


def test_the_same_report_gives_the_same_octets(report_of: ReportOf) -> None:
    report = report_of("self-loop.pcap")
    assert saved(plots.rtt(report), "svg") == saved(plots.rtt(report), "svg")


@pytest.mark.slow
@pytest.mark.parametrize("kind", plots.KINDS)
def test_hostile_names_are_drawn_as_text(report_of: ReportOf, kind: str) -> None:
    text = saved(plots.KINDS[kind](report_of("hostile")), "svg").decode()
    assert "<script" not in text
    assert [harm for harm in hostile.HARMFUL if harm in text] == []


def test_dollars_are_no_mathematics(report_of: ReportOf) -> None:
    text = saved(plots.names(report_of("hostile")), "svg").decode()
    assert "$^$" in text


def test_the_notebook_s_door_shows_the_same() -> None:
    assert public.KINDS is plots.KINDS
    assert sorted(public.__all__) == sorted(plots.__all__)
