"""Second answers: which responses they are, wherever the input is cut."""

from __future__ import annotations

import pytest

from analyzer.messages import Transport
from tests.measures.traffic import batches, results
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


def frames(scene: Scene, cuts: tuple[int, ...] = (), merge_at: tuple[int, ...] = ()) -> list[int]:
    found = results(*batches(scene, cuts), merge_at)["doubles"]
    return [int(frame) & 0xFFFF for frame in found.tolist()]


def made(after: float = 2.0, **more: int) -> tuple[Scene, dict[str, int]]:
    scene = Scene()
    query = scene.query(0, POD, DNS, "a.example.org")
    scene.response(0.001, query)
    second = scene.response(after, query, **more)
    scene.ask(60, POD, DNS, "later.example.org")
    scene.ask(120, POD, DNS, "later.example.org")
    return scene, second


@pytest.mark.parametrize(("after", "found"), [(2.0, True), (30.0, True), (30.1, False)])
def test_for_as_long_as_a_response_can_belong_to_a_query(after: float, found: bool) -> None:
    scene, second = made(after)
    assert frames(scene) == ([second["frame"]] if found else [])


@pytest.mark.parametrize(
    "more", [{"msg_id": 7}, {"dst_port": 7}, {"qtype": 28}, {"qname_hash": 7}, {"transport": int(Transport.TCP)}]
)
def test_everything_but_the_content_is_that_of_the_answered_query(more: dict[str, int]) -> None:
    assert frames(made(**more)[0]) == []


def test_the_first_answer_may_lie_in_the_part_before() -> None:
    scene = Scene()
    twice = []
    for n in range(30):
        query = scene.query(10 * n, POD, DNS, f"n{n}.example.org")
        scene.response(10 * n + 0.001, query)
        twice.append(scene.response(10 * n + 5, query)["frame"])
    scene.ask(400, POD, DNS, "later.example.org")
    cuts = tuple(range(1, 90, 4))
    assert frames(scene) == frames(scene, cuts) == sorted(twice)
    for at in range(1, 20):
        assert frames(scene, cuts, (at, at + 3)) == sorted(twice)
