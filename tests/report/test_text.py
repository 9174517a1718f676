"""The terminal report: the verdict first, nothing that a capture holds does anything, and it stays within its width."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable

import pytest

from analyzer.report.look import Look
from analyzer.report.model import Report
from analyzer.report.text import render
from tests.hostile import HARMFUL

Reports = Callable[[str], Report]


def shown(report: Report, look: Look | None = None, quiet: bool = False) -> str:
    out = io.StringIO()
    render(report, look or Look(), out, quiet)
    return out.getvalue()


def test_the_first_screen_says_what_is_wrong_since_when_and_what_to_change(report_of: Reports) -> None:
    screen = "\n".join(shown(report_of("nodelocaldns-incident.pcap")).splitlines()[:24])
    assert "CRITICAL" in screen
    assert "169.254.25.10 feeds itself" in screen
    assert "since 17:29:07 (frame 87)" in screen
    assert "forward . " in screen


def test_the_incident_is_told_whole(report_of: Reports) -> None:
    text = shown(report_of("nodelocaldns-incident.pcap"), Look(width=160))
    assert "kubecamp.svc.cluster.local svc.cluster.local cluster.local default.svc.cluster.local example.org" in text
    assert "leave the cluster with example.org appended" in text
    assert "192.168.1.1" in text
    assert "#965" in text  # the example lookup, by frame
    assert "frames   7,490 = 6,733 with DNS + 757 TCP without payload" in text
    assert "messages 6,733 = 4,429 unique + 2,304 copies + 0 filtered" in text


def test_a_capture_without_findings_says_so_and_what_was_looked_for(report_of: Reports) -> None:
    report = dataclasses.replace(report_of("healthy.pcap.gz"), findings=())
    text = " ".join(shown(report).split())
    assert "LOOKS HEALTHY" in text
    assert "loop-probe-loop" in text
    assert "CRITICAL" not in text


def test_what_was_not_read_to_its_end_is_never_called_healthy(report_of: Reports) -> None:
    report = dataclasses.replace(report_of("healthy.pcap.gz"), findings=(), interrupted=True)
    text = shown(report, quiet=True)
    assert "LOOKS HEALTHY" not in text
    assert "NOTHING FOUND  but only a part was read." in text


def test_a_healthy_capture_does_not_alarm(report_of: Reports) -> None:
    text = shown(report_of("healthy.pcap.gz"), quiet=True)
    assert "CRITICAL" not in text
    assert "HIGH" not in text


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("name", ["nodelocaldns-incident.pcap", "two-hop-loop.pcap.gz", "hostile"])
def test_lines_keep_to_the_width_but_for_those_to_copy(report_of: Reports, name: str, width: int) -> None:
    report = report_of(name)
    fixes = {line.strip() for finding in report.findings for fix in finding.fix for line in fix.text.splitlines()}
    fixes |= {line.strip() for found in report.details["search"].lists for line in found.resolv_conf.splitlines()}
    long = [line for line in shown(report, Look(width=width)).splitlines() if len(line) > width]
    assert [line for line in long if line.strip() not in fixes] == []


@pytest.mark.parametrize("colour", [False, True])
def test_names_that_hold_escapes_and_markup_are_only_text(report_of: Reports, colour: bool) -> None:
    text = shown(report_of("hostile"), Look(width=160, colour=colour, verbose=1))
    harmful = [bad for bad in HARMFUL if bad != "\x1b"]
    assert not any(bad in text for bad in harmful)
    assert "[red].svc.cluster.local.example.org" in text
    assert "[31m\x07" not in text
    if not colour:
        assert "\x1b" not in text


def test_colour_is_used_only_where_it_was_asked_for(report_of: Reports) -> None:
    report = report_of("nodelocaldns-incident.pcap")
    assert "\x1b[" not in shown(report)
    assert "\x1b[" in shown(report, Look(colour=True))


def test_ascii_is_ascii(report_of: Reports) -> None:
    assert shown(report_of("nodelocaldns-incident.pcap"), Look(ascii_only=True, verbose=1)).isascii()


def test_no_line_ends_in_spaces(report_of: Reports) -> None:
    assert [line for line in shown(report_of("nodelocaldns-incident.pcap")).splitlines() if line.endswith(" ")] == []


def test_a_partial_input_says_so_at_the_top(report_of: Reports) -> None:
    report = dataclasses.replace(report_of("self-loop.pcap"), damage=("x.pcap: cut inside frame 7",))
    assert "PARTIAL x.pcap: cut inside frame 7" in shown(report)[:600]


def test_relative_times(report_of: Reports) -> None:
    report = report_of("nodelocaldns-incident.pcap")
    assert "since +4." in shown(report, Look(base=report.summary.first))
