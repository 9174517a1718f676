"""Per server: what it was asked, what it answered and how fast; one row per server and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.dns import rcodes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.folds import Groups, Sided, sided
from analyzer.measures.keyed import grouped
from analyzer.measures.latency import Latency
from analyzer.measures.rates import per_min, share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Quantiles, ServerRow
from analyzer.messages import State, TransactionBatch

__all__ = ["Measure"]


class Measure:
    """Sees nothing of its own: `result` (Sided[ServerRow]) folds the cells and the latency."""

    needs: tuple[str, ...] = ("cells", "latency")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells and latency count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells and latency merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[ServerRow]:
        """Rows by side."""
        cells: Cells = results["cells"]
        latency: Latency = results["latency"]
        context, text = self._context, cells.texts.address
        keys, _, group = grouped((cells.side.astype(np.int64) << 32) | cells.server)
        groups = Groups(cells, group, len(keys), context)
        side, addr = keys >> 32, keys & 0xFFFFFFFF
        names, clients = groups.distinct(cells.qname), groups.distinct(cells.client)
        rtt, server_rtt = (durations.quantiles(keys) for durations in (latency.rtt, latency.server_rtt))

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
