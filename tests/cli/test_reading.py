"""Progress, and what `--strict` does not let pass."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from analyzer import decode
from analyzer.cli import reading
from analyzer.messages import InterfaceInfo, Ledger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_no_terminal_no_progress(capture: Path) -> None:
    with reading.progress_bar((str(capture),), quiet=False) as progress:
        assert progress is None


def test_the_bar_shows_share_rate_and_time_left_and_is_gone_at_the_end(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, now = Terminal(), [100.0]
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    half = capture.stat().st_size // 2
    with reading.progress_bar((str(capture),), quiet=False) as progress:
        assert progress is not None
        progress(0)
        assert screen.getvalue() == ""  # quick work shows nothing
        now[0] += 2
        progress(half)
        assert " 50%" in screen.getvalue()
        assert "2 s left" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_strict_names_each_reason_and_losses() -> None:
    ledger = Ledger(total=5, frames={"message": 2, "skipped.tcp-gap": 3})
    lost = [InterfaceInfo(0, 0, 1, 0, drops={"ifdrop": 4})]
    assert reading.shortfall(ledger, lost) == [
        "strict: 3 frames TCP after a gap",
        "strict: 4 packets lost while capturing",
    ]
    assert reading.shortfall(Ledger(total=2, frames={"message": 2}), []) == []


def test_the_slow_decoder_is_named_once_and_only_where_it_was_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 0.01)
    for kind, error in (("auto", None), ("reference", "not built"), ("auto", "not built")):
        monkeypatch.setattr(decode, "native_error", lambda error=error: error)
        with reading.patience(kind):
            time.sleep(0.1)
    assert capsys.readouterr().err.count("Python decoder") == 1
