"""Answers after the client has asked again."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


@pytest.mark.parametrize(
    ("late", "total", "delay", "fires"),
    [(10, 1000, 5.1, True), (9, 500, 5.1, False), (10, 1001, 5.1, False), (10, 500, 4.9, False)],
)
def test_both_sides(late: int, total: int, delay: float, fires: bool) -> None:
    scene = Scene()
    for n in range(total):
        query = scene.query(n * 0.1, POD, DNS, f"n{n}.example.org")
        scene.response(n * 0.1 + (delay if n < late else 0.001), query)
    found = scene.findings("late-response")
    assert [(f.severity, f.count) for f in found] == ([(Severity.MEDIUM, late)] if fires else [])
