"""AAAA for names without IPv6."""

from __future__ import annotations

import pytest

from tests.lookups import LOCAL, POD
from tests.scenes import Scene

DATA = {"ancount": 1, "answer_matches": 1}


def asked(pairs: int, alone: int = 0, dual: bool = False) -> Scene:
    """Pairs of A with data and AAAA without, and A questions alone."""
    scene = Scene()
    for n in range(pairs + alone):
        at, name = n * 0.3, f"v4only{n % 5}.example.com"
        scene.response(at + 0.001, scene.query(at, POD, LOCAL, name, src_port=20_000 + n), **DATA)
        if n < pairs:
            query = scene.query(at + 0.00002, POD, LOCAL, name, "AAAA", src_port=20_000 + n)
            scene.response(at + 0.001, query, "NOERROR", **(DATA if dual and n == 0 else {}))
    return scene


@pytest.mark.parametrize(
    ("pairs", "alone", "fires"),
    [(100, 0, True), (99, 0, False), (100, 200, True), (100, 201, False), (147, 6, True)],
)
def test_a_hundred_queries_and_a_quarter(pairs: int, alone: int, fires: bool) -> None:
    found = asked(pairs, alone).findings("aaaa-waste")
    assert [finding.severity.word for finding in found] == (["info"] if fires else [])


def test_recipe_13_nodata_of_49_percent() -> None:
    (found,) = asked(147, 6).findings("aaaa-waste")
    assert found.numbers["share"] == 0.49
    assert "template IN AAAA ." in found.fix[0].text


def test_a_name_with_any_ipv6_address_is_left_out() -> None:
    (found,) = asked(150, dual=True).findings("aaaa-waste")
    assert (found.count, found.numbers["dual_stack_names"]) == (120, 1)


def test_a_name_that_has_no_ipv4_address_either_is_left_out() -> None:
    scene = Scene()
    for n in range(150):
        scene.ask(n * 0.3, POD, LOCAL, "gone.example.com", src_port=20_000 + n)
        scene.ask(n * 0.3, POD, LOCAL, "gone.example.com", "AAAA", src_port=20_000 + n)
    assert scene.findings("aaaa-waste") == []
