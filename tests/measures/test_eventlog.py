"""Times are exact up to the cap, then in steps that depend on the events alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.measures.eventlog import EventLog
from analyzer.options import NS

EVENTS = st.lists(st.tuples(st.integers(0, 200 * NS), st.integers(0, 3)), max_size=60)


def log_of(events: list[tuple[int, int]], cap: int) -> EventLog:
    log = EventLog(cap)
    log.add(np.array([t for t, _ in events], np.int64), np.array([n for _, n in events], np.int64))
    return log


def test_events_come_back_in_order_of_time() -> None:
    found = log_of([(5, 1), (3, 0), (5, 2)], 10).events()
    assert found.time_ns.tolist() == [3, 5, 5]
    assert found.number.tolist() == [0, 1, 2]
    assert found.weight.tolist() == [1, 1, 1]


def test_past_the_cap_times_are_counted_in_seconds() -> None:
    log = log_of([(NS + 7, 0), (NS + 9, 0), (NS + 9, 1), (3 * NS, 0)], 3)
    assert log.step_ns == NS
    found = log.events()
    assert found.time_ns.tolist() == [NS, NS, 3 * NS]
    assert found.weight.tolist() == [2, 1, 1]


@given(st.lists(EVENTS, max_size=4), EVENTS, st.integers(4, 30))
def test_the_step_depends_on_the_events_alone(
    parts: list[list[tuple[int, int]]], other: list[tuple[int, int]], cap: int
) -> None:
    whole = log_of([e for part in [*parts, other] for e in part], cap)
    pieces = EventLog(cap)
    for part in parts:
        pieces.add(np.array([t for t, _ in part], np.int64), np.array([n for _, n in part], np.int64))
    pieces.merge(log_of(other, cap), np.arange(4))
    assert pieces.step_ns == whole.step_ns
    assert pieces.events().weight.sum() == whole.events().weight.sum()
    assert sorted(zip(*(c.tolist() for c in pieces.events()), strict=True)) == sorted(
        zip(*(c.tolist() for c in whole.events()), strict=True)
    )
    assert len(whole.events().time_ns) <= cap


def test_more_numbers_than_room_is_no_endless_loop() -> None:
    log = log_of([(i, i) for i in range(9)], 4)
    assert log.events().weight.sum() == 9


def test_a_merge_leaves_out_what_has_no_number_and_keeps_the_weight_of_the_rest() -> None:
    log, other = log_of([], 3), log_of([(NS + 7, 0), (NS + 9, 0), (NS + 9, 1), (3 * NS, 2)], 3)
    log.merge(other, np.array([5, -1, 4]))
    found = log.events()
    assert found.time_ns.tolist() == [NS, 3 * NS]
    assert found.number.tolist() == [5, 4]
    assert found.weight.tolist() == [2, 1]
