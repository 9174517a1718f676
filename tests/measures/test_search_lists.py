"""A list in words: its clients and the example."""

from __future__ import annotations

import pytest

from analyzer.measures.search_rows import SearchList
from tests.lookups import LIST, LOCAL, POD, lookup
from tests.scenes import Scene


def lists(style: str = "glibc") -> SearchList:
    scene = Scene()
    for n, base in enumerate(("a.one", "b.two", "c.three")):
        lookup(scene, n, base, style=style, answers={"c.three": "DATA"})
    (found,) = scene.results()[0]["search"].lists
    assert isinstance(found, SearchList)
    return found


def test_the_example_is_a_whole_lookup() -> None:
    found = lists()
    assert [step.suffix for step in found.example] == [*LIST, ""]
    assert {step.types for step in found.example} == {"A AAAA"}
    assert all(step.rtt_ns and step.server == LOCAL for step in found.example)


@pytest.mark.parametrize(
    ("style", "serial", "one_port"),
    [("glibc", "parallel", False), ("lua", "serial", True), ("cares", "parallel", True)],
)
def test_clients_have_habits(style: str, serial: str, one_port: bool) -> None:
    (client,) = lists(style).clients
    assert (client.addr, client.style, client.one_port, client.bases) == (POD, serial, one_port, 3)


def test_suffixes_stand_in_the_order_of_the_list() -> None:
    assert [row.key for row in lists().per_suffix] == [*LIST, "(as typed)"]
