"""TCP connections: what opened, what failed, and how many stood open at once."""

from __future__ import annotations

import numpy as np

from analyzer.measures import Context
from analyzer.measures.connections import Measure
from analyzer.measures.roles import Measure as Roles
from analyzer.messages import ConnectionBatch, TransactionBatch
from analyzer.options import NS


def rows(context: Context, spans: list[tuple[int, int]], **columns: list[int]) -> ConnectionBatch:
    """Connections of one leg, open from and to these seconds."""
    client, server = context.addresses.add("10.0.0.1"), context.addresses.add("10.0.0.53")
    return ConnectionBatch(
        {
            "src_addr": np.full(len(spans), client),
            "dst_addr": np.full(len(spans), server),
            "first_ns": np.array([a * NS for a, _ in spans]),
            "last_ns": np.array([b * NS for _, b in spans]),
            **{name: np.array(values) for name, values in columns.items()},
        }
    )


def test_most_open_at_once_and_what_became_of_them() -> None:
    context = Context()
    part = rows(
        context,
        [(1, 10), (2, 5), (5, 6), (7, 8)],
        syn_ns=[1, 1, 1, 0],
        synack_ns=[1, 1, 0, 0],
        rst_ns=[0, 5, 6, 0],
        messages_out=[4, 2, 0, 1],
        messages_in=[4, 1, 0, 1],
        bytes_out=[100, 50, 0, 30],
    )
    measure, other = Measure(context), Measure(context)
    measure.update(TransactionBatch(connections=part.take(slice(0, 2))))
    other.update(TransactionBatch(connections=part.take(slice(2, 4))))
    measure.merge(other)
    (row,) = measure.result({"roles": Roles(context).result({})}).rows
    assert (row.opened, row.established, row.failed, row.reset) == (4, 3, 1, 2)
    assert row.peak_open == 3  # one closes in the second in which another opens
    assert (row.queries, row.responses, row.queries_per_connection) == (7, 6, 7 / 3)
    assert (row.octets_out, row.first, row.last) == (180, 1 * NS, 10 * NS)


def test_seventy_connections_as_ss_would_show_them() -> None:
    context = Context()
    measure = Measure(context)
    measure.update(TransactionBatch(connections=rows(context, [(n, n + 70) for n in range(200)])))
    (row,) = measure.result({"roles": Roles(context).result({})}).rows
    assert (row.peak_open, row.peak_60s) == (71, 60)
