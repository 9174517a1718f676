"""Files: whole captures each, rotated; the ring; a disk that is full."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.findings import Severity, Subject
from analyzer.live.evidence import Evidence, Rules
from analyzer.live.findings_log import Event
from tests.live.streams import HEAD, stream
from tests.live.test_findings_log import FOUND

ONE = stream([(0.0, "www.example.org", 0)])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def evidence(folder: Path, rules: Rules, clock: Clock | None = None) -> Evidence:
    def opened(number: int) -> int:
        return os.open(folder / str(number), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    return Evidence(opened, rules, clock or Clock())


def event(severity: Severity, kind: str = "raised", key: str = "a") -> Event:
    return Event(kind, 0, 0, replace(FOUND, severity=severity, subject=Subject("name", key)))


def test_a_long_chunk_is_cut_between_records(tmp_path: Path) -> None:
    kept = evidence(tmp_path, Rules(rotate_size=len(HEAD) + 2 * len(ONE)))
    kept.take(HEAD + 5 * ONE)
    kept.close()
    files = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    assert files == [HEAD + 2 * ONE, HEAD + 2 * ONE, HEAD + ONE]


def test_each_file_of_a_rotation_is_a_capture(tmp_path: Path) -> None:
    kept = evidence(tmp_path, Rules(rotate_size=len(HEAD) + 2 * len(ONE)))
    kept.take(HEAD)
    for _ in range(5):
        kept.take(ONE)
    kept.close()
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [HEAD + 2 * ONE, HEAD + 2 * ONE, HEAD + ONE]


def test_a_file_ends_after_its_time(tmp_path: Path) -> None:
    clock = Clock()
    kept = evidence(tmp_path, Rules(rotate_s=10), clock)
    kept.take(HEAD + ONE)
    clock.now = 9.9
    kept.take(ONE)
    clock.now = 10.0
    kept.take(ONE)
    kept.close()
    assert (tmp_path / "1").read_bytes() == HEAD + 2 * ONE
    assert (tmp_path / "2").read_bytes() == HEAD + ONE


def test_the_ring_holds_its_time_and_is_written_for_what_is_grave(tmp_path: Path) -> None:
    clock = Clock()
    kept = evidence(tmp_path, Rules(ring_s=60, severity=Severity.HIGH), clock)
    kept.take(HEAD + ONE)
    clock.now = 30
    kept.take(ONE)
    clock.now = 61
    kept.take(ONE)
    assert not kept.found(event(Severity.MEDIUM))
    assert list(tmp_path.iterdir()) == []
    assert kept.found(event(Severity.HIGH, "updated"))  # it became grave after it had been raised
    assert (tmp_path / "1").read_bytes() == HEAD + 2 * ONE
    assert not kept.found(event(Severity.CRITICAL, key="b"))  # those packets are written already
    clock.now = 122
    assert not kept.found(event(Severity.HIGH, "updated"))  # it goes on, as it did
    assert kept.found(event(Severity.CRITICAL, key="c"))
    clock.now = 183
    assert not kept.found(event(Severity.HIGH, "cleared"))
    assert kept.found(event(Severity.HIGH))  # it is back


def test_the_ring_is_bounded_in_octets_and_says_so(tmp_path: Path) -> None:
    kept = evidence(tmp_path, Rules(ring_s=60, ring_octets=2 * len(ONE)))
    kept.take(HEAD)
    for _ in range(3):
        kept.take(ONE)
    assert kept.left_out == len(ONE)
    assert kept.found(event(Severity.HIGH))
    assert (tmp_path / "1").read_bytes() == HEAD + 2 * ONE


def test_a_full_disk_ends_the_writing_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = evidence(tmp_path, Rules())
    kept.take(HEAD + ONE)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("analyzer.live.evidence.os.write", full)
    kept.take(ONE)
    kept.take(ONE)
    assert kept.failed.startswith("no space left on device after")
    kept.close()
