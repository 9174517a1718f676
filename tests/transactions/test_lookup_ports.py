"""Ports that carry several names."""

from __future__ import annotations

import itertools

import numpy as np

from analyzer.transactions.lookup_ports import PooledPorts

SECOND = 1_000_000_000


def flags(rows: list[tuple[int, int, float]], cuts: list[int] | None = None) -> list[int]:
    """Rows are (port, label, seconds); one client."""
    ports = PooledPorts()
    out: list[int] = []
    edges = [0, *(cuts or []), len(rows)]
    for begin, end in itertools.pairwise(edges):
        part = rows[begin:end]
        columns = [np.array([row[at] for row in part]) for at in range(3)]
        out += ports.flag(
            np.full(len(part), 1),
            columns[0],
            columns[1].astype(np.uint32),
            (columns[2] * SECOND).astype(np.int64),
            np.zeros(len(part)),
        ).tolist()
    return out


def test_the_third_name_on_a_port_shows_a_pool() -> None:
    assert flags([(5, 1, 0), (5, 2, 1), (5, 1, 2), (5, 3, 3), (5, 1, 4)]) == [0, 0, 0, 1, 1]


def test_one_name_however_often_is_no_pool() -> None:
    assert flags([(5, 1, n) for n in range(50)]) == [0] * 50


def test_other_ports_do_not_count() -> None:
    assert flags([(5, 1, 0), (6, 2, 0), (7, 3, 0)]) == [0, 0, 0]


def test_a_pause_of_30_s_may_be_another_socket() -> None:
    assert flags([(5, 1, 0), (5, 2, 1), (5, 3, 30.9)])[-1] == 1
    assert flags([(5, 1, 0), (5, 2, 1), (5, 3, 31.1)])[-1] == 0


def test_flags_do_not_depend_on_cuts() -> None:
    rng = np.random.default_rng(3)
    at = np.cumsum(rng.choice([0.1, 5.0, 40.0], 300))
    rows = [
        (int(p), int(n), float(t)) for p, n, t in zip(rng.integers(1, 6, 300), rng.integers(1, 5, 300), at, strict=True)
    ]
    assert flags(rows) == flags(rows, list(range(7, 300, 11)))
