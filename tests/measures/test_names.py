"""One row per name and side, its types inside; every number by hand."""

from __future__ import annotations

import pytest

from analyzer.measures.rows import Frame, NameRow, Side
from tests.measures.traffic import batches, results
from tests.scenes import START, Scene


@pytest.fixture(scope="module")
def rows() -> list[NameRow]:
    made = Scene()
    for n in range(4):  # every 30 s: two in any minute
        made.ask(30 * n, "10.0.0.1", "10.0.0.53", "Dead.example.org", "A" if n % 2 else "AAAA")
    first = made.query(91, "10.0.0.2", "10.0.0.53", "slow.example.org")
    again = made.query(
        96, "10.0.0.2", "10.0.0.53", "slow.example.org", src_port=first["src_port"], msg_id=first["msg_id"]
    )
    made.response(96.5, again, ancount=1, answer_matches=1, answer_ttl=5)
    made.query(150, "10.0.0.2", "10.0.0.53", "late.example.org")
    return list(results(*batches(made))["names"].rows)


def test_order_is_count_then_name(rows: list[NameRow]) -> None:
    assert [(row.qname, row.queries) for row in rows] == [
        ("dead.example.org", 4),
        ("slow.example.org", 2),
        ("late.example.org", 1),
    ]


def test_a_dead_name(rows: list[NameRow]) -> None:
    row = rows[0]
    assert (row.side, row.questions, row.responses, row.nxdomain_share) == (Side.CLIENT, 4, 4, 1.0)
    assert (row.types, row.rcodes, row.outcomes) == ({"A": 2, "AAAA": 2}, {"NXDOMAIN": 4}, {"nxdomain": 4})
    assert row.per_min == pytest.approx(4 / 150 * 60)
    assert row.peak_60s == 2
    assert row.active_per_min == pytest.approx(4 / 90 * 60)
    assert (row.first - START, row.last - START, row.first_frame) == (0, 90 * 10**9, Frame(0, 1))
    assert sum(row.series.counts) == 4


def test_a_retry_is_one_question(rows: list[NameRow]) -> None:
    row = rows[1]
    assert (row.queries, row.questions, row.responses, row.outcomes) == (2, 1, 1, {"data": 1})
    assert row.nxdomain_share == 0.0


def test_what_the_capture_cut_off_is_pending(rows: list[NameRow]) -> None:
    assert rows[2].outcomes == {"pending": 1}
