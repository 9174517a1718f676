"""--fail-on: every kind of condition on both sides, groups, and words that do not exist."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.errors import UsageError
from analyzer.gate import parse

DETECTORS = ("forward-loop", "cluster-name-leak", "search-expansion")
REPORT: dict[str, Any] = {
    "summary": {
        "queries": 1000,
        "amplification": 3.5,
        "states": {"unanswered": 7},
        "worst": "high",
        "derived": False,
        "copies_per_packet": None,
    },
    "findings": [
        {"id": "cluster-name-leak", "severity": "high", "count": 192, "title": "names leak"},
        {"id": "search-expansion", "severity": "info", "count": 5, "title": "expansion"},
    ],
}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("severity>=high", True),
        ("severity>=critical", False),
        ("severity>high", False),
        ("severity<=info", True),
        ("cluster-name-leak", True),
        ("search-expansion", False),  # info only
        ("forward-loop", False),
        ("leak", True),
        ("loop", False),
        ("leak>191", True),
        ("leak>192", False),
        ("search-expansion>=5", True),
        ("loop==0", True),
        ("amplification>3", True),
        ("amplification>3.5", False),
        ("queries != 1000", False),
        ("states.unanswered>0", True),
        ("copies_per_packet>0", False),  # unknown is never more than something
    ],
)
def test_a_condition_on_both_sides(text: str, met: bool) -> None:
    (condition,) = parse(text, DETECTORS, REPORT)
    assert condition.judge(REPORT).met is met


def test_a_tally_that_did_not_occur_is_none() -> None:
    report = {**REPORT, "summary": {**REPORT["summary"], "transports": {"udp": 5}}}
    verdicts = [
        c.judge(report) for c in parse("transports.tcp>0,transports.udp>4,transports.doq==0", DETECTORS, report)
    ]
    assert [v.met for v in verdicts] == [False, True, True]


def test_before_a_report_only_names_of_numbers_pass() -> None:
    assert len(parse("states.answered>0,amplification>3", DETECTORS, numbers=("states", "amplification"))) == 2
    with pytest.raises(UsageError, match="amplificaton"):
        parse("amplificaton>3", DETECTORS, numbers=("states", "amplification"))


def test_a_verdict_names_the_findings_behind_it() -> None:
    report = {**REPORT, "findings": [{**f, "key": f"k{at}"} for at, f in enumerate(REPORT["findings"])]}
    verdicts = [c.judge(report) for c in parse("leak,severity>=info,search-expansion>4,loop", DETECTORS, report)]
    assert [v.keys for v in verdicts] == [("k0",), ("k0", "k1"), ("k1",), ()]


def test_a_comma_means_any() -> None:
    verdicts = [c.judge(REPORT) for c in parse("severity>=critical, leak , amplification>9", DETECTORS, REPORT)]
    assert [v.met for v in verdicts] == [False, True, False]
    assert verdicts[1].found == "leak: names leak"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "nonsense>3",
        "severity",
        "severity>=bad",
        "queries",
        "leak>x",
        "leak>nan",
        "amplification>1e3",
        "a b",
        "leak,,loop",
        "derived>0",
        "worst==1",
    ],
)
def test_what_is_no_condition_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="--fail-on"):
        parse(text, DETECTORS, REPORT)
