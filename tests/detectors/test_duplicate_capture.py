"""Copies in the capture."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


@pytest.mark.parametrize(("copied", "fires"), [(5, True), (4, False), (0, False)])
def test_more_than_a_fifth_is_worth_a_line(copied: int, fires: bool) -> None:
    scene = Scene()
    for n in range(10):
        query = scene.query(n, POD, DNS, f"n{n}.example.org")
        if n < copied:
            scene._add({**query, "interface": 1, "time_ns": query["time_ns"] + 1000})
        scene.response(n + 0.001, query)
    found = scene.findings("duplicate-capture")
    assert [f.severity for f in found] == ([Severity.INFO] if fires else [])
