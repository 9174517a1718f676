"""Searches that a name without addresses ends."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.lookups import LIST, candidates, lookup
from tests.scenes import Scene


def cut(times: int, resolves: bool = False, typed: bool = False) -> Scene:
    scene = Scene()
    for n, base in enumerate(("one.a", "two.b", "three.c", "www.corp")):
        lookup(scene, n, base, answers={base: "DATA"} if resolves else {})
    for n in range(times):
        names = candidates("www.corp")
        names = names if typed else names[: names.index(f"www.corp.{LIST[1]}") + 1]
        lookup(scene, 10.0 + n, "www.corp", names=names, answers={names[-1]: "NODATA"})
    return scene


@pytest.mark.parametrize(("times", "fires"), [(9, False), (10, True)])
def test_ten_lookups_are_needed(times: int, fires: bool) -> None:
    assert bool(cut(times).findings("search-cut-by-nodata")) == fires


def test_a_base_that_resolves_elsewhere_makes_it_medium() -> None:
    (low,) = cut(12).findings("search-cut-by-nodata")
    (medium,) = cut(12, resolves=True).findings("search-cut-by-nodata")
    assert (low.severity, medium.severity) == (Severity.LOW, Severity.MEDIUM)
    assert medium.subject.value == LIST[1]


def test_the_name_as_typed_without_an_address_is_its_own_answer() -> None:
    assert cut(12, typed=True).findings("search-cut-by-nodata") == []
