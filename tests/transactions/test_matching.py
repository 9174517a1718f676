"""States, times and outcomes; recipe 15 of the catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.messages import NO_ROW, Outcome, Present, State
from analyzer.options import AnalyzeOptions
from tests.transactions.traffic import MS, START, Tables, Traffic, decoded

SECOND = 1000 * MS


def states(tables: Tables) -> list[str]:
    return [State(state).name for state in tables.transactions.state]


def test_a_burst_a_second_before_the_end_is_pending() -> None:
    made = Traffic()
    for port in range(20):
        made.query(port, src_port=2000 + port)
    made.query(SECOND, "b.example")
    assert set(states(made.run())) == {"PENDING"}


@pytest.mark.parametrize(("left", "state"), [(5 * SECOND - 1, "PENDING"), (5 * SECOND, "UNANSWERED")])
def test_five_seconds_before_the_end_decide(left: int, state: str) -> None:
    made = Traffic()
    made.query(0)
    made.query(left, "b.example")
    assert states(made.run()) == [state, "PENDING"]


def test_the_end_of_the_capture_may_be_later_than_its_last_message() -> None:
    made = Traffic()
    made.query(0)
    tables = made.run()
    assert states(tables) == ["PENDING"]
    stage = type(tables.stage)(made.names, made.addresses, AnalyzeOptions())
    out = [*stage.feed(decoded(made.batch())), *stage.finish(START + 6 * SECOND)]
    assert [int(s) for batch in out for s in batch.transactions.state] == [State.UNANSWERED]


@pytest.mark.parametrize(
    ("wait", "state"),
    [(1, "ANSWERED"), (5 * SECOND, "ANSWERED"), (5 * SECOND + 1, "LATE"), (30 * SECOND, "LATE")],
)
def test_answers_after_five_seconds_are_late(wait: int, state: str) -> None:
    made = Traffic()
    made.reply(wait, made.query(0))
    tables = made.run()
    assert states(tables) == [state]
    assert tables.transactions.rtt_ns.tolist() == [wait]


def test_after_thirty_seconds_a_response_is_an_orphan() -> None:
    made = Traffic()
    made.reply(30 * SECOND + 1, made.query(0), 3)
    tables = made.run()
    assert states(tables) == ["UNANSWERED", "ORPHAN"]
    orphan = tables.transactions.take([1])
    assert (orphan.row[0], orphan.r_row[0], orphan.rtt_ns[0], orphan.question[0]) == (1, 1, -1, NO_ROW)
    assert (orphan.rcode[0], orphan.outcome[0]) == (3, Outcome.NXDOMAIN)
    assert made.addresses.text(int(orphan.client[0])) == "10.233.64.11"


def test_an_answer_after_the_clients_own_retry_is_late() -> None:
    made = Traffic()
    first = made.query(0)
    made.query(2500 * MS, msg_id=2000, src_port=40001)
    made.reply(2600 * MS, first)
    assert states(made.run()) == ["LATE", "PENDING"]


def test_asking_two_servers_at_once_makes_no_answer_late() -> None:
    made = Traffic()
    first = made.query(0, dst="10.0.0.1")
    other = made.query(20_000, dst="10.0.0.2")
    made.reply(MS, first)
    made.reply(2 * MS, other)
    assert states(made.run()) == ["ANSWERED", "ANSWERED"]


def test_the_latest_open_query_is_answered_first() -> None:
    made = Traffic()
    one, two = made.query(0), made.query(100 * MS)
    made.reply(200 * MS, two)
    made.reply(300 * MS, one)
    done = made.run().transactions
    assert done.r_row.tolist() == [3, 2]


@pytest.mark.parametrize(
    ("rcode", "more", "outcome"),
    [
        (0, {}, Outcome.DATA),
        (0, {"answer_matches": 0, "ancount": 1}, Outcome.NODATA),
        (0x200, {"answer_matches": 0}, Outcome.DATA),
        (0, {"answer_matches": 0, "ancount": 3, "anomalies": 1}, Outcome.DATA),
        (2, {}, Outcome.SERVFAIL),
        (3, {}, Outcome.NXDOMAIN),
        (5, {}, Outcome.REFUSED),
        (1, {}, Outcome.ERROR),
        (0, {"present": int(Present.QUESTION | Present.EDNS), "ext_rcode": 1}, Outcome.ERROR),
    ],
)
def test_outcomes(rcode: int, more: dict[str, Any], outcome: Outcome) -> None:
    made = Traffic()
    made.reply(1, made.query(0), rcode, **more)
    assert made.run().transactions.outcome.tolist() == [outcome]


def test_what_is_no_transaction_has_its_own_counter() -> None:
    made = Traffic()
    made.query(0, flags=0x2800)
    made.query(1, qdcount=2)
    made.query(2, qclass=3)
    tables = made.run()
    assert len(tables.transactions) == 0
    assert {k: tables.stage.counters[k] for k in ("opcode", "questions", "chaos")} == {
        "opcode": 1,
        "questions": 1,
        "chaos": 1,
    }


def test_rows_come_out_while_reading() -> None:
    made = Traffic()
    made.reply(MS, made.query(0))
    made.query(32 * SECOND)
    made.query(40 * SECOND)
    tables = made.run(cuts=[3, 4])
    assert [len(batch.transactions) for batch in tables.batches][:-1] != [0] * (len(tables.batches) - 1)
