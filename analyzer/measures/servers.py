"""Per server: what it was asked, what it answered and how fast; one row per server and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.dns import rcodes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.folds import Groups, Sided, sided
from analyzer.measures.histogram import bucket, quantiles
from analyzer.measures.keyed import Keyed, grouped
from analyzer.measures.rates import per_min, share
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Quantiles, ServerRow
from analyzer.messages import Array, State, TransactionBatch

__all__ = ["Measure"]

_BITS: Final = 13  # of a bucket's number in a key; 25 for each address id, 1 for the kind of question
_STRICT: Final = 2  # QuestionTable.strict: only of a forwarder is this a question


class Measure:
    """Counts durations by leg, and folds the cells; `result` is Sided[ServerRow]."""

    needs: tuple[str, ...] = ("cells", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context
        cap = 8 * context.options.limits.max_keys
        self._rtt, self._server_rtt = Keyed(cap), Keyed(cap)

    def update(self, batch: TransactionBatch) -> None:
        """Count round-trip times: of questions sent once (Karn), and between the views nearest to the server."""
        questions, rows = batch.questions, batch.transactions
        questions = questions.take(questions.rtt_ns >= 0)
        _count(self._rtt, questions.client, questions.server, questions.strict == _STRICT, questions.rtt_ns)
        seen = (rows.server_rtt_ns >= 0) & (rows.send == 0) & (rows.state == State.ANSWERED)
        rows = rows.take(seen)
        _count(self._server_rtt, rows.client, rows.server, np.zeros(len(rows), np.bool_), rows.server_rtt_ns)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._rtt.merge(other._rtt)
        self._server_rtt.merge(other._server_rtt)

    def result(self, results: Mapping[str, Any]) -> Sided[ServerRow]:
        """Rows by side."""
        cells: Cells = results["cells"]
        roles: Roles = results["roles"]
        context, text = self._context, cells.texts.address
        keys, _, group = grouped((cells.side.astype(np.int64) << 32) | cells.server)
        groups = Groups(cells, group, len(keys), context)
        side, addr = keys >> 32, keys & 0xFFFFFFFF
        names, clients = groups.distinct(cells.qname), groups.distinct(cells.client)
        rtt, server_rtt = (_durations(counts, roles, keys) for counts in (self._rtt, self._server_rtt))

        def row(at: int) -> ServerRow:
            queries, questions = int(groups.queries[at]), int(groups.questions[at])
            states = groups.states[at].tolist()
            return ServerRow(
                side=SIDES[side[at]],
                addr=text(addr[at]),
                queries=queries,
                questions=questions,
                responses=int(groups.responses[at]),
                answered=states[State.ANSWERED],
                late=states[State.LATE],
                unanswered=states[State.UNANSWERED],
                pending=states[State.PENDING],
                orphans=states[State.ORPHAN],
                per_min=per_min(queries, context.covered_ns),
                peak_60s=int(groups.peaks[at]),
                nxdomain_share=share(int(groups.nxdomain[at]), questions),
                rcodes=groups.codes("rcodes", at, rcodes.text),
                clients=int(clients[at]),
                names=int(names[at]),
                rtt=rtt.get(int(keys[at]), Quantiles()),
                server_rtt=server_rtt.get(int(keys[at]), Quantiles()),
                first=int(groups.first_ns[at]),
                last=int(groups.last_ns[at]),
            )

        order = np.lexsort((cells.texts.address_rank(addr), -groups.queries))
        return sided(groups, side, order, row)


def _count(counts: Keyed, client: Array, server: Array, strict: Array, duration_ns: Array) -> None:
    counts.count((25, 25, 1, _BITS), (client, server, strict, bucket(duration_ns)))


def _durations(counts: Keyed, roles: Roles, keys: Array) -> dict[int, Quantiles]:
    """Quantiles by side << 32 | server."""
    kind = counts.keys >> np.uint64(_BITS)
    leg = (kind >> np.uint64(1)).astype(np.int64)
    client, server = leg >> 25, leg & ((1 << 25) - 1)
    counted = np.flatnonzero(((kind & np.uint64(1)) == 0) | roles.forwarder[client])
    place = ((roles.side(client, server).astype(np.int64) << 32) | server)[counted]
    buckets = (counts.keys[counted] & np.uint64((1 << _BITS) - 1)).astype(np.int64)
    both, _, index = grouped((np.searchsorted(keys, place) << _BITS) | buckets)
    total = np.bincount(index, counts.sums[counted, 0], minlength=len(both)).astype(np.int64)
    starts = np.searchsorted(both >> _BITS, np.arange(len(keys) + 1))
    return {
        int(keys[at]): quantiles(both[a:b] & ((1 << _BITS) - 1), total[a:b])
        for at, (a, b) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True))
        if b > a
    }
