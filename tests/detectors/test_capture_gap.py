"""What the capture lacks."""

from __future__ import annotations

import pytest

from analyzer.dns.anomalies import Anomaly
from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


def busy(hole: float, per_s: int = 10) -> Scene:
    """Twelve seconds of traffic, a hole, twelve seconds of traffic; `per_s` messages a second."""
    scene = Scene()
    for n in range(24 * per_s // 2):
        at = n * 2 / per_s
        at += hole if at >= 12 else 0
        scene.response(at + 0.001, scene.query(at, POD, DNS, f"n{n}.example.org"))
    return scene


@pytest.mark.parametrize(("hole", "per_s", "fires"), [(2.5, 10, True), (1.7, 10, False), (5.0, 8, False)])
def test_silence_amid_busy_traffic(hole: float, per_s: int, fires: bool) -> None:
    found = [f for f in busy(hole, per_s).findings("capture-gap") if f.kind == "gap"]
    assert [f.severity for f in found] == ([Severity.INFO] if fires else [])


@pytest.mark.parametrize(
    ("flag", "count", "kinds"),
    [(Anomaly.CUT, 10, ["cut"]), (Anomaly.CUT, 9, []), (Anomaly.FIRST_FRAGMENT, 1, ["fragments"])],
)
def test_messages_cut_short(flag: Anomaly, count: int, kinds: list[str]) -> None:
    scene = Scene()
    for n in range(20):
        query = scene.query(n, POD, DNS, f"n{n}.example.org")
        scene.response(n + 0.001, query, anomalies=int(flag) if n < count else 0)
    assert [f.kind for f in scene.findings("capture-gap")] == kinds


def test_a_server_that_never_answers_is_named() -> None:
    scene = busy(0)
    for n in range(10):
        scene.query(n, POD, "10.9.9.9", f"n{n}.example.org")
    (found,) = scene.findings("capture-gap")
    assert (found.kind, found.severity) == ("one-way", Severity.INFO)
    assert "10.9.9.9" in found.title


def test_healthy_traffic_is_quiet() -> None:
    assert busy(0).findings("capture-gap") == []
