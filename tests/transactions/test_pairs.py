from __future__ import annotations

import time

import numpy as np
import pytest

from analyzer.messages import Present
from analyzer.transactions.nat import Aliases
from analyzer.transactions.pairs import Parties, match
from tests.transactions.traffic import MS, Traffic

EMPTY = {"qdcount": 0, "present": int(Present.IP_ID)}


def answered(made: Traffic) -> dict[int, int]:
    """Frame of each query that was answered: frame of the response."""
    done = made.run().transactions
    return {int(q): int(r) for q, r in zip(done.frame, done.r_frame, strict=True) if r and q != r}


@pytest.mark.parametrize("other", [{"msg_id": 1}, {"dst_port": 1}, {"transport": 1}, {"qtype": 28}, {"qname_hash": 5}])
def test_every_part_of_the_key_counts(other: dict[str, int]) -> None:
    made = Traffic()
    made.reply(1, made.query(0), **other)
    assert answered(made) == {}


def test_case_does_not_count() -> None:
    made = Traffic()
    asked = made.query(0, "wWw.ExAmPlE", case_hash=1)
    made.reply(1, asked, case_hash=2)
    assert answered(made) == {1: 2}


def test_an_error_with_an_empty_question_is_matched_by_addresses_and_id() -> None:
    made = Traffic()
    made.query(0, msg_id=7, qtype=28)
    asked = made.query(1, msg_id=7, qtype=1)
    made.reply(2, asked, 1, **EMPTY)
    assert answered(made) == {2: 3}


def test_questions_in_between_are_passed_over() -> None:
    made = Traffic()
    one = made.query(0, "a.example")
    two = made.query(1, "b.example")
    made.reply(2, one)
    made.reply(3, two)
    made.reply(4, two, ip_id=999)
    assert answered(made) == {1: 3, 2: 4}


def test_deep_nestings_and_floods_stay_linear() -> None:
    made = Traffic()
    asked = made.query(0)
    made.reply(1, asked)
    batch, half = made.batch(), 50_000
    rows = batch.take(np.repeat([0, 1], half)).replace(time_ns=batch.time_ns[0] + np.arange(2 * half))
    from analyzer.transactions.copies import Copies

    parties = Parties.of(Copies(None).feed(rows).table, np.arange(2 * half))
    started = time.process_time()
    partner = match(parties, Aliases(), 30_000 * MS)
    assert partner.tolist() == list(range(2 * half - 1, -1, -1))
    assert time.process_time() - started < 5


@pytest.mark.parametrize("seed", range(5))
def test_resends_in_any_order_close_last_in_first_out(seed: int) -> None:
    random = np.random.default_rng(seed)
    for size in random.integers(1, 40, 60).tolist():
        group, span = random.integers(0, 3, size).astype(np.uint64), random.choice([20, 200])
        zero = np.zeros(size, np.uint64)
        time_ns, response = np.sort(random.integers(0, span, size)), random.random(size) < 0.5
        rows = np.arange(size)
        parties = Parties(rows, rows.astype(np.uint64), time_ns, response, group, zero, zero, np.ones(size, np.int64))
        expected, stacks = [-1] * size, [[], [], []]
        for at in rows.tolist():
            stack: list[int] = stacks[int(group[at])]
            if not response[at]:
                stack.append(at)
            elif stack and time_ns[at] - time_ns[stack[-1]] <= 30:
                expected[at] = stack.pop()
                expected[expected[at]] = at
        assert match(parties, Aliases(), 30).tolist() == expected
