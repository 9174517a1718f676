from __future__ import annotations

from analyzer.messages import Outcome, State
from tests.transactions.traffic import MS, Tables, Traffic


def only(tables: Tables) -> dict[str, int]:
    assert len(tables.questions) == 1
    return {name: int(values[0]) for name, values in tables.questions.columns().items()}


def test_a_failure_is_followed_by_the_answer_that_ends_the_question() -> None:
    made = Traffic()
    made.reply(MS, made.query(0, dst="10.0.0.1"), 2)
    made.reply(3 * MS, made.query(2 * MS, dst="10.0.0.2"), 3)
    row = only(made.run())
    assert (row["sends"], row["servers"], row["rcode"]) == (2, 2, 3)
    assert (row["outcome"], row["first_outcome"]) == (Outcome.NXDOMAIN, Outcome.SERVFAIL)
    assert row["end_ns"] - row["time_ns"] == 3 * MS
    assert row["rtt_ns"] == -1, "Karn: sent twice"


def test_the_first_conclusive_answer_counts() -> None:
    made = Traffic()
    one, two = made.query(0, dst="10.0.0.1"), made.query(10, dst="10.0.0.2")
    made.reply(MS, one, 5)
    made.reply(2 * MS, two)
    made.reply(4 * MS, made.query(3 * MS, dst="10.0.0.1"), 3)
    row = only(made.run())
    assert (row["outcome"], row["end_ns"] - row["time_ns"]) == (Outcome.DATA, 2 * MS)


def test_of_failures_the_last_counts() -> None:
    made = Traffic()
    made.reply(MS, made.query(0), 5)
    made.reply(4 * MS, made.query(3 * MS), 2)
    row = only(made.run())
    assert (row["rcode"], row["end_ns"] - row["time_ns"], row["gap_ns"]) == (2, 4 * MS, 3 * MS)


def test_without_an_answer_a_question_is_pending_while_any_send_is() -> None:
    made = Traffic()
    made.query(0)
    made.query(5000 * MS)
    row = only(made.run())
    assert (row["state"], row["outcome"], row["end_ns"]) == (State.PENDING, Outcome.PENDING, -1)


def test_sent_once_it_has_a_round_trip() -> None:
    made = Traffic()
    made.reply(7 * MS, made.query(0))
    assert only(made.run())["rtt_ns"] == 7 * MS


def test_questions_come_in_order_of_their_first_send_however_long_they_last() -> None:
    made = Traffic()
    for at in (0, 10_000, 20_000, 30_000):
        made.query(at * MS, "slow.example")
        made.reply((at + 1) * MS, made.query(at * MS + 1, f"n{at}.example", src_port=at // 1000 + 5))
    made.query(200_000 * MS, "end.example")
    tables = made.run(cuts=range(9))
    assert tables.questions.sends.tolist() == [4, 1, 1, 1, 1, 1]
    assert (tables.questions.time_ns[1:] >= tables.questions.time_ns[:-1]).all()
