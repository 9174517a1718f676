"""Names made up under one zone."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

DNS = "10.233.0.3"


def attack(names: int, *, good: int = 0, clients: int = 3, repeat: int = 1, spread: float = 0.1) -> Scene:
    scene = Scene()
    for n in range(names):
        for again in range(repeat):
            at = n * spread + again / 100
            query = scene.query(at, f"10.233.64.{11 + n % clients}", DNS, f"x{n * 7919:x}q.victim.example.com")
            scene.response(at + 0.001, query, "NOERROR" if n < good else "NXDOMAIN", ancount=1, answer_matches=1)
    return scene


@pytest.mark.parametrize(
    ("names", "good", "clients", "repeat", "severity"),
    [
        (200, 0, 3, 1, Severity.HIGH),
        (199, 0, 3, 1, None),
        (200, 0, 1, 1, Severity.MEDIUM),
        (200, 40, 3, 1, Severity.HIGH),
        (200, 41, 3, 1, None),  # more than a fifth exists
        (200, 0, 3, 2, None),  # each asked twice
    ],
)
def test_both_sides(names: int, good: int, clients: int, repeat: int, severity: Severity | None) -> None:
    found = attack(names, good=good, clients=clients, repeat=repeat).findings("random-subdomain")
    assert [f.severity for f in found] == ([severity] if severity is not None else [])


def test_two_hundred_in_an_hour_are_quiet() -> None:
    assert attack(200, spread=1.0).findings("random-subdomain") == []
