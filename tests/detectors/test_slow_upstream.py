"""Servers that take long."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, LAN, PUBLIC = "10.233.64.11", "192.168.1.1", "8.8.8.8"


def traffic(slow: int, total: int, delay: float, server: str) -> Scene:
    scene = Scene()
    for n in range(total):
        query = scene.query(n * 0.5, POD, server, f"n{n}.example.org")
        scene.response(n * 0.5 + (delay if n < slow else 0.002), query)
    return scene


@pytest.mark.parametrize(
    ("slow", "total", "delay", "server", "severity"),
    [
        (20, 20, 0.11, LAN, Severity.LOW),
        (20, 20, 0.099, LAN, None),
        (19, 19, 0.11, LAN, None),  # too few
        (20, 20, 0.4, PUBLIC, None),
        (20, 20, 0.6, PUBLIC, Severity.LOW),
        (20, 20, 1.1, LAN, Severity.MEDIUM),
        (2, 20, 0.2, LAN, Severity.LOW),  # one in twenty is slower than the limit
        (1, 20, 0.2, LAN, None),
        (20, 20, 2.1, LAN, Severity.HIGH),
    ],
)
def test_both_sides(slow: int, total: int, delay: float, server: str, severity: Severity | None) -> None:
    found = traffic(slow, total, delay, server).findings("slow-upstream")
    assert [f.severity for f in found] == ([severity] if severity is not None else [])


def test_resends_are_left_out() -> None:
    scene = Scene()
    for n in range(20):
        query = scene.query(n * 10.0, POD, LAN, f"n{n}.example.org")
        again = {"src_port": query["src_port"], "msg_id": query["msg_id"]}
        scene.response(n * 10.0 + 5.001, scene.query(n * 10.0 + 5, POD, LAN, f"n{n}.example.org", **again))
    assert scene.findings("slow-upstream") == []
