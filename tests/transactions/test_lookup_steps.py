"""Pairs of A and AAAA, on bare columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analyzer.messages import Outcome
from analyzer.options import Limits
from analyzer.transactions.lookup_steps import AAAA, A, pair, steps

MS = 1_000_000


def rows(*questions: tuple[float, float, int, int], name: int = 7) -> dict[str, Any]:
    """Questions of one segment and name: (begin ms, end ms or -1, port, type)."""
    count = len(questions)
    at = np.array([int(q[0] * MS) for q in questions])
    end = np.array([int(q[1] * MS) if q[1] >= 0 else -1 for q in questions])
    zeros = {
        n: np.zeros(count, np.int64) for n in "server transport file client label answer_addr answer_cname".split()
    }
    return {
        **zeros,
        "seg": np.zeros(count, np.int64),
        "time_ns": at,
        "end_ns": end,
        "last_ns": at,
        "client_port": np.array([q[2] for q in questions]),
        "qtype": np.array([q[3] for q in questions]),
        "qname": np.full(count, name),
        "question": np.arange(count),
        "frame": np.arange(count) + 1,
        "sends": np.ones(count, np.uint8),
        "rcode": np.where(end >= 0, 3, 0),
        "outcome": np.where(end >= 0, Outcome.NXDOMAIN, Outcome.SILENCE),
        "pooled": np.zeros(count, np.uint8),
        "walks": np.zeros(count, np.uint8),
    }


@pytest.mark.parametrize(
    ("questions", "mates"),
    [
        (((0, 1, 5, A), (0.02, 1, 5, AAAA)), [1, 0]),  # glibc, musl, c-ares
        (((0, 1, 5, A), (0.1, 1, 6, AAAA)), [1, 0]),  # Go
        (((0, 1, 5, A), (1.1, 2, 5, AAAA)), [1, 0]),  # Lua, single-request
        (((0, 1, 5, A), (1.1, 2, 6, AAAA)), [1, 0]),  # single-request-reopen
        (((0, 1, 5, A), (60, 61, 6, AAAA)), [-1, -1]),  # too late for another port
        (((0, 1, 5, A), (60, 61, 5, AAAA)), [1, 0]),  # not for the same one
        (((0, 1, 5, A), (0.02, 1, 6, A)), [-1, -1]),  # one type
        (((0, -1, 5, A), (3000, 3001, 5, AAAA)), [1, 0]),  # A lost, then AAAA on the same port
        # nginx: pair after pair on one port
        (((0, 1, 5, A), (0.02, 1, 5, AAAA), (10, 11, 5, A), (10.02, 11, 5, AAAA)), [1, 0, 3, 2]),
        # two Lua workers, interleaved: the port decides
        (((0, 1, 5, A), (0.1, 1, 6, A), (1.1, 2, 5, AAAA), (1.2, 2, 6, AAAA)), [2, 3, 0, 1]),
        # two Go lookups, one within the other
        (((0, 9, 1, A), (0.1, 9, 2, A), (0.2, 9, 3, AAAA), (0.3, 9, 4, AAAA)), [3, 2, 1, 0]),
    ],
)
def test_who_belongs_to_whom(questions: tuple[tuple[float, float, int, int], ...], mates: list[int]) -> None:
    assert pair(rows(*questions), Limits()).tolist() == mates


def test_a_step_sums_up_its_questions() -> None:
    made = rows((0, 5, 9, AAAA), (0.02, 3, 9, A))
    made["outcome"] = np.array([Outcome.NODATA, Outcome.DATA])
    made["rcode"] = np.array([0, 0])
    made["answer_addr"] = np.array([0, 77])
    made["sends"] = np.array([2, 1], np.uint8)
    (found,) = zip(*steps(made, pair(made, Limits())).values(), strict=True)
    step = dict(zip(steps(made, pair(made, Limits())), found, strict=True))
    assert (step["qtypes"], step["qtype"], step["queries"], step["questions"]) == (3, AAAA, 3, 2)
    assert (step["outcome_a"], step["outcome_aaaa"], step["outcome_other"]) == (Outcome.DATA, Outcome.NODATA, 0)
    assert (step["end_ns"], step["serial"], step["answer_addr"]) == (5 * MS, 0, 77)
    assert step["data"]
    assert not step["failed"]


@pytest.mark.parametrize(("second", "serial"), [(0.9, 0), (1.0, 1), (1.2, 1)])
def test_serial_is_asked_after_the_answer(second: float, serial: int) -> None:
    made = rows((0, 1, 5, A), (second, 2, 5, AAAA))
    assert steps(made, pair(made, Limits()))["serial"].tolist() == [serial]
