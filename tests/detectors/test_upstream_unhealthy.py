"""CoreDNS' health probes."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

NODE, GATEWAY, POD, LOCAL = "192.168.1.23", "192.168.1.1", "10.233.64.11", "169.254.25.10"


def probes(count: int, gap: float, answered: bool = False, **more: int) -> Scene:
    scene = Scene()
    for n in range(count):
        query = scene.query(n * gap, NODE, GATEWAY, ".", "NS", **more)
        if answered:
            scene.response(n * gap + 0.001, query)
    scene.ask(count * gap + 10, POD, "10.9.9.9", "end.example.org")
    return scene


@pytest.mark.parametrize(
    ("count", "gap", "severity"),
    [
        (3, 1.5, Severity.MEDIUM),
        (2, 1.5, None),
        (3, 0.5, Severity.MEDIUM),
        (3, 1.75, None),
        (7, 1.5, Severity.MEDIUM),  # 9.0 s
        (8, 1.5, Severity.HIGH),  # 10.5 s
    ],
)
def test_three_in_a_row(count: int, gap: float, severity: Severity | None) -> None:
    found = probes(count, gap).findings("upstream-unhealthy")
    assert [f.severity for f in found] == ([severity] if severity is not None else [])


def test_a_monitor_that_gets_its_answers_is_fine() -> None:
    assert probes(20, 1.5, answered=True).findings("upstream-unhealthy") == []


def test_priming_is_not_a_probe() -> None:
    assert probes(20, 1.5, flags=0).findings("upstream-unhealthy") == []
    assert probes(20, 1.5, edns_size=1232, size=28).findings("upstream-unhealthy") == []


def test_one_probe_of_a_known_forwarder_is_worth_a_line() -> None:
    scene = Scene()
    for n in range(12):
        inner = scene.query(n, POD, NODE, f"n{n}.example.org")
        outer = scene.query(n + 0.001, NODE, GATEWAY, f"n{n}.example.org")
        scene.response(n + 0.002, outer)
        scene.response(n + 0.003, inner)
    scene.response(13.001, scene.query(13, NODE, GATEWAY, ".", "NS"))
    (found,) = scene.findings("upstream-unhealthy")
    assert (found.severity, found.kind) == (Severity.INFO, "probe")
