"""Cards, the verdict, and what to change first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.report.html_findings import cards, changes, saved, verdict
from analyzer.report.model import Report

FIX = Fix("Corefile", "forward . 192.0.2.1")


def found(severity: Severity, title: str = "t", fix: tuple[Fix, ...] = (FIX,), **more: object) -> Finding:
    base = Finding(
        id="some-id",
        kind="k",
        severity=severity,
        confidence=Confidence.HIGH,
        title=title,
        subject=Subject("server", "10.0.0.53"),
        first=1_000_000_000,
        last=2_000_000_000,
        first_frame=Frame(0, 3),
        last_frame=Frame(1, 4),
        count=12,
        fix=fix,
    )
    return dataclasses.replace(base, **more)  # type: ignore[arg-type]  # any field


def with_findings(report_of: Callable[[str], Report], *findings: Finding) -> Report:
    return dataclasses.replace(report_of("self-loop.pcap"), findings=findings)


def test_the_verdict_is_the_worst(report_of: Callable[[str], Report]) -> None:
    report = with_findings(report_of, found(Severity.HIGH, "worst"), found(Severity.LOW), found(Severity.LOW))
    said = verdict(report)
    assert (said["word"], said["lead"], said["chips"]) == ("high", "worst", [("high", 1), ("low", 2)])
    assert verdict(with_findings(report_of, found(Severity.INFO)))["word"] == "Looks healthy"


def test_a_fix_that_mends_two_is_told_once(report_of: Callable[[str], Report]) -> None:
    other = Fix("netplan", "x: y")
    report = with_findings(
        report_of,
        found(Severity.HIGH, "a"),
        found(Severity.MEDIUM, "b", numbers={"wasted": 5, "queries": 9}),
        found(Severity.MEDIUM, "c", (other,)),
        found(Severity.LOW, "d", (Fix("nowhere", "small"),)),
    )
    first, second = changes(report)
    assert (first["where"], first["answers"], first["saves"]) == ("Corefile", [(1, "a"), (2, "b")], "5 of 9 queries")
    assert second["where"] == "netplan"
    assert [card["same_fix"] for card in cards(report)] == [0, 1, 0, 0]


def test_an_example_that_proves_two_is_shown_once(report_of: Callable[[str], Report]) -> None:
    chain = (Step(Frame(0, 3), 1_000_000_000, "asked"), Step(Frame(1, 4), 1_001_500_000, "again"))
    report = with_findings(report_of, found(Severity.HIGH, chain=chain), found(Severity.HIGH, chain=chain))
    first, second = cards(report)
    assert [(step["frame"], step["offset"]) for step in first["chain"]] == [("3", "+0.000 ms"), ("1:4", "+1.500 ms")]
    assert (second["chain"], second["same_chain"]) == ([], 1)


def test_facts_and_limits(report_of: Callable[[str], Report]) -> None:
    one = found(Severity.HIGH, per_min=6.25, peak_60s=7, numbers={"share": 0.5, "n": 1234}, thresholds={"share": 0.2})
    (card,) = cards(with_findings(report_of, one))
    assert dict(card["facts"]) == {
        "server": "10.0.0.53",
        "since": "00:00:01.000000 UTC, frame 3",
        "until": "00:00:02.000000 UTC, frame 1:4",
        "seen": "12 times, 6.2 a minute, 7 in the busiest minute",
        "confidence": "high",
    }
    assert card["numbers"] == [("share", "50 %", "20 %"), ("n", "1,234", "")]


def test_what_a_fix_saves() -> None:
    assert saved(found(Severity.HIGH, numbers={"queries_saved": 3})) == "3 queries"
    assert saved(found(Severity.HIGH)) == ""


def test_of_many_alike_the_first_are_open(report_of: Callable[[str], Report]) -> None:
    report = with_findings(report_of, *(found(Severity.HIGH, str(at)) for at in range(5)))
    assert [card["open"] for card in cards(report)] == [True, True, True, False, False]
