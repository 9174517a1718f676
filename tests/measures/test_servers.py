"""What servers answered and how fast: Karn's rule, states, response codes; and the same by client and pair."""

from __future__ import annotations

from typing import Any

import pytest

from tests.measures.traffic import batches, results
from tests.scenes import Scene


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    made = Scene()
    for n, milliseconds in enumerate((1, 2, 3, 50)):
        query = made.query(n, "10.0.0.1", "10.0.0.53", f"n{n}.example.org")
        made.response(n + milliseconds / 1000, query, "SERVFAIL" if n == 3 else "NOERROR")
    first = made.query(10, "10.0.0.2", "10.0.0.53", "again.example.org")
    same: dict[str, Any] = {"src_port": first["src_port"], "msg_id": first["msg_id"]}
    made.response(15.001, made.query(15, "10.0.0.2", "10.0.0.53", "again.example.org", **same))
    made.query(20, "10.0.0.2", "10.0.0.54", "lost.example.org")
    made.query(60, "10.0.0.2", "10.0.0.53", "end.example.org")
    return results(*batches(made))


def test_states_and_codes(found: dict[str, Any]) -> None:
    rows = {row.addr: row for row in found["servers"].rows}
    one, dead = rows["10.0.0.53"], rows["10.0.0.54"]
    assert (one.queries, one.questions, one.responses, one.unanswered, one.pending) == (7, 6, 5, 1, 1)
    assert one.rcodes == {"NOERROR": 4, "SERVFAIL": 1}
    assert (dead.queries, dead.responses, dead.unanswered, dead.rtt.count) == (1, 0, 1, 0)
    assert found["summary"].one_way == ("10.0.0.54",)


def test_round_trips_are_of_questions_sent_once(found: dict[str, Any]) -> None:
    rtt = found["servers"].rows[0].rtt
    assert rtt.count == 4  # the retried question has none
    assert 2_000_000 <= rtt.p50_ns <= 2_020_000
    assert 50_000_000 <= rtt.max_ns <= 50_500_000


def test_clients(found: dict[str, Any]) -> None:
    rows = {row.addr: row for row in found["clients"].rows}
    assert (rows["10.0.0.1"].answered, rows["10.0.0.1"].retries, rows["10.0.0.1"].names) == (4, 0, 4)
    two = rows["10.0.0.2"]
    assert (two.queries, two.questions, two.retries, two.unanswered, two.pending) == (4, 3, 1, 2, 1)
    assert two.servers == ("10.0.0.53", "10.0.0.54")


def test_pairs(found: dict[str, Any]) -> None:
    first = found["pairs"].rows[0]
    assert (first.client, first.qname, first.queries, first.questions, first.error) == (
        "10.0.0.2",
        "again.example.org",
        2,
        1,
        0,
    )
    assert len(found["pairs"].rows) == 7
