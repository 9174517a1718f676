"""Per client: what it sent, to whom, and what became of it; one row per client and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.fingerprints import Fingerprint
from analyzer.measures.folds import Groups, Sided, sided
from analyzer.measures.keyed import grouped
from analyzer.measures.rates import active_per_min, per_min, share
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import ClientRow
from analyzer.messages import State, TransactionBatch

__all__ = ["Measure"]


class Measure:
    """Sees nothing of its own: `result` (Sided[ClientRow]) folds the cells."""

    needs: tuple[str, ...] = ("cells", "resolvers", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: cells count."""

    def merge(self, other: Self) -> None:
        """Nothing: cells merge."""

    def result(self, results: Mapping[str, Any]) -> Sided[ClientRow]:
        """Rows by side."""
        cells: Cells = results["cells"]
        roles: Roles = results["roles"]
        resolvers: Mapping[str, Fingerprint] = results["resolvers"]
        context, text = self._context, cells.texts.address
        keys, _, group = grouped((cells.side.astype(np.int64) << 32) | cells.client)
        groups = Groups(cells, group, len(keys), context)
        side, addr = keys >> 32, keys & 0xFFFFFFFF
        names, servers = groups.distinct(cells.qname), groups.top(cells.server)

        def row(at: int) -> ClientRow:
            queries, questions = int(groups.queries[at]), int(groups.questions[at])
            first, last = int(groups.first_ns[at]), int(groups.last_ns[at])
            states, own = groups.states[at].tolist(), text(addr[at])
            known = resolvers.get(own)
            return ClientRow(
                side=SIDES[side[at]],
                addr=own,
                queries=queries,
                questions=questions,
                responses=int(groups.responses[at]),
                answered=states[State.ANSWERED],
                late=states[State.LATE],
                unanswered=states[State.UNANSWERED],
                pending=states[State.PENDING],
                retries=max(0, queries - questions),
                per_min=per_min(queries, context.covered_ns),
                peak_60s=int(groups.peaks[at]),
                active_per_min=active_per_min(queries, first, last),
                nxdomain_share=share(int(groups.nxdomain[at]), questions),
                names=int(names[at]),
                servers=tuple(map(text, servers(at))),
                rcodes=groups.codes("rcodes", at, rcodes.text),
                types=groups.codes("types", at, rrtypes.text),
                forwarder=roles.name(int(addr[at])),
                first=first,
                last=last,
                first_frame=groups.frame(at),
                series=groups.series(at),
                resolver=known.name if known else "",
                resolver_confidence=known.confidence.word if known else "",
            )

        order = np.lexsort((cells.texts.address_rank(addr), -groups.queries))
        return sided(groups, side, order, row)
