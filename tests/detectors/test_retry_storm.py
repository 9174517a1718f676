"""Resends, and what looks like them."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS, OTHER = "10.233.64.11", "10.233.0.3", "10.233.0.4"


def traffic(
    resent: int,
    total: int,
    *,
    gap: float = 5.0,
    first: str = "",
    to: str = DNS,
    answered: bool = True,
    step: float = 0.1,
) -> Scene:
    """`resent` of `total` questions are asked twice; `first` is the RCODE that the first send got."""
    scene = Scene()
    for n in range(total):
        at, name = n * step, f"n{n}.example.org"
        query = scene.query(at, POD, DNS, name)
        if n >= resent:
            scene.response(at + 0.001, query)
            continue
        if first:
            scene.response(at + 0.001, query, first)
        again = scene.query(at + gap, POD, to, name, src_port=query["src_port"], msg_id=query["msg_id"])
        if answered:
            scene.response(at + gap + 0.001, again)
    scene.ask(total * step + 40, POD, "10.9.9.9", "end.example.org")
    return scene


@pytest.mark.parametrize(
    ("resent", "total", "fires"), [(40, 200, True), (39, 200, False), (30, 150, True), (29, 100, False)]
)
def test_both_sides(resent: int, total: int, fires: bool) -> None:
    found = traffic(resent, total).findings("retry-storm")
    assert [(f.severity, f.count) for f in found] == ([(Severity.MEDIUM, resent)] if fires else [])
    if found:
        assert found[0].numbers["wait of 5.0 s"] == resent


def test_answers_that_fall_make_it_high() -> None:
    (found,) = traffic(100, 110, answered=False).findings("retry-storm")
    assert found.severity == Severity.HIGH


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
def test_failover_after_an_error_is_counted_apart(rcode: str) -> None:
    assert traffic(100, 200, gap=0.002, first=rcode).findings("retry-storm") == []
    assert traffic(100, 200, gap=2.5, first=rcode).findings("retry-storm") == []


def test_all_servers_at_once_is_musl() -> None:
    scene = Scene()
    for n in range(200):
        query = scene.query(n * 0.1, POD, DNS, f"n{n}.example.org")
        twin = {"src_port": query["src_port"], "msg_id": query["msg_id"]}
        scene.response(n * 0.1 + 0.003, scene.query(n * 0.1 + 0.0001, POD, OTHER, f"n{n}.example.org", **twin))
    scene.ask(60, POD, "10.9.9.9", "end.example.org")
    assert scene.findings("retry-storm") == []


def test_a_second_send_within_5_ms_is_no_retry() -> None:
    assert traffic(100, 200, gap=0.004).findings("retry-storm") == []
