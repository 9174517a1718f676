"""Times and amounts in words."""

from __future__ import annotations

import pytest

from analyzer.report import times


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1_795_367_858_607_028_001, "2026-11-22T17:17:38.607028001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (2**63 - 1, "2262-04-11T23:47:16.854775807Z"),
        (-(2**63), "1677-09-21T00:12:43.145224192Z"),
    ],
)
def test_rfc3339_keeps_every_nanosecond(ns: int, text: str) -> None:
    assert times.rfc3339(ns) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.0005, "500 µs"),
        (0.85, "850 ms"),
        (76.4, "76.4 s"),
        (750, "12 min 30 s"),
        (11100, "3 h 5 min"),
        (180000, "2 d 2 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert times.duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(None, "-"), (0, "0"), (12345, "12,345"), (99.94, "99.9"), (906.5, "906"), (9.44, "9.4")]
)
def test_amounts(number: float | None, text: str) -> None:
    assert times.amount(number) == text


@pytest.mark.parametrize(
    ("share", "text"), [(None, "-"), (0, "0 %"), (0.001, "<1 %"), (0.5, "50 %"), (0.9999, "99 %"), (1, "100 %")]
)
def test_a_share_is_never_rounded_to_nothing_or_all(share: float | None, text: str) -> None:
    assert times.percent(share) == text


def test_sparks_join_bins_to_the_width_and_show_small_counts() -> None:
    assert times.spark([0, 1, 100], 8) == " ▂█"
    assert times.spark([1, 1, 2, 2], 2) == "▅█"
    assert times.spark([0, 0], 8) == ""
    assert times.spark([], 8) == ""
    assert times.spark([1, 5, 9], 8, ascii_only=True).isascii()
