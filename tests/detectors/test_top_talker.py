"""One client with a large share."""

from __future__ import annotations

import pytest

from tests.lookups import LOCAL
from tests.scenes import Scene


def talk(queries: list[int], over: float = 50.0) -> list[tuple[str, str]]:
    scene = Scene()
    for client, count in enumerate(queries):
        for n in range(count):
            name = f"n{n % 50}.example.com"
            query = scene.query(n * over / count, f"10.0.0.{client + 1}", LOCAL, name, src_port=20_000 + n)
            scene.response(n * over / count + 0.001, query, ancount=1, answer_matches=1)
    return [(finding.subject.value, finding.kind) for finding in scene.findings("top-talker")]


@pytest.mark.parametrize(
    ("queries", "found"),
    [
        ([300, 350, 350], [("10.0.0.2", "share"), ("10.0.0.3", "share"), ("10.0.0.1", "share")]),
        ([299, 200, 200], []),
        ([300, 699], [("10.0.0.2", "share"), ("10.0.0.1", "share")]),
        ([300, 701], [("10.0.0.2", "share")]),
        ([100, 10, 10, 10, 10], [("10.0.0.1", "median")]),
        ([99, 10, 10, 10, 10], []),
        ([100, 10, 10, 10], []),
    ],
)
def test_a_third_or_ten_times_the_median(queries: list[int], found: list[tuple[str, str]]) -> None:
    assert talk(queries) == found


def test_one_client_alone_is_no_news() -> None:
    assert talk([900]) == []
