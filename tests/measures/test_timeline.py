"""Bins lie on the epoch, hold every message once, and name what is in them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.measures.traffic import batches, results, scene
from tests.scenes import START, Scene


@pytest.fixture(scope="module")
def one() -> dict[str, Any]:
    return results(*batches(scene(11, lookups=40)))


def test_bins_have_no_gaps_and_name_the_busiest_suffixes(one: dict[str, Any]) -> None:
    bins = one["timeline"].rows
    width = {b.start - a.start for a, b in itertools.pairwise(bins)}
    assert len(width) == 1
    assert bins[0].start % width.pop() == 0
    assert all(sum(b.suffixes.values()) == b.queries and sum(b.rcodes.values()) == b.responses for b in bins)


def test_a_minute_of_two_names() -> None:
    made = Scene()
    for second in (0, 5, 15):
        made.ask(second, "10.0.0.1", "10.0.0.53", "a.example.org")
    made.query(31, "10.0.0.1", "10.0.0.53", "b.example.com")
    bins = results(*batches(made))["timeline"].rows
    first = START // 10**10 * 10**10  # the scene begins 8 s into a bin
    assert [(b.start - first) // 10**9 for b in bins] == [0, 10, 20, 30]
    assert [(b.queries, b.responses) for b in bins] == [(1, 1), (1, 1), (1, 1), (1, 0)]
    assert bins[3].suffixes == {"example.com": 1}
    assert bins[0].rcodes == {"NXDOMAIN": 1}
