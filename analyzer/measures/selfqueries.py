"""Queries that an address sends to itself, and the ports that carry several names (a forwarder's, never a stub's)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from analyzer.measures import Context
from analyzer.messages import Present, TransactionBatch

__all__ = ["Measure", "SelfQueries"]

_MAX_PORTS: Final = 100_000  # (address, port) pairs watched; every UDP port of one address and more
_MAX_EXAMPLES: Final = 5


@dataclass(slots=True)
class SelfQueries:
    """Self queries of one address (id): `pooled` of them came from ports that carried three names and more."""

    address: int
    queries: int = 0
    pooled: int = 0
    ports: int = 0
    pooled_ports: int = 0
    first_ns: int = 0
    last_ns: int = 0
    first: tuple[int, int] = (0, 0)  # file, frame
    last: tuple[int, int] = (0, 0)
    examples: list[tuple[int, int]] = field(default_factory=list)


class Measure:
    """Counts queries whose source is their destination, per address and port."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rows: dict[int, SelfQueries] = {}
        self._names: dict[tuple[int, int], set[int]] = {}
        self._counts: dict[tuple[int, int], int] = {}

    def update(self, batch: TransactionBatch) -> None:
        rows = batch.unique
        own = (rows.src_addr == rows.dst_addr) & (rows.flags & 0x8000 == 0)
        own &= rows.present & int(Present.QUESTION) != 0
        chosen = rows.take(np.flatnonzero(own))
        if not len(chosen):
            return
        for address in np.unique(chosen.src_addr).tolist():
            at = np.flatnonzero(chosen.src_addr == address)
            frames = [(int(chosen.file[i]), int(chosen.frame[i])) for i in (*at[:_MAX_EXAMPLES], at[-1])]
            row = self._rows.get(address)
            if row is None:
                row = self._rows[address] = SelfQueries(address, first_ns=int(chosen.time_ns[at[0]]), first=frames[0])
            row.queries += len(at)
            row.last_ns, row.last = int(chosen.time_ns[at[-1]]), frames[-1]
            row.examples = [*row.examples, *frames[:-1]][:_MAX_EXAMPLES]
        self._count_ports(chosen.src_addr.tolist(), chosen.src_port.tolist(), chosen.qname.tolist())

    def _count_ports(self, addresses: list[int], ports: list[int], names: list[int]) -> None:
        for address, port, name in zip(addresses, ports, names, strict=True):
            key = (address, port)
            if key not in self._counts and len(self._counts) >= _MAX_PORTS:
                continue
            self._counts[key] = self._counts.get(key, 0) + 1
            seen = self._names.setdefault(key, set())
            if len(seen) < self._context.options.thresholds.pooled_names:
                seen.add(name)

    def merge(self, other: Measure) -> None:
        for address, theirs in other._rows.items():
            mine = self._rows.setdefault(address, theirs)
            if mine is not theirs:
                mine.queries += theirs.queries
                mine.last_ns, mine.last = theirs.last_ns, theirs.last
                mine.examples = [*mine.examples, *theirs.examples][:_MAX_EXAMPLES]
        for key, count in other._counts.items():
            self._counts[key] = self._counts.get(key, 0) + count
            seen = self._names.setdefault(key, set())
            seen |= other._names[key]

    def result(self, results: Mapping[str, Any]) -> list[SelfQueries]:
        limit = self._context.options.thresholds.pooled_names
        for row in self._rows.values():
            row.pooled = row.ports = row.pooled_ports = 0
        for (address, port), count in self._counts.items():
            row = self._rows[address]
            row.ports += 1
            if len(self._names[address, port]) >= limit:
                row.pooled += count
                row.pooled_ports += 1
        return sorted(self._rows.values(), key=lambda r: (-r.queries, r.address))
