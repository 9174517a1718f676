"""SERVFAIL, REFUSED and FORMERR storms: one meaning, three ids."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"
STORMS = [("servfail-storm", "SERVFAIL"), ("refused-storm", "REFUSED"), ("formerr-storm", "FORMERR")]


def traffic(errors: int, total: int, rcode: str, *, spread: float = 0.1, delay: float = 0.001) -> Scene:
    scene = Scene()
    for n in range(total):
        query = scene.query(n * spread, POD, DNS, f"n{n}.example.org")
        bad = n % (total // max(errors, 1)) == 0 and n // (total // max(errors, 1)) < errors
        scene.response(n * spread + (delay if bad else 0.001), query, rcode if bad else "NOERROR")
    scene.ask(total * spread + 20, POD, "10.9.9.9", "end.example.org")
    return scene


@pytest.mark.parametrize(("ident", "rcode"), STORMS)
@pytest.mark.parametrize(
    ("errors", "total", "severity"),
    [
        (30, 600, Severity.MEDIUM),  # 5 % and 30 in the minute
        (29, 580, None),  # 29 in the minute
        (30, 601, None),  # below 5 %
        (50, 250, Severity.HIGH),  # 20 %
    ],
)
def test_both_sides(ident: str, rcode: str, errors: int, total: int, severity: Severity | None) -> None:
    found = traffic(errors, total, rcode, spread=0.09).findings(ident)
    assert [f.severity for f in found] == ([severity] if severity is not None else [])


def test_each_speaks_of_its_own_code_only() -> None:
    scene = traffic(100, 200, "REFUSED")
    assert [bool(scene.findings(ident)) for ident, _ in STORMS] == [False, True, False]


def test_six_seconds_are_the_sign_of_a_forwarder_that_gave_up() -> None:
    (found,) = traffic(40, 400, "SERVFAIL", delay=6.0).findings("servfail-storm")
    assert (found.kind, found.numbers["gave_up_upstream"]) == ("gave-up", 40)
    (found,) = traffic(40, 400, "SERVFAIL", delay=5.5).findings("servfail-storm")
    assert found.kind == "server"
