"""Recipe 8 of the catalogue: A answered, AAAA lost, and the same again."""

from __future__ import annotations

from collections import Counter

import pytest

from analyzer.findings import Confidence, Severity
from analyzer.messages import Present
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


def race(
    cases: int, names: int = 3, *, wait: float = 5.003, apart: float = 0.0002, server: str = DNS, healthy: int = 40
) -> Scene:
    scene = Scene()
    for n in range(cases + healthy):
        at, name, lost = n * 7.0, f"n{n % names}.example.org", n < cases
        first = scene.query(at, POD, server, name)
        second = scene.query(at + apart, POD, server, name, "AAAA", src_port=first["src_port"])
        scene.response(at + 0.001, first)
        if not lost:
            scene.response(at + 0.003, second)
            continue
        same = {"src_port": first["src_port"]}
        for number, (row, qtype) in enumerate(((first, "A"), (second, "AAAA"))):
            again = scene.query(at + wait + number * apart, POD, server, name, qtype, msg_id=row["msg_id"], **same)
            scene.response(at + wait + 0.002, again)
    scene.ask((cases + healthy) * 7.0 + 20, POD, "10.9.9.9", "end.example.org")
    return scene


@pytest.mark.parametrize(
    ("cases", "names", "wait", "apart", "fires"),
    [
        (3, 3, 5.003, 0.0002, True),
        (2, 3, 5.003, 0.0002, False),
        (3, 1, 5.003, 0.0002, False),  # one name
        (3, 3, 2.5, 0.0002, True),  # musl
        (3, 3, 5.2, 0.0002, False),
        (3, 3, 5.003, 0.003, False),  # not together
    ],
)
def test_both_sides(cases: int, names: int, wait: float, apart: float, fires: bool) -> None:
    found = race(cases, names, wait=wait, apart=apart).findings("conntrack-race-5s")
    assert [(f.severity, f.count) for f in found] == ([(Severity.HIGH, cases)] if fires else [])


@pytest.mark.parametrize(
    ("stopped", "confidence"), [(3, Confidence.HIGH), (2, Confidence.MEDIUM), (0, Confidence.MEDIUM)]
)
def test_a_lost_query_that_came_in_and_did_not_go_out_is_proof(stopped: int, confidence: Confidence) -> None:
    """With `-i any` every forwarded query is seen twice, one that is lost on the way only when it comes in."""
    scene = race(3)
    queries = [row for row in scene.rows if not row["flags"] & 0x8000]
    sent = Counter((row["qname"], row["qtype"], row["msg_id"]) for row in queries)
    lost = [row for row in queries if row["qtype"] == 28 and sent[row["qname"], 28, row["msg_id"]] > 1][::2][:stopped]
    for row in queries:
        row.update(interface=1, direction=0, present=row["present"] | int(Present.DIRECTION))
        if row not in lost:
            scene.rows.append(row | {"interface": 2, "direction": 4, "time_ns": row["time_ns"] + 20_000})
    (found,) = scene.findings("conntrack-race-5s")
    assert (found.confidence, found.numbers["came_in_and_did_not_go_out"]) == (confidence, stopped)


def test_untracked_addresses_are_left_out() -> None:
    assert race(5, server="169.254.25.10").findings("conntrack-race-5s") == []


def test_it_is_no_black_hole() -> None:
    assert race(12).findings("qtype-blackhole") == []
