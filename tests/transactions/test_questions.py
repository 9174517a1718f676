"""Retries of the resolvers, and what is none."""

from __future__ import annotations

import time

import numpy as np
import pytest

from analyzer.messages import Present
from tests.transactions.traffic import MS, POD, Tables, Traffic, run


def sends(tables: Tables, strict: bool = False) -> list[int]:
    """How many queries each question has."""
    rows = tables.questions
    return [int(n) for n in rows.sends[rows.strict != (0 if strict else 2)]]


def silence(*asked: tuple[int, dict[str, int]]) -> Tables:
    """One name asked at these times (ms) with these columns, never answered."""
    made = Traffic()
    for at, more in asked:
        made.query(at * MS, **more)
    made.query(60_000 * MS, "end.example")
    return made.run()


def test_glibc_resends_after_five_seconds_with_the_same_id_and_port() -> None:
    tables = silence((0, {}), (5000, {}))
    assert sends(tables) == [2, 1] == sends(tables, strict=True)
    row = tables.questions.take([0])
    assert (row.gap_ns[0], row.same_id[0], row.same_port[0], row.strict[0]) == (5000 * MS, 1, 1, 1)


def test_musl_resends_after_two_and_a_half() -> None:
    assert sends(silence((0, {}), (2500, {}))) == [2, 1]


def test_go_asks_again_under_a_new_id_and_port() -> None:
    tables = silence((0, {}), (5000, {"msg_id": 5, "src_port": 5}))
    assert sends(tables) == [2, 1]
    assert sends(tables, strict=True) == [1, 1, 1]
    assert tables.questions.strict.tolist() == [0, 2, 2, 1]
    assert tables.transactions.send.tolist() == [0, 1, 0]


def test_cares_keeps_its_id_and_takes_new_ports() -> None:
    tables = silence((0, {}), (2900, {"src_port": 5}), (5900, {"src_port": 6}), (13_900, {"src_port": 7}))
    assert sends(tables) == [4, 1]
    assert tables.questions.same_port.tolist()[0] == 0


def test_glibc_resends_both_of_a_pair_though_one_was_answered() -> None:
    made = Traffic()
    asked = made.query(0)
    made.query(10, qtype=28, msg_id=7)
    made.reply(MS, asked)
    made.query(5000 * MS)
    made.query(5000 * MS + 10, qtype=28, msg_id=7)
    assert sends(made.run()) == [2, 2]


@pytest.mark.parametrize(("rcode", "expected"), [(2, [2]), (5, [2]), (3, [1, 1]), (0, [1, 1])])
def test_only_failures_are_asked_again_under_another_id(rcode: int, expected: list[int]) -> None:
    made = Traffic()
    made.reply(MS, made.query(0), rcode)
    made.query(2 * MS, msg_id=5, src_port=5)
    assert sends(made.run()) == expected


@pytest.mark.parametrize(("after", "expected"), [(500, [2]), (501, [1, 1])])
def test_after_a_failure_another_id_is_a_retry_only_at_once(after: int, expected: list[int]) -> None:
    made = Traffic()
    made.reply(2000 * MS, made.query(0), 2)
    made.query((2000 + after) * MS, msg_id=5, src_port=5)
    assert sends(made.run()) == expected


@pytest.mark.parametrize(("gap", "expected"), [(299, [1, 1]), (300, [2]), (6000, [2]), (6001, [1, 1])])
def test_another_id_needs_a_silence_and_comes_within_six_seconds(gap: int, expected: list[int]) -> None:
    made = Traffic()
    made.query(0)
    made.query(gap * MS, msg_id=5, src_port=5)
    assert sends(made.run()) == expected


@pytest.mark.parametrize(("gap", "expected"), [(15_000, [2]), (15_001, [1, 1])])
def test_the_same_id_counts_for_fifteen_seconds(gap: int, expected: list[int]) -> None:
    made = Traffic()
    made.query(0)
    made.query(gap * MS)
    assert sends(made.run()) == expected


def test_an_id_that_recurs_by_chance_is_no_retry() -> None:
    made = Traffic()
    made.reply(MS, made.query(0))
    made.query(3000 * MS, src_port=5)
    assert sends(made.run()) == [1, 1]


def test_after_truncation_the_same_id_by_tcp_is_the_same_question() -> None:
    made = Traffic()
    made.reply(MS, made.query(0), 0x200)
    made.query(2 * MS, src_port=5, transport=1)
    assert sends(made.run()) == [2]


@pytest.mark.parametrize("msg_id", [1000, 5])
def test_laps_of_a_loop_are_questions_of_their_own(msg_id: int) -> None:
    made = Traffic()
    made.query(0, src=POD, dst=POD)
    made.query(400 * MS, src=POD, dst=POD, msg_id=msg_id, src_port=5)
    made.query(5000 * MS, src=POD, dst=POD)
    assert sends(made.run()) == [2, 1]


def test_a_question_ends_after_twelve_sends_and_after_thirty_seconds() -> None:
    assert sends(silence(*((i * 1000, {}) for i in range(14)))) == [12, 2, 1]
    assert sends(silence(*((i * 10_000, {}) for i in range(5)))) == [4, 1, 1]


def test_two_programs_in_step_keep_their_questions_apart() -> None:
    tables = silence((0, {}), (1, {"msg_id": 5, "src_port": 5}), (2500, {}), (2501, {"msg_id": 5, "src_port": 5}))
    assert sends(tables) == [2, 2, 1]


def test_one_client_asking_one_thing_without_rest_stays_linear() -> None:
    made = Traffic()
    made.query(0, present=int(Present.QUESTION))
    batch = made.batch().take(np.zeros(60_000, np.int64))
    started = time.process_time()
    tables = run([batch], made.names, made.addresses)
    assert len(tables.questions) == 5000
    assert time.process_time() - started < 8
