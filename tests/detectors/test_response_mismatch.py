"""Responses that fit no query."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS, OTHER = "10.233.64.11", "10.233.0.3", "10.233.64.99"


def scene_of(healthy: int = 40) -> Scene:
    scene = Scene()
    for n in range(healthy):
        scene.response(n + 0.001, scene.query(n, POD, DNS, f"n{n}.example.org"))
    return scene


@pytest.mark.parametrize(("at", "fires"), [(20, True), (5, False)])
def test_an_answer_from_elsewhere_is_high(at: float, fires: bool) -> None:
    scene = scene_of()
    query = scene.query(at, POD, DNS, "lost.example.org")
    wrong = scene.response(at + 0.001, query)
    wrong["src_addr"] = scene.addresses.add(OTHER)
    found = scene.findings("response-mismatch")
    assert [(f.severity, f.kind, f.subject.value) for f in found] == (
        [(Severity.HIGH, "wrong-source", f"{POD}>{DNS}")] if fires else []
    )


@pytest.mark.parametrize(
    ("count", "severity"), [(9, None), (10, Severity.LOW), (19, Severity.LOW), (20, Severity.HIGH)]
)
def test_twenty_ids_for_one_name_are_guesses(count: int, severity: Severity | None) -> None:
    scene = scene_of()
    query = scene.query(20, POD, DNS, "bank.example.org")
    for n in range(count):
        scene.response(20.001 + n / 10, query, msg_id=60_000 + n)
    scene.response(22.5, query)
    found = scene.findings("response-mismatch")
    assert [(f.severity, f.kind) for f in found] == ([(severity, "id-mismatch")] if severity is not None else [])


@pytest.mark.parametrize(("count", "after", "fires"), [(10, 1.0, True), (9, 1.0, False), (10, 31.0, False)])
def test_a_second_answer_is_told_from_a_guess(count: int, after: float, fires: bool) -> None:
    """PATHOLOGIES 5.6: `double-answer`; past the 30 s in which a response can belong to a query it is a stray one."""
    scene = scene_of()
    for n in range(count):
        query = scene.query(20 + n, POD, DNS, f"twice{n}.example.org")
        scene.response(20.001 + n, query)
        scene.response(20.001 + n + after, query)
    kinds = [(f.kind, f.severity, f.count) for f in scene.findings("response-mismatch")]
    assert (("double-answer", Severity.LOW, count) in kinds) == fires


def test_responses_alone_are_a_capture_of_one_direction() -> None:
    scene = Scene()
    for n in range(100):
        query = scene.query(n, POD, DNS, f"n{n}.example.org")
        scene.response(n + 0.001, query)
        scene.rows.remove(query)
    assert scene.findings("response-mismatch") == []


def test_healthy_traffic_is_quiet() -> None:
    assert scene_of(100).findings("response-mismatch") == []
