"""All caps follow from one ceiling."""

from __future__ import annotations

from analyzer.live.settings import MB, Settings
from analyzer.options import AnalyzeOptions, Limits


def test_more_memory_means_larger_caps_and_less_never_none() -> None:
    small, usual, large = (Settings(memory=m * MB) for m in (1, 256, 4096))
    assert 1024 <= small.rows < usual.rows < large.rows
    names = [s.decode(AnalyzeOptions()).max_names for s in (small, usual, large)]
    assert names == sorted(set(names))


def test_the_run_waits_as_analyze_does_and_the_window_does_not() -> None:
    run, window, usual = Settings().run(Limits()), Settings().window(Limits()), Limits()
    waits = ("order_ns", "match_ns", "question_ns", "lookup_ns", "late_ns", "retry_ns", "step_timeout_ns")
    assert [getattr(run, name) for name in waits] == [getattr(usual, name) for name in waits]
    assert window.match_ns + window.question_ns + window.order_ns < 5_000_000_000
