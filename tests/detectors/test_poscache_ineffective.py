"""Caches that forget answers early, and answers that live too short."""

from __future__ import annotations

import pytest

from tests.lookups import GATEWAY, LOCAL, NODE, POD
from tests.scenes import Scene


def forwarder(gap: float, times: int, ttl: int) -> Scene:
    scene = Scene()
    for n in range(times):
        at = n * gap
        more = {"ancount": 1, "answer_matches": 1, "answer_ttl": ttl}
        inner = scene.query(at, POD, LOCAL, "www.example.org", src_port=20_000 + n)
        outer = scene.query(at + 0.001, NODE, GATEWAY, "www.example.org", src_port=33_000)
        scene.response(at + 0.002, outer, **more)
        scene.response(at + 0.003, inner, **more)
    return scene


@pytest.mark.parametrize(("times", "kinds"), [(11, ["not-cached"]), (10, [])])
def test_ten_re_asks_are_needed(times: int, kinds: list[str]) -> None:
    assert [f.kind for f in forwarder(2.0, times, 300).findings("poscache-ineffective")] == kinds


def test_asking_after_the_ttl_is_right() -> None:
    assert forwarder(31.0, 20, 30).findings("poscache-ineffective") == []


def test_prefetching_in_the_last_tenth_is_right() -> None:
    assert forwarder(55.0, 20, 60).findings("poscache-ineffective") == []


def test_answers_that_live_five_seconds_are_told() -> None:
    (found,) = forwarder(4.2, 12, 5).findings("poscache-ineffective")
    assert (found.kind, found.severity.word) == ("ttl-short", "info")
