"""Denials, and what is left of them when the known reasons are taken away."""

from __future__ import annotations

import pytest

from analyzer.findings import Finding, Severity
from tests.lookups import LOCAL, POD, lookup
from tests.scenes import Scene


def storm(denied: int, fine: int) -> list[Finding]:
    scene = Scene()
    for n in range(denied):
        scene.ask(n * 0.15, POD, LOCAL, f"gone{n}.example.net", src_port=20_000 + n)
    for n in range(fine):
        query = scene.query(n * 0.1, POD, LOCAL, "www.example.com", src_port=40_000 + n)
        scene.response(n * 0.1 + 0.001, query, ancount=1, answer_matches=1)
    return scene.findings("nxdomain-storm")


@pytest.mark.parametrize(("denied", "fine", "fires"), [(300, 450, True), (299, 0, False), (300, 451, False)])
def test_two_fifths_and_five_a_second(denied: int, fine: int, fires: bool) -> None:
    found = storm(denied, fine)
    assert [(f.kind, f.severity) for f in found] == ([("share", Severity.MEDIUM)] if fires else [])


def test_a_minute_of_three_times_the_median_is_told() -> None:
    scene = Scene()
    for minute in range(7):
        for n in range(90 if minute == 4 else 20):
            scene.ask(60 * minute + n * 0.5, POD, LOCAL, f"gone{minute}-{n}.example.net", src_port=20_000 + n)
        for n in range(300):
            query = scene.query(60 * minute + n * 0.19, POD, LOCAL, "www.example.com", src_port=40_000 + n)
            scene.response(60 * minute + n * 0.19 + 0.001, query, ancount=1, answer_matches=1)
    (found,) = scene.findings("nxdomain-storm")
    assert found.kind == "rise"


def test_what_search_lists_explain_is_info() -> None:
    scene = Scene()
    for n in range(60):
        base = f"www{n % 6}.example.com"
        lookup(scene, n * 0.5, base, answers={base: "DATA"})
    (found,) = scene.findings("nxdomain-storm")
    assert (found.kind, found.severity, found.numbers["by rest"]) == ("explained", Severity.INFO, 0)
    assert found.numbers["by search"] == 60 * 8
