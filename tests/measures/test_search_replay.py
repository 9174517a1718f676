"""Walking signatures under other rules: who is touched, and what each name loses."""

from __future__ import annotations

import numpy as np

from analyzer.measures.search_replay import Replay, Rules, replay
from tests.lookups import LIST, LOCAL, POD, lookup
from tests.scenes import Scene


def walked(scene: Scene, rules: Rules) -> tuple[Replay, Scene]:
    results, context = scene.results()
    search = results["search"]
    rows = np.arange(len(search.verdict.table))
    return replay(search, results["asked"], context.names, rules, rows), scene


def made() -> Scene:
    scene = Scene()
    for n, base in enumerate(("one.com", "two.com", "three.com")):
        lookup(scene, n, base, answers={base: "DATA"})
    return scene


def test_no_rule_changes_nothing() -> None:
    found, _ = walked(made(), Rules())
    assert (found.before, found.low, found.high, found.assumed) == (30, 30, 30, 0)


def test_names_know_what_they_lose() -> None:
    found, scene = walked(made(), Rules(drop=("example.org",)))
    gone, kept = scene.names.find("one.com.example.org"), scene.names.find(f"one.com.{LIST[0]}")
    assert gone is not None
    assert kept is not None
    assert found.names[gone] == [2.0, 0.0, 0.0]
    assert found.names[kept] == [2.0, 2.0, 2.0]


def test_a_name_asked_alone_is_searched_when_ndots_rises_above_its_dots() -> None:
    scene = made()
    lookup(scene, 9, "a.b.c.d.e.f", names=["a.b.c.d.e.f"], answers={"a.b.c.d.e.f": "DATA"})  # five dots
    found, _ = walked(scene, Rules(ndots=6))
    assert (found.low, found.high) == (32, 40)  # four suffixes more, if none of them answers
    assert found.assumed == 1


def test_a_name_that_was_not_searched_though_it_has_few_dots_stays_alone() -> None:
    scene = made()
    query = scene.query(9, POD, LOCAL, "dig.net")
    scene.response(9.001, query, ancount=1, answer_matches=1)
    found, _ = walked(scene, Rules(ndots=15))
    assert (found.low, found.high) == (31, 31)
