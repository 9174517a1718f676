"""What a notebook shows by itself: the verdict, what differs, what is saved; text from captures is never markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer import diff
from analyzer.measures.rows import Side
from analyzer.report.cards import comparison, verdict, what_if
from analyzer.report.json import document
from analyzer.report.model import Report
from analyzer.whatif import Leg, WhatIf, parse

ReportOf = Callable[[str], Report]


def test_findings_stand_worst_first(report_of: ReportOf) -> None:
    page = verdict(report_of("nodelocaldns-incident.pcap"), "nodelocaldns-incident.pcap")
    assert "2,238 queries and 2,191 responses" in page  # as the lab counted
    assert 0 < page.index("critical") < page.index(">high<")


def test_a_healthy_capture_says_so(report_of: ReportOf) -> None:
    page = verdict(report_of("vxlan-inner.pcap"), "vxlan-inner.pcap")
    found = [f for f in report_of("vxlan-inner.pcap").findings if f.severity]
    assert ("Looks healthy" in page) == (not found)


@pytest.mark.parametrize("name", ["self-loop.pcap", "hostile"])
def test_names_are_text(report_of: ReportOf, name: str) -> None:
    report = report_of(name)
    for page in (
        verdict(report, "<script>x.pcap"),
        comparison(diff.compare(document(report), document(report), ("<b>", "&"))),
    ):
        assert "<script" not in page
        assert "\x1b" not in page
        assert "<b><b>" not in page


def test_a_comparison_shows_what_changed(report_of: ReportOf) -> None:
    before, after = (document(report_of(name)) for name in ("self-loop.pcap", "vxlan-inner.pcap"))
    page = comparison(diff.compare(before, after))
    assert "<td" in page
    assert "gone" in page
    assert "No difference" in comparison(diff.compare(before, before))


def test_a_saving_is_an_interval() -> None:
    legs = (
        Leg(Side.CLIENT, "", 1000, 200, 300, None, None, None),
        Leg(Side.UPSTREAM, "192.0.2.1", 50, 7, 7, None, None, None),
    )
    page = what_if(WhatIf(parse(["ndots=2"]), legs, 100, 0.125, ("a <note>",)))
    assert "200 to 300" in page
    assert ">7<" in page
    assert "12% with a guess" in page
    assert "a &lt;note&gt;" in page
