"""Raised, updated, cleared, raised again."""

from __future__ import annotations

from dataclasses import replace

from analyzer.findings import Confidence, Finding, Severity, Subject
from analyzer.live.findings_log import FindingsLog

FOUND = Finding("x", "y", Severity.HIGH, Confidence.HIGH, "t", Subject("name", "a"), 0, 0, None, None, 10)


def kinds(log: FindingsLog, now: int, *findings: Finding, counts: bool = True) -> list[str]:
    return [event.kind for event in log.take(findings, now, counts)]


def test_a_finding_clears_after_so_many_quiet_windows_and_may_come_back() -> None:
    log = FindingsLog(quiet=2)
    assert kinds(log, 1, FOUND) == ["raised"]
    assert kinds(log, 2) == []
    assert kinds(log, 3, FOUND) == []  # the quiet windows must follow one another
    assert kinds(log, 4) == []
    assert kinds(log, 5) == ["cleared"]
    assert kinds(log, 6) == []
    assert kinds(log, 7, FOUND) == ["raised"]
    assert (log.entries[0].times, log.entries[0].since_ns) == (2, 7)


def test_looks_in_the_middle_of_a_pane_are_no_quiet_windows() -> None:
    log = FindingsLog(quiet=1)
    kinds(log, 1, FOUND)
    assert kinds(log, 2, counts=False) == []
    assert kinds(log, 3) == ["cleared"]


def test_told_again_when_it_doubles_or_changes_its_severity() -> None:
    log = FindingsLog(quiet=2)
    kinds(log, 1, FOUND)
    assert kinds(log, 2, replace(FOUND, count=19)) == []
    assert kinds(log, 3, replace(FOUND, count=20)) == ["updated"]
    assert kinds(log, 4, replace(FOUND, count=20, severity=Severity.LOW)) == ["updated"]


def test_entries_are_bounded_and_the_rest_is_counted() -> None:
    log = FindingsLog(quiet=1)
    many = [replace(FOUND, subject=Subject("name", str(number))) for number in range(501)]
    log.take(many, 1)
    assert (len(log.entries), log.left_out) == (500, 1)
    log.take(many[:1], 2)  # all others clear, and make room
    assert kinds(log, 3, many[0], many[500]) == ["raised"]
    assert len(log.entries) == 500


def test_the_worst_active_one_comes_first_then_what_cleared() -> None:
    log = FindingsLog(quiet=1)
    low = replace(FOUND, severity=Severity.LOW, subject=Subject("name", "b"))
    gone = replace(FOUND, severity=Severity.CRITICAL, subject=Subject("name", "c"))
    log.take([low, gone], 1)
    log.take([low, FOUND], 2)
    assert [entry.finding.subject.value for entry in log.entries] == ["a", "b", "c"]
