"""Truncated answers that lead nowhere: recipe 14 of the catalogue."""

from __future__ import annotations

from analyzer.findings import Severity
from tests.scenes import Scene

POD, OTHER, DNS = "10.233.64.11", "10.233.64.12", "10.233.0.3"
DEAD = {"synack_ns": 0, "bytes_in": 0, "bytes_out": 0, "messages_in": 0, "messages_out": 0}


def truncated(at: float = 1.0) -> Scene:
    scene = Scene()
    scene.response(at + 0.001, scene.query(at, POD, DNS, "big.example.org"), flags=0x8380)
    scene.ask(10, OTHER, DNS, "end.example.org")
    return scene


def test_no_syn_at_all_is_high() -> None:
    scene = truncated()
    scene.connection(5, OTHER, DNS)
    (found,) = scene.findings("tc-no-fallback")
    assert (found.severity, found.kind, found.count) == (Severity.HIGH, "no-tcp", 1)


def test_without_any_tcp_in_the_capture_nothing_is_said() -> None:
    assert truncated().findings("tc-no-fallback") == []


def test_a_syn_in_vain_is_blocked() -> None:
    scene = truncated()
    scene.connection(1.01, POD, DNS, **DEAD)
    (found,) = scene.findings("tc-no-fallback")
    assert (found.kind, found.severity) == ("blocked", Severity.HIGH)


def test_two_seconds_are_waited() -> None:
    for wait, fires in ((1.9, False), (2.1, False)):  # a client that can do TCP is no musl, however slow
        scene = truncated()
        scene.connection(1.001 + wait, POD, DNS)
        assert bool(scene.findings("tc-no-fallback")) == fires
    for wait, kind in ((1.9, "blocked"), (2.1, "no-tcp")):
        scene = truncated()
        scene.connection(1.001 + wait, POD, DNS, **DEAD)
        assert [f.kind for f in scene.findings("tc-no-fallback")] == [kind]


def test_the_end_of_the_capture_is_pending() -> None:
    scene = truncated(9.0)
    scene.connection(5, OTHER, DNS)
    assert scene.findings("tc-no-fallback") == []


def test_an_authoritative_server_is_asked_by_resolvers_that_come_back_from_elsewhere() -> None:
    scene = Scene()
    query = scene.query(1, POD, DNS, "big.example.org", flags=0)
    scene.response(1.001, query, flags=0x8600)
    scene.ask(10, OTHER, DNS, "end.example.org")
    scene.connection(5, OTHER, DNS)
    assert scene.findings("tc-no-fallback") == []
