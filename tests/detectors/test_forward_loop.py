"""Loops without a probe: both sides of depth and proof, parties, kinds, and the look-alikes."""

from __future__ import annotations

import random

from analyzer.findings import Severity
from tests.scenes import Scene, stack

POD, LOCAL, NODE, GATEWAY = "10.233.64.11", "169.254.25.10", "192.168.1.23", "192.168.1.1"
PROOF = {"src_port": 40000}


def nested(scene: Scene, depth: int, at: float = 0.0, name: str = "a.example.org") -> None:
    """An original from a pod, and `depth` queries of the server to itself inside it."""
    stack(scene, [(POD, LOCAL), *[(LOCAL, LOCAL)] * depth], at, name)


def test_depth_three_that_unwinds_is_a_partial_loop() -> None:
    scene = Scene()
    nested(scene, 3)
    (found,) = scene.findings("forward-loop")
    assert (found.kind, found.severity) == ("partial", Severity.HIGH)
    assert found.numbers["depth_most"] == 3
    assert (found.numbers["originals"], found.numbers["hops"]) == (1, 3)
    assert found.numbers["arrivals_histogram"] == "4:1"
    assert found.subject.value == f"{LOCAL} > {LOCAL}"


def test_depth_two_is_none_without_a_pooled_port() -> None:
    scene = Scene()
    for n in range(20):
        nested(scene, 2, float(n), f"n{n}.example.org")
    assert scene.findings("forward-loop") == []


def test_depth_two_from_a_pooled_port_ten_times() -> None:
    for times, fires in ((9, False), (10, True)):
        scene = Scene()
        for n in range(3):  # the port carries three names
            scene.ask(100.0 + n, LOCAL, LOCAL, f"other{n}.example.org", src_port=40000)
        for n in range(times):
            stack(scene, [(POD, LOCAL), *[(LOCAL, LOCAL)] * 2], 0.5 * n, "b.example.org", src_port=40000)
        assert bool(scene.findings("forward-loop")) is fires, times


def test_one_original_and_800_arrivals_in_a_tenth_of_a_second_run_away() -> None:
    scene = Scene()
    scene.query(0, POD, LOCAL, "loop.example.org")
    for n in range(800):
        scene.query(0.0001 * (n + 1), LOCAL, LOCAL, "loop.example.org", edns_size=2048)
    scene.query(8, POD, LOCAL, "end.example.org")
    (found,) = scene.findings("forward-loop")
    assert (found.kind, found.severity, found.numbers["depth_most"]) == ("runaway", Severity.CRITICAL, 800)


def test_two_parties_that_join_copies_stall_and_burst() -> None:
    scene = Scene()
    for burst in range(3):
        at = 2.0 * burst
        for n in range(4):
            opt = {"edns_size": 2048} if n else {}  # CoreDNS 1.10 adds OPT from the second hop on
            scene.query(at + 0.0004 * n, NODE, GATEWAY, "loop.example.org", size=34 + 11 * bool(n), **opt)
            scene.query(at + 0.0004 * n + 0.0002, GATEWAY, NODE, "loop.example.org", msg_id=4242, src_port=5000)
    scene.query(14, POD, NODE, "end.example.org")
    (found,) = scene.findings("forward-loop")
    assert (found.kind, found.severity) == ("coalesced", Severity.CRITICAL)
    assert set(found.subject.value.split(" > ")) == {NODE, GATEWAY}


def test_a_ring_of_three_is_named_in_order() -> None:
    scene = Scene()
    ring = [("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.3"), ("10.0.0.3", "10.0.0.1")]
    stack(scene, ring * 5, 0, "loop.example.org")
    (found,) = scene.findings("forward-loop")
    assert found.subject.value == "10.0.0.1 > 10.0.0.2 > 10.0.0.3 > 10.0.0.1"


def test_forty_pods_asking_one_name_are_a_herd() -> None:
    scene = Scene()
    sent = [scene.query(0.0001 * n, f"10.233.64.{n + 1}", LOCAL, "hot.example.org") for n in range(40)]
    upstream = [scene.query(0.0001 * n + 0.00005, LOCAL, GATEWAY, "hot.example.org") for n in range(40)]
    for n, query in enumerate(upstream + sent):
        scene.response(0.02 + 0.0001 * n, query, "NOERROR", ancount=1, answer_matches=1)
    assert scene.findings("forward-loop") == []


def test_fifty_names_from_an_address_to_itself_are_information() -> None:
    scene = Scene()
    for n in range(50):
        scene.ask(0.1 * n, NODE, NODE, f"n{n}.example.org")
    (found,) = scene.findings("self-query", "forward-loop", "loop-probe-loop")
    assert (found.id, found.kind, found.severity) == ("self-query", "local", Severity.INFO)


def test_health_checks_that_go_round_are_said() -> None:
    scene = Scene()
    nested(scene, 4)
    stack(scene, [(LOCAL, LOCAL)] * 5, 1.0, ".", "NS")
    (found,) = scene.findings("forward-loop")
    assert int(found.numbers["health_checks"] or 0) > 0


def test_half_of_the_upstreams_is_the_server_itself() -> None:
    """200 originals, each forwarded to itself with chance 1/2 again and again: about 400 arrivals, unwinding, high."""
    chance, scene, hops = random.Random(7), Scene(), 0
    for n in range(200):
        depth = 0
        while chance.random() < 0.5:
            depth += 1
        hops += depth
        nested(scene, depth, 0.2 * n)
    (found,) = scene.findings("forward-loop")
    assert (found.kind, found.severity, found.count) == ("partial", Severity.HIGH, hops)
    assert found.numbers["originals"] == 200
    assert 1.7 < float(found.numbers["arrivals_per_original"] or 0) < 2.3
    assert "reverse order" in str(found.numbers["proof"])
