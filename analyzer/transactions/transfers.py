"""Zone transfers over TCP: one query, many responses (RFC 5936 section 2.2); the further ones are no orphans."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import Transport, UniqueTable
from analyzer.transactions.pairs import Parties

__all__ = ["Transfers"]

_TYPES: Final = (251, 252)  # IXFR, AXFR
_KEPT: Final = 4096  # transfers remembered; a server runs few at once

I64 = NDArray[np.int64]


class Transfers:
    """Remembers which endpoints and IDs have a transfer under way, in order of time."""

    def __init__(self) -> None:
        self._running: dict[tuple[int, int], None] = {}

    def parts(self, messages: UniqueTable, rows: I64, parties: Parties, partner: I64, old: int) -> NDArray[np.bool_]:
        """For every new response without a query: whether it continues a transfer. New parties begin at `old`."""
        response = parties.response[old:]
        alone = response & (partner[old:] < 0)
        tcp = messages.transport[rows] == Transport.TCP
        answered = np.flatnonzero(response & (partner[old:] >= 0) & tcp)
        kind = parties.kind[partner[old + answered]] >> 16
        begins = answered[np.isin(kind, _TYPES)]
        found = np.zeros(len(rows), np.bool_)
        if len(begins) or self._running:
            events = np.sort(np.concatenate([begins, np.flatnonzero(alone & tcp)]))
            for at, begin in zip(events.tolist(), np.isin(events, begins).tolist(), strict=True):
                found[at] = self._event((int(parties.ends[old + at]), int(parties.ports[old + at])), begin)
        return found[alone]

    def _event(self, key: tuple[int, int], begin: bool) -> bool:
        if not begin:
            return key in self._running
        self._running.pop(key, None)
        self._running[key] = None
        if len(self._running) > _KEPT:
            del self._running[next(iter(self._running))]
        return False
