from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import MessageBatch
from analyzer.options import NS
from analyzer.transactions.order import Order


def rows(times: Sequence[float], first: int = 1, file: int = 0) -> MessageBatch:
    time = np.array([round(t * NS) for t in times], np.int64)
    frame = np.arange(first, first + len(times), dtype=np.uint64)
    return MessageBatch({"time_ns": time, "frame": frame, "file": np.full(len(times), file)})


def frames(parts: Sequence[MessageBatch]) -> list[int]:
    return [int(frame) for part in parts for frame in part.frame]


def times(parts: Sequence[MessageBatch]) -> list[float]:
    return [int(time) / NS for part in parts for time in part.time_ns]


def test_rows_within_a_second_are_put_in_order() -> None:
    order = Order(NS)
    out = order.feed(rows([10, 10.5, 9.6, 10.2, 12])) + order.finish()
    assert frames(out) == [3, 1, 4, 2, 5]
    assert (order.out_of_order, order.clock_steps) == (0, 0)


def test_equal_times_go_by_frame() -> None:
    order = Order(NS)
    out = order.feed(rows([5, 5], first=7)) + order.feed(rows([5], first=3)) + order.finish()
    assert frames(out) == [3, 7, 8]


def test_nothing_is_let_go_that_a_later_row_could_precede() -> None:
    order = Order(NS)
    assert frames(order.feed(rows([10, 10.9]))) == []
    assert frames(order.feed(rows([11.5], first=3))) == [1]
    assert frames(order.feed(rows([10.6], first=4))) == []
    assert frames(order.finish()) == [4, 2, 3]


def test_a_late_row_keeps_its_place_and_is_flagged() -> None:
    order = Order(NS)
    out = order.feed(rows([10, 20, 12, 21])) + order.finish()
    assert frames(out) == [1, 2, 3, 4]
    assert times(out) == [10, 20, 20, 21]
    flagged = [bool(int(a) & Anomaly.OUT_OF_ORDER) for part in out for a in part.anomalies]
    assert flagged == [False, False, True, False]
    assert order.out_of_order == 1


def test_a_clock_set_back_continues_with_true_distances() -> None:
    order = Order(NS)
    out = order.feed(rows([100, 40, 40.25, 41])) + order.feed(rows([42.5], first=5)) + order.finish()
    assert times(out) == [100, 100, 100.25, 101, 102.5]
    assert (order.out_of_order, order.clock_steps) == (4, 1)


@pytest.mark.parametrize(("late", "flagged"), [(1.0, 0), (1.000000001, 1)])
def test_a_second_is_the_limit(late: float, flagged: int) -> None:
    order = Order(NS)
    order.feed(rows([10, 10 - late]))
    assert order.out_of_order == flagged


def test_sources_are_merged_by_the_slowest() -> None:
    order = Order(NS, sources=2)
    assert order.behind == 0
    assert frames(order.feed(rows([1, 2, 9]), 0)) == []
    assert order.behind == 1
    out = order.feed(rows([1.5, 4], first=11, file=1), 1)
    assert frames(out) == [1, 11, 2]
    assert order.behind == 1
    out = order.close(1)
    assert frames(out) == [12]
    assert frames(order.finish()) == [3]


def test_a_batch_in_order_is_handed_on_without_a_copy() -> None:
    order = Order(NS)
    batch = rows(np.arange(40_000) / 1000)
    (part,) = order.feed(batch)
    assert np.shares_memory(part.time_ns, batch.time_ns)


def test_a_second_of_backward_steps_in_every_row_stays_linear() -> None:
    order = Order(NS)
    swing = np.tile([0.0, 1000.0], 50_000)
    out = order.feed(rows(swing)) + order.finish()
    assert sum(map(len, out)) == 100_000
    assert order.out_of_order == 49_999
