"""Truncation and TCP: recipe 14 of the catalogue."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from analyzer.messages import Transport
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


def traffic(truncated: int, total: int, *, wait: float = 0.002, connect: bool = True) -> Scene:
    """`truncated` of `total` answers have TC; each is asked again by TCP after `wait`."""
    scene = Scene()
    for n in range(total):
        query = scene.query(n * 0.2, POD, DNS, f"n{n}.example.org")
        scene.response(n * 0.2 + 0.001, query, flags=0x8380 if n < truncated else 0x8180)
        if n < truncated and connect:
            at = n * 0.2 + 0.001 + wait
            scene.connection(at, POD, DNS)
            again = scene.query(at, POD, DNS, f"n{n}.example.org", transport=int(Transport.TCP))
            scene.response(at + 0.001, again, ancount=40)
    return scene


@pytest.mark.parametrize(
    ("truncated", "total", "wait", "fires"),
    [(10, 200, 0.002, True), (9, 100, 0.002, False), (10, 201, 0.002, False), (10, 200, 1.1, False)],
)
def test_both_sides(truncated: int, total: int, wait: float, fires: bool) -> None:
    found = traffic(truncated, total, wait=wait).findings("tc-fallback")
    assert [(f.severity, f.count) for f in found] == ([(Severity.LOW, truncated)] if fires else [])


def test_clients_that_come_back_are_no_tc_no_fallback() -> None:
    assert traffic(20, 200).findings("tc-no-fallback") == []
