"""ICMP and RST instead of answers."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


@pytest.mark.parametrize(("count", "fires"), [(3, True), (2, False)])
def test_three_errors(count: int, fires: bool) -> None:
    scene = Scene()
    for n in range(count):
        scene.error(n + 0.001, scene.query(n, POD, DNS, "a.example.org"))
    found = scene.findings("port-unreachable")
    assert [(f.severity, f.kind, f.count, f.numbers[f"to {POD}"]) for f in found] == (
        [(Severity.HIGH, "icmp", count, count)] if fires else []
    )


def test_copies_of_one_error_count_once() -> None:
    scene = Scene()
    for n in range(2):
        query = scene.query(n, POD, DNS, "a.example.org")
        for interface in range(3):
            scene.error(n + 0.001 + interface / 10_000, query, interface=interface)
    assert scene.findings("port-unreachable") == []


def test_an_error_that_quotes_a_response_says_nothing_of_the_server() -> None:
    scene = Scene()
    for n in range(5):
        scene.error(n + 0.01, scene.response(n + 0.005, scene.query(n, POD, DNS, "a.example.org")))
    assert scene.findings("port-unreachable") == []


@pytest.mark.parametrize(("more", "code"), [({"icmp_code": 1}, 1), ({"icmp_type": 11}, 3)])
def test_other_icmp_errors_are_not_this(more: dict[str, int], code: int) -> None:
    scene = Scene()
    for n in range(5):
        scene.error(n + 0.01, scene.query(n, POD, DNS, "a.example.org"), **more)
    assert scene.findings("port-unreachable") == []


def test_resets_instead_of_syn_ack() -> None:
    scene = Scene()
    scene.ask(0, POD, DNS, "a.example.org")
    dead = {"synack_ns": 0, "bytes_in": 0, "bytes_out": 0, "messages_in": 0, "messages_out": 0, "rst_by_dst": 1}
    for n in range(3):
        scene.connection(n, POD, DNS, rst_ns=1, **dead)
    (found,) = scene.findings("port-unreachable")
    assert (found.kind, found.count) == ("reset", 3)
