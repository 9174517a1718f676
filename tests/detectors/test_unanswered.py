"""Queries without an answer."""

from __future__ import annotations

import pytest

from analyzer.findings import Confidence, Severity
from tests.scenes import Scene

POD, POD2, DNS = "10.233.64.11", "10.233.64.12", "10.233.0.3"


def traffic(lost: int, total: int, *, spread: float = 0.1, resend: bool = True, clients: int = 1) -> Scene:
    """Lost queries evenly between answered ones; each lost one is asked again and then answered."""
    scene = Scene()
    every = total // lost if lost else total + 1
    for n in range(total):
        client = f"10.233.64.{11 + n // every % clients}"
        query = scene.query(n * spread, client, DNS, f"n{n}.example.org")
        if lost and n % every == 0 and n // every < lost:
            if resend:
                again = {"src_port": query["src_port"], "msg_id": query["msg_id"]}
                scene.response(
                    n * spread + 5.001, scene.query(n * spread + 5, client, DNS, f"n{n}.example.org", **again)
                )
        else:
            scene.response(n * spread + 0.001, query)
    scene.ask(total * spread + 20, "10.9.9.9", "10.9.9.8", "end.example.org")
    return scene


@pytest.mark.parametrize(
    ("lost", "total", "severity"),
    [
        (10, 500, Severity.MEDIUM),
        (9, 500, None),  # fewer than ten
        (10, 1500, None),  # less than 1 %
        (40, 500, Severity.HIGH),
        (0, 500, None),
    ],
)
def test_both_sides_of_share_and_count(lost: int, total: int, severity: Severity | None) -> None:
    found = traffic(lost, total).findings("unanswered")
    assert [f.severity for f in found] == ([severity] if severity is not None else [])
    if found:
        assert found[0].numbers["unanswered"] == lost
        assert found[0].numbers["queries"] == total + lost


def blackout(seconds: float) -> Scene:
    """Answered, then nothing for a while, then answered."""
    scene = Scene()
    for n in range(60):
        query = scene.query(n, POD, DNS, f"n{n}.example.org")
        if not 20 <= n <= 20 + seconds:
            scene.response(n + 0.001, query)
    scene.ask(90, POD, DNS, "end.example.org")
    return scene


def test_ten_seconds_without_any_answer_are_critical() -> None:
    (found,) = blackout(10).findings("unanswered")
    assert (found.severity, found.kind) == (Severity.CRITICAL, "blackout")
    assert (found.numbers["blackout_queries"], found.numbers["blackout_s"]) == (11, 10.0)
    (found,) = blackout(9).findings("unanswered")
    assert found.severity == Severity.HIGH


def test_one_direction_only_is_no_loss() -> None:
    assert traffic(100, 100, resend=False).findings("unanswered") == []
    assert traffic(100, 100).findings("unanswered") != []


def test_a_capture_that_ends_after_a_burst_leaves_it_pending() -> None:
    scene = Scene()
    for n in range(200):
        scene.query(n * 0.001, POD, DNS, f"n{n}.example.org")
    scene.ask(1.0, POD2, DNS, "end.example.org")
    assert scene.findings("unanswered") == []


def test_many_clients_that_each_lose_a_little_count_together() -> None:
    scene = traffic(12, 240, clients=4)
    (found,) = scene.findings("unanswered")
    assert (found.kind, found.subject.value, found.numbers["clients"]) == ("server", DNS, 4)


def test_a_capture_without_any_response_is_medium_at_most() -> None:
    scene = Scene()
    for n in range(30):
        first = scene.query(n * 5.0, POD, DNS, f"n{n // 2}.example.org", src_port=4000 + n // 2, msg_id=n // 2)
        assert first
    scene.query(200, POD2, DNS, "end.example.org")
    (found,) = [f for f in scene.findings("unanswered") if f.subject.value == f"{POD}>{DNS}"]
    assert (found.severity, found.confidence) == (Severity.MEDIUM, Confidence.LOW)


def test_a_few_queries_over_a_long_time_are_no_blackout() -> None:
    scene = Scene()
    scene.ask(0, POD, DNS, "a.example.org")
    for n in range(12):
        for again in range(2):
            scene.query(60 + n * 60 + again * 5, POD, DNS, f"n{n}.example.org", src_port=4000 + n, msg_id=n)
    scene.ask(900, POD, DNS, "end.example.org")
    (found,) = scene.findings("unanswered")
    assert found.severity == Severity.HIGH


@pytest.mark.parametrize(
    ("name", "qtype", "fires"),
    [
        ("{0}.{0}", "HINFO", False),
        ("{0}.{0}.in-addr.arpa", "HINFO", False),
        ("{0:08x}.test", "TXT", False),
        ("{0}.{0}", "TXT", True),
        ("{0:08x}.test", "HINFO", True),
        ("x{0}.example.org", "HINFO", True),
    ],
)
def test_lost_loop_probes_are_left_out(name: str, qtype: str, fires: bool) -> None:
    scene = Scene()
    for n in range(20):  # CoreDNS asks itself, and ends before it answers
        scene.query(n, DNS, DNS, name.format(1234 + n), qtype)
        scene.query(n + 0.001, DNS, DNS, name.format(1234 + n), qtype)
        scene.response(n + 0.5, scene.query(n + 0.4, DNS, DNS, f"n{n}.example.org"))
    scene.ask(60, POD2, DNS, "end.example.org")
    assert bool(scene.findings("unanswered")) == fires


def test_lost_probes_do_not_hide_lost_queries() -> None:
    scene = traffic(40, 500)
    for n in range(20):
        scene.query(30 + n / 100, POD, DNS, f"{n}.{n}", "HINFO")
    (found,) = scene.findings("unanswered")
    assert (found.numbers["unanswered"], found.numbers["queries"]) == (40, 540)
    assert any("20 lost loop probes" in said for said in found.excluded)
