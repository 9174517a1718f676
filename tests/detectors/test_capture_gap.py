"""What the capture lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.detectors import Evidence
from analyzer.detectors.capture_gap import detect
from analyzer.dns.anomalies import Anomaly
from analyzer.findings import Severity
from analyzer.measures import registry
from analyzer.messages import InterfaceInfo, Ledger
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


def told(scene: Scene, ledger: Ledger | None = None, interface: InterfaceInfo | None = None) -> list[str]:
    """Kinds said of a scene with this ledger and interface."""
    results, context = scene.results()
    context.ledger, context.interfaces = ledger or Ledger(), [interface] if interface else []
    gaps = registry()["gaps"](context)
    results["gaps"] = replace(gaps.result(results), messages=results["summary"].messages)
    return [found.kind for found in detect(Evidence(results, context, scene.options.thresholds))]


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


@pytest.mark.parametrize(
    ("unread", "reason", "fires"),
    [(10, "tcp-gap", True), (9, "tcp-gap", False), (10, "encrypted", False), (12, "malformed-ip", True)],
)
def test_frames_that_could_not_be_read(unread: int, reason: str, fires: bool) -> None:
    frames = {"message": 980, "part": 8, f"skipped.{reason}": unread, "other": 5000}
    assert told(busy(0), Ledger(sum(frames.values()), frames)) == (["unread"] if fires else [])


def test_fewer_than_a_hundredth_unread_is_quiet() -> None:
    frames = {"message": 991, "skipped.tcp-gap": 10}
    assert told(busy(0), Ledger(1001, frames)) == []
    frames["message"] = 990
    assert told(busy(0), Ledger(1000, frames)) == ["unread"]


@pytest.mark.parametrize(
    ("server", "linktype", "name", "client", "fires"),
    [
        ("169.254.25.10", 1, "cni0", POD, True),
        ("169.254.25.10", 1, "", POD, True),
        ("fe80::1", 1, "eth0", "fe80::2", True),
        ("169.254.25.10", 1, "lo", POD, False),
        ("169.254.25.10", 276, "", POD, False),  # -i any
        ("169.254.25.10", 1, "", "169.254.25.10", False),  # an unnamed interface that holds the machine's own
        (DNS, 1, "cni0", POD, False),
    ],
)
def test_node_local_dns_without_the_loopback(server: str, linktype: int, name: str, client: str, fires: bool) -> None:
    scene = Scene()
    for n in range(20):
        scene.ask(n, POD, server, f"n{n}.example.org")
    scene.ask(20, client, server, "own.example.org")
    found = told(scene, interface=InterfaceInfo(0, 0, linktype, 65535, name))
    assert found == (["no-loopback"] if fires else [])


def test_healthy_traffic_is_quiet() -> None:
    assert busy(0).findings("capture-gap") == []
