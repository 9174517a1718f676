"""NXDOMAIN for the AAAA of a name that exists."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.lookups import LOCAL, POD
from tests.scenes import Scene


def asked(times: int, rcode: str = "NXDOMAIN", apart: float = 0.0) -> Scene:
    scene = Scene()
    for n in range(times):
        query = scene.query(n * 1.0, POD, LOCAL, "www.example.com", src_port=20_000 + n)
        scene.response(n + 0.001, query, ancount=1, answer_matches=1)
    for n in range(times):
        query = scene.query(n + 0.00002 + apart, POD, LOCAL, "www.example.com", "AAAA", src_port=20_000 + n)
        scene.response(n + 0.001 + apart, query, rcode)
    return scene


@pytest.mark.parametrize(("times", "fires"), [(9, False), (10, True)])
def test_ten_are_needed(times: int, fires: bool) -> None:
    found = asked(times).findings("aaaa-nxdomain-a-ok")
    assert [finding.severity for finding in found] == ([Severity.MEDIUM] if fires else [])


def test_nodata_is_right() -> None:
    assert asked(40, "NOERROR").findings("aaaa-nxdomain-a-ok") == []


@pytest.mark.parametrize(("apart", "fires"), [(68.0, True), (71.0, False)])
def test_the_two_answers_lie_within_a_minute(apart: float, fires: bool) -> None:
    assert bool(asked(11, apart=apart).findings("aaaa-nxdomain-a-ok")) == fires
