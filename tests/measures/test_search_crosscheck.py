"""Declared and seen search lists."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzer.measures.search_crosscheck import cross_check
from analyzer.measures.search_rows import Search
from tests.lookups import LIST, POD, candidates, lookup
from tests.scenes import Scene


@pytest.fixture(scope="module")
def search() -> Search:
    scene = Scene()
    for n, base in enumerate(("db.orders.svc.cluster.local", "api.github.com", "cache")):
        lookup(scene, n, base)
    found = scene.results()[0]["search"]
    assert isinstance(found, Search)
    return found


@pytest.mark.parametrize(
    ("declared", "ndots", "verdict", "fit"),
    [
        (LIST, 5, "match", "fits"),
        (LIST, 2, "match", "outside"),
        (LIST[:3], 5, "extra-in-traffic", "fits"),
        ((*LIST, "corp.test"), 5, "missing-in-traffic", "fits"),
        ((LIST[1], LIST[0], *LIST[2:]), 5, "order-differs", "fits"),
    ],
)
def test_verdicts(search: Search, declared: Sequence[str], ndots: int, verdict: str, fit: str) -> None:
    (found,) = cross_check(search, "resolv.conf", declared, ndots, POD)
    assert (found.verdict, found.ndots) == (verdict, fit)


def test_what_is_extra_and_missing_is_named(search: Search) -> None:
    (found,) = cross_check(search, "f", (*LIST[:3], "corp.test"), 5)
    assert (found.extra, found.missing) == ((LIST[3],), ("corp.test",))


def test_a_client_that_searched_nothing_was_not_seen(search: Search) -> None:
    (found,) = cross_check(search, "f", LIST, 5, "10.9.9.9")
    assert found.verdict == "not-seen"


def test_chains_that_all_ended_early_show_a_prefix_only() -> None:
    scene = Scene()
    for n, base in enumerate(("one", "two", "three")):
        lookup(scene, n, base, answers={f"{base}.{LIST[2]}": "DATA"}, names=candidates(base))
    found = scene.results()[0]["search"]
    (check,) = cross_check(found, "f", LIST, 5)
    assert (check.verdict, check.seen) == ("prefix-only", LIST[:3])
