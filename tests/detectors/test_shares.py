"""What hot names and top talkers have in common."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene


@pytest.mark.parametrize(("queries", "severity"), [(2999, Severity.INFO), (3000, Severity.LOW)])
def test_three_thousand_in_a_minute_are_low_for_names_and_clients_alike(queries: int, severity: Severity) -> None:
    scene = Scene()
    for n in range(queries):
        scene.query(n / 100, "10.0.0.1", "10.0.0.53", "hot.example.org")
    scene.query(61, "10.0.0.2", "10.0.0.53", "other.example.org")
    found = scene.findings("hot-name", "top-talker")
    assert [(f.id, f.severity, f.peak_60s) for f in found] == [
        ("hot-name", severity, queries),
        ("top-talker", severity, queries),
    ]
    assert {f.numbers["share"] for f in found} == {1.0}
