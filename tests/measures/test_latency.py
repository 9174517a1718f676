"""Round-trip times: each counted once, on its side, to within one per cent."""

from __future__ import annotations

import numpy as np

from analyzer.measures.rows import Side
from tests.measures.traffic import batches, results
from tests.scenes import Scene


def test_durations_by_side_and_server() -> None:
    made = Scene()
    for n, milliseconds in enumerate((2, 4, 4, 80)):
        query = made.query(n, "10.0.0.1", f"10.0.0.{53 + (n == 3)}", f"n{n}.example.org")
        made.response(n + milliseconds / 1000, query)
    made.query(9, "10.0.0.1", "10.0.0.53", "lost.example.org")
    latency = results(*batches(made))["latency"]
    upper, counts = latency.rtt.histogram(Side.CLIENT)
    assert counts.tolist() == [1, 2, 1]
    assert np.all((upper >= [2e6, 4e6, 80e6]) & (upper <= [2.02e6, 4.04e6, 80.8e6]))
    assert latency.rtt.histogram(Side.UPSTREAM)[1].tolist() == []
    both = latency.rtt.quantiles(np.unique(latency.rtt.place))
    assert sorted((q.count, round(q.max_ns / 1e6)) for q in both.values()) == [(1, 80), (3, 4)]
