"""JUnit XML: one case a condition or a finding, failures with their proof, and names that hold markup."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from xml.etree import ElementTree as ET

from analyzer.gate import Verdict
from analyzer.report.junit import render
from analyzer.report.model import Report
from tests.hostile import HARMFUL

Reports = Callable[[str], Report]


def suite_of(text: str) -> ET.Element:
    suite = ET.fromstring(text).find("testsuite")
    assert suite is not None
    return suite


def test_each_finding_is_a_case_and_so_is_each_detector_that_found_nothing(report_of: Reports) -> None:
    report = report_of("nodelocaldns-incident.pcap")
    suite = suite_of(render(report))
    cases = suite.findall("testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    bad = [finding for finding in report.findings if finding.severity > 0]
    assert [case.get("name") for case in failed] == [finding.title for finding in bad]
    quiet = set(report.checked) - {finding.id for finding in report.findings}
    assert {case.get("classname") for case in cases if len(case) == 0} == {f"dnsloupe.{ident}" for ident in quiet}
    assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(len(failed)))


def test_a_failure_says_title_frames_and_fix(report_of: Reports) -> None:
    report = report_of("self-loop.pcap")
    failure = suite_of(render(report)).find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
    first = report.findings[0]
    assert first.title in failure.text
    assert f"#{first.chain[0].frame.frame} " in failure.text
    assert f"fix: {first.fix[0].where}" in failure.text


def test_with_conditions_only_they_are_cases(report_of: Reports) -> None:
    report = report_of("self-loop.pcap")
    verdicts = [
        Verdict("loop", True, "loop: it loops", (report.findings[0].key,)),
        Verdict("amplification>3", False, "amplification is 1"),
    ]
    met, missed = suite_of(render(report, verdicts)).findall("testcase")
    failure = met.find("failure")
    assert failure is not None
    assert failure.get("message") == "loop: it loops"
    assert report.findings[0].title in (failure.text or "")
    assert missed.find("failure") is None
    assert missed.findtext("system-out") == "amplification is 1"


def test_a_healthy_capture_passes_every_case(report_of: Reports) -> None:
    report = dataclasses.replace(report_of("healthy.pcap.gz"), findings=())
    suite = suite_of(render(report))
    assert suite.get("failures") == "0"
    assert len(suite.findall("testcase")) == len(report.checked)


def test_hostile_names_stay_text(report_of: Reports) -> None:
    text = render(report_of("hostile"))
    assert not any(bad in text for bad in HARMFUL)
    assert "<script>" not in text
    suite_of(text)
