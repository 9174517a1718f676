"""UDP payload sizes offered by EDNS, in queries and responses; one row per size and side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.dns.header import QR
from analyzer.measures import Context
from analyzer.measures.folds import Rows, Sided
from analyzer.measures.keyed import Keyed, grouped
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import EdnsRow, Side
from analyzer.messages import Present, TransactionBatch

__all__ = ["Measure"]

_DO: Final = 0x8000
_NONE: Final = 1 << 16  # in place of a size: no OPT record
_BITS: Final = 21  # of an address id in a key: decoders keep at most half a million addresses


class Measure:
    """Counts unique messages by leg and size; `result` is Sided[EdnsRow]."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = Keyed(context.options.limits.max_keys, 3)  # queries, responses, messages with DO

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's unique messages."""
        rows = batch.unique
        if not len(rows):
            return
        edns = (rows.present & Present.EDNS) != 0
        size = np.where(edns, rows.edns_size.astype(np.uint32), np.uint32(_NONE))
        response, asked_do = (rows.flags & QR) != 0, edns & ((rows.edns_flags & _DO) != 0)
        legs = rows.client, rows.server, size
        self._counts.count((_BITS, _BITS, 17), legs, ~response, response, asked_do)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._counts.merge(other._counts)

    def result(self, results: Mapping[str, Any]) -> Sided[EdnsRow]:
        """Rows by side."""
        roles: Roles = results["roles"]
        keys, sums = self._counts.keys, self._counts.sums
        leg = (keys >> np.uint64(17)).astype(np.int64)
        client, server = leg >> _BITS, leg & ((1 << _BITS) - 1)
        size = (keys & np.uint64((1 << 17) - 1)).astype(np.int64)
        kinds, _, index = grouped((roles.side(client, server).astype(np.int64) << 17) | size)
        totals = np.zeros((len(kinds), 3), np.int64)
        np.add.at(totals, index, sums)
        asking = np.unique((index << _BITS | client)[sums[:, 0] > 0])
        clients = np.bincount(asking >> _BITS, minlength=len(kinds))
        side, octets = kinds >> 17, kinds & ((1 << 17) - 1)

        def row(at: int) -> EdnsRow:
            queries, responses, asked_do = totals[at].tolist()
            return EdnsRow(
                side=SIDES[side[at]],
                size=None if octets[at] == _NONE else int(octets[at]),
                queries=queries,
                responses=responses,
                dnssec_ok=asked_do,
                clients=int(clients[at]),
            )

        order = np.lexsort((octets, -totals[:, 0] - totals[:, 1]))
        per_side = np.bincount(side, totals[:, 0], minlength=len(SIDES))
        shown = Side.CLIENT if per_side[0] or not len(kinds) else SIDES[int(np.argmax(per_side))]
        tables = {name: Rows(order[side[order] == at], row, totals[:, 0]) for at, name in enumerate(SIDES)}
        return Sided(shown, shown != Side.CLIENT, {name: rows for name, rows in tables.items() if len(rows)})
