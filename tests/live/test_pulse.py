"""Counts by second, the last sixty of them."""

from __future__ import annotations

import numpy as np

from analyzer.live.pulse import Pulse
from analyzer.messages import UniqueTable

NS = 1_000_000_000


def rows(*messages: tuple[float, int]) -> UniqueTable:
    """(seconds, flags)."""
    times, flags = zip(*messages, strict=True)
    return UniqueTable({"time_ns": np.array([int(t * NS) for t in times]), "flags": np.array(flags)})


def test_queries_and_codes_of_the_last_minute() -> None:
    pulse = Pulse()
    pulse.add(rows((100, 0x0100), (100.5, 0x8183), (101, 0x0100), (101, 0x8180)))
    assert pulse.last_minute == {"queries": 2, "NOERROR": 1, "NXDOMAIN": 1}
    pulse.advance(160 * NS)
    assert pulse.last_minute == {"queries": 1, "NOERROR": 1}
    pulse.advance(10_000 * NS)
    assert pulse.last_minute == {"queries": 0}


def test_now_is_the_mean_of_complete_seconds() -> None:
    pulse = Pulse()
    pulse.add(rows(*[(second + part / 10, 0x0100) for second in range(10, 20) for part in range(6)]))
    assert pulse.now == {"queries": 6.0}
    assert pulse.series[-3:] == [6, 6, 6]


def test_rows_older_than_what_is_kept_are_passed_over() -> None:
    pulse = Pulse(seconds=10)
    pulse.add(rows((100, 0x0100)))
    pulse.add(rows((89, 0x0100), (91, 0x0100)))
    assert pulse.last_minute == {"queries": 2}
