"""One name with a large share."""

from __future__ import annotations

import pytest

from tests.lookups import LOCAL, POD
from tests.scenes import Scene


@pytest.mark.parametrize(
    ("hot", "others", "found"),
    [(60, 240, ["hot.example.com"]), (59, 100, []), (60, 241, []), (80, 100, ["hot.example.com"])],
)
def test_a_fifth_and_one_a_second(hot: int, others: int, found: list[str]) -> None:
    scene = Scene()
    for n in range(hot):
        query = scene.query(n * 0.9, POD, LOCAL, "hot.example.com", src_port=20_000 + n)
        scene.response(n * 0.9 + 0.001, query, ancount=1, answer_matches=1)
    for n in range(others):
        query = scene.query(n * 0.2, POD, LOCAL, f"cold{n}.example.com", src_port=40_000 + n)
        scene.response(n * 0.2 + 0.001, query, ancount=1, answer_matches=1)
    got = scene.findings("hot-name")
    assert [finding.subject.value for finding in got] == found
    assert all(finding.severity.word == "info" for finding in got)


def test_three_thousand_a_minute_are_low() -> None:
    scene = Scene()
    for n in range(3000):
        scene.query(n * 0.019, POD, LOCAL, "hot.example.com", src_port=20_000 + n)
    (found,) = scene.findings("hot-name")
    assert found.severity.word == "low"
