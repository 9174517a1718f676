"""What the cache detectors share."""

from __future__ import annotations

import dataclasses

from analyzer.detectors.caching_steps import saved, steps_of
from analyzer.measures.caching import CacheLeg
from tests.lookups import GATEWAY, NODE
from tests.scenes import Scene


def leg() -> CacheLeg:
    """One name denied once a second for a minute, without SOA."""
    scene = Scene()
    for n in range(60):
        scene.ask(n, NODE, GATEWAY, "gone.example.org", src_port=33_000)
    (found,) = [row for row in scene.results()[0]["caching"] if row.kind == "bare"]
    assert isinstance(found, CacheLeg)
    return found


def test_a_cache_leaves_one_query_a_ttl() -> None:
    found = leg()
    assert found.re_asks == 59
    assert saved(found, 30) == 59 - 1
    assert saved(found, 10) == 59 - 5
    assert saved(found, 1) <= 1


def test_the_proof_is_the_answer_and_the_same_question_again() -> None:
    first, again = steps_of(leg(), "denied")
    assert (first.frame.frame, again.frame.frame) == (1, 3)
    assert again.text == "gone.example.org A: asked again after 0.999 s"
    lone = dataclasses.replace(leg().names[0], count=0)
    assert len(steps_of(dataclasses.replace(leg(), names=(lone,)), "denied")) == 1
