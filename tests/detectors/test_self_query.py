"""Queries from an address to itself: information, unless a forwarder's socket sends them or they are nested."""

from __future__ import annotations

from analyzer.findings import Severity
from tests.scenes import Scene, stack

HERE, POD = "169.254.25.10", "10.233.64.11"


def found(scene: Scene) -> list[tuple[str, Severity, int]]:
    return [(f.kind, f.severity, f.count) for f in scene.findings("self-query")]


def test_below_ten_nothing_is_said() -> None:
    for count, expected in ((9, []), (10, [("local", Severity.INFO, 10)])):
        scene = Scene()
        for n in range(count):
            scene.ask(0.1 * n, HERE, HERE, f"n{n}.example.org")
        assert found(scene) == expected


def test_a_port_with_three_names_is_a_forwarder() -> None:
    for names, kind in ((2, "local"), (3, "forwarder")):
        scene = Scene()
        for n in range(12):
            scene.ask(0.1 * n, HERE, HERE, f"n{n % names}.example.org", src_port=40000)
        assert found(scene) == [(kind, Severity.INFO if kind == "local" else Severity.MEDIUM, 12)]


def test_nested_queries_are_the_server_asking_itself() -> None:
    scene = Scene()
    for n in range(5):
        stack(scene, [(POD, HERE), *[(HERE, HERE)] * 3], float(n), f"n{n}.example.org")
    assert found(scene) == [("nested", Severity.MEDIUM, 15)]
