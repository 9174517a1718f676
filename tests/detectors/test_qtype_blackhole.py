"""Recipe 8 of the catalogue, the other half: all AAAA lost."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


def traffic(lost: int, pairs: int, a_lost: int = 0) -> Scene:
    scene = Scene()
    for n in range(pairs):
        name = f"n{n}.example.org"
        first = scene.query(n * 6.0, POD, DNS, name)
        second = scene.query(n * 6.0 + 0.0001, POD, DNS, name, "AAAA", src_port=first["src_port"])
        if n >= a_lost:
            scene.response(n * 6.0 + 0.001, first)
        if n >= lost:
            scene.response(n * 6.0 + 0.001, second)
    scene.ask(pairs * 6.0 + 20, POD, "10.9.9.9", "end.example.org")
    return scene


@pytest.mark.parametrize(
    ("lost", "pairs", "a_lost", "fires"),
    [
        (20, 20, 0, True),
        (11, 20, 0, True),
        (10, 20, 0, False),  # half
        (9, 12, 0, False),  # fewer than ten
        (20, 20, 1, True),
        (20, 20, 2, False),  # A is lost too
    ],
)
def test_both_sides(lost: int, pairs: int, a_lost: int, fires: bool) -> None:
    found = traffic(lost, pairs, a_lost).findings("qtype-blackhole")
    assert [(f.severity, f.numbers["aaaa_lost"]) for f in found] == ([(Severity.MEDIUM, lost)] if fires else [])


def test_a_black_hole_is_no_race() -> None:
    assert traffic(20, 20).findings("conntrack-race-5s") == []
