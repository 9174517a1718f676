"""The Markdown ticket: verdict, proof, fixes to copy, short tables; names that hold Markdown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from analyzer.findings import Severity
from analyzer.report.model import Report
from analyzer.report.ticket import ROWS, render
from tests.hostile import HARMFUL

Reports = Callable[[str], Report]


def test_the_incident_can_be_filed(report_of: Reports) -> None:
    report = report_of("nodelocaldns-incident.pcap")
    text = render(report)
    assert text.startswith("# DNS: critical\n")
    assert "since 2026-11-22T17:29:07.829947000Z (frame 87)" in text
    assert "```\n#86  17:29:07.829585  probe" in text
    assert "\n```\nforward . 192.168.1.1    # instead of /etc/resolv.conf\n```\n" in text
    assert "Saves 960 of 1,152 queries." in text
    assert "7,490 = 6,733 with DNS + 757 TCP without payload" in text


def test_tables_are_short_and_of_one_width(report_of: Reports) -> None:
    lines = render(report_of("nodelocaldns-incident.pcap")).splitlines()
    rules = [at for at, line in enumerate(lines) if line.startswith("| --- |")]
    assert len(rules) >= 4
    for at in rules:
        rows = [line for line in lines[at + 1 : at + 2 + ROWS] if line.startswith("|")]
        assert 1 <= len(rows) <= ROWS
        bars = [len(re.findall(r"(?<!\\)\|", line)) for line in [lines[at - 1], lines[at], *rows]]
        assert len(set(bars)) == 1


def test_a_healthy_capture_says_so_and_what_was_looked_for(report_of: Reports) -> None:
    text = render(dataclasses.replace(report_of("healthy.pcap.gz"), findings=()))
    assert text.startswith("# DNS looks healthy\n")
    assert "loop-probe-loop" in text


def test_partial_is_said_first(report_of: Reports) -> None:
    report = dataclasses.replace(report_of("self-loop.pcap"), damage=("x_y.pcap: cut",), interrupted=True)
    head = render(report).partition("## Findings")[0]
    assert "**partial**: x\\_y.pcap: cut" in head
    assert "**partial**: interrupted" in head


def test_hostile_names_stay_text(report_of: Reports) -> None:
    text = render(report_of("hostile"))
    assert report_of("hostile").worst not in (None, Severity.INFO)
    assert not any(bad in text for bad in HARMFUL)
    outside = re.sub(r"(?ms)^(`{3,})\n.*?^\1$", "", text)  # blocks are text by themselves
    outside = re.sub(r"(`+)[^`].*?[^`]\1(?!`)", "", outside)  # and so are spans
    assert "<script>" not in outside
    assert not re.search(r"(?<!\\)\[red\]", outside)
