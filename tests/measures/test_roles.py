"""Roles and sides on scenes of a few packets (docs/semantics.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Side
from analyzer.options import AnalyzeOptions
from tests.measures.traffic import batches, results
from tests.scenes import Scene


def through(scene: Scene, count: int, source: str = "192.168.1.2", extra: int = 0) -> Scene:
    """A client asks 10.0.0.53, which asks 192.168.1.1 from `source`, `count` times; `extra` queries have no cause."""
    for n in range(count):
        asked = scene.query(n, "10.0.0.1", "10.0.0.53", f"n{n}.example.org")
        up = scene.query(n + 0.001, source, "192.168.1.1", f"n{n}.example.org")
        scene.response(n + 0.002, up)
        scene.response(n + 0.003, asked)
    for n in range(extra):
        scene.response(100 + n + 0.001, scene.query(100 + n, source, "192.168.1.1", f"x{n}.example.org"))
    return scene


def judged(scene: Scene) -> tuple[dict[str, Any], Callable[[str, str], Side]]:
    context, found = batches(scene)
    out = results(context, found)
    roles: Roles = out["roles"]

    def side(client: str, server: str) -> Side:
        asks, asked = context.addresses.find(client), context.addresses.find(server)
        assert asks is not None
        assert asked is not None
        return SIDES[int(roles.side(np.array([asks]), np.array([asked]))[0])]

    return out, side


def test_five_links_join_two_addresses() -> None:
    out, side = judged(through(Scene(), 5))
    assert [(f.name, f.addresses, f.links, f.upstreams) for f in out["forwarders"]] == [
        ("10.0.0.53", ("10.0.0.53", "192.168.1.2"), 5, ("192.168.1.1",))
    ]
    assert side("10.0.0.1", "10.0.0.53") == Side.CLIENT
    assert side("192.168.1.2", "192.168.1.1") == Side.UPSTREAM
    assert out["summary"].sides == {Side.CLIENT: 5, Side.UPSTREAM: 5}


def test_four_links_join_nothing() -> None:
    out, side = judged(through(Scene(), 4))
    assert out["forwarders"] == ()
    assert side("192.168.1.2", "192.168.1.1") == Side.CLIENT


def test_links_must_be_half_of_what_the_source_sends() -> None:
    assert judged(through(Scene(), 6, extra=6))[0]["forwarders"] != ()
    assert judged(through(Scene(), 6, extra=7))[0]["forwarders"] == ()


def test_a_server_that_asks_under_its_own_address_is_a_forwarder_at_once() -> None:
    out, side = judged(through(Scene(), 1, source="10.0.0.53"))
    assert [f.addresses for f in out["forwarders"]] == [("10.0.0.53",)]
    assert side("10.0.0.53", "192.168.1.1") == Side.UPSTREAM


def test_an_address_that_asks_itself_is_no_forwarder_and_on_its_own_side() -> None:
    scene = Scene()
    scene.ask(0, "10.0.0.53", "10.0.0.53", "a.example.org")
    scene.ask(1, "10.0.0.1", "10.0.0.53", "b.example.org")
    out, side = judged(scene)
    assert out["forwarders"] == ()
    assert side("10.0.0.53", "10.0.0.53") == Side.SELF
    assert out["names"].side == Side.CLIENT
    assert [row.qname for row in out["names"].tables[Side.SELF]] == ["a.example.org"]


def test_addresses_joined_by_option_need_no_vote() -> None:
    scene = through(Scene(options=AnalyzeOptions(forwarders={"node1": ("10.0.0.53", "192.168.1.2")})), 1)
    out, side = judged(scene)
    assert [(f.name, f.declared) for f in out["forwarders"]] == [("node1", True)]
    assert side("192.168.1.2", "192.168.1.1") == Side.UPSTREAM
    assert [row.forwarder for row in out["clients"].tables[Side.UPSTREAM]] == ["node1"]


def test_with_one_leg_captured_the_table_says_so() -> None:
    scene = Scene()
    for n in range(3):
        scene.ask(n, "10.0.0.53", "10.0.0.53", "a.example.org")
    out, _ = judged(scene)
    assert (out["names"].side, out["names"].fallback) == (Side.SELF, True)
