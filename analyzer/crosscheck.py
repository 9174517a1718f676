"""Configuration against capture: which predicted forwarding steps were seen, how often, and which were seen unpredicted."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analyzer.config import Diagnosis, PredictedEdge, predicted_edges
from analyzer.findings import Frame, SourceLine
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.roles import Roles
from analyzer.messages import Array

__all__ = ["Checked", "Status", "crosscheck"]


class Status(enum.StrEnum):
    """What became of a step."""

    CONFIRMED = "predicted and seen"
    ABSENT = "predicted, not seen"
    UNPREDICTED = "seen, not predicted"


@dataclass(frozen=True, slots=True)
class Checked:
    """One forwarding step. `queries` were seen on it for names at or below `zone`, the first in frame `first`.

    `probability` is None for a step that no configuration speaks of; `cycle` marks steps of a predicted cycle.
    """

    status: Status
    origin: str
    target: str
    zone: str
    queries: int
    probability: float | None = None
    on_failure: bool = False
    cycle: bool = False
    first: Frame | None = None
    sources: tuple[SourceLine, ...] = ()


def crosscheck(diagnosis: Diagnosis, results: Mapping[str, Any], context: Context) -> tuple[Checked, ...]:
    """Hold every predicted step against the capture; cycles first, then what was seen most. `results`: cells, roles."""
    seen = _Seen(results["cells"], results["roles"], context)
    looping = {pair for cycle in diagnosis.cycles for pair in _pairs(cycle.instances)}
    found = [_checked(edge, seen, (edge.origin_id, edge.target_id) in looping) for edge in predicted_edges(diagnosis)]
    found += seen.unpredicted()
    return tuple(sorted(found, key=lambda c: (not c.cycle, -c.queries, c.status, c.origin, c.target, c.zone)))


def _pairs(members: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield from zip(members, (*members[1:], members[0]), strict=True)


def _checked(edge: PredictedEdge, seen: _Seen, cycle: bool) -> Checked:
    rows = seen.rows(edge.origin, edge.target, edge.zone)
    queries, first = seen.count(rows)
    return Checked(
        status=Status.CONFIRMED if queries else Status.ABSENT,
        origin=edge.origin_id,
        target=edge.target_id,
        zone=edge.zone,
        queries=queries,
        probability=edge.probability,
        on_failure=edge.on_failure,
        cycle=cycle,
        first=first,
        sources=edge.sources,
    )


class _Seen:
    """The capture's legs by instance, and which of them a prediction has spoken of."""

    def __init__(self, cells: Cells, roles: Roles, context: Context) -> None:
        self._cells, self._roles, self._context = cells, roles, context
        size = max(len(context.addresses), 1)
        instances = np.array([roles.instance(ident) for ident in range(size)], np.int64)
        self._client, self._server = instances[cells.client], instances[cells.server]
        self._spoken = np.zeros(len(cells.client), np.bool_)
        self._origins: set[int] = set()

    def _instances(self, addresses: Iterable[str]) -> list[int]:
        idents = (self._context.addresses.find(address.split("%")[0]) for address in addresses)
        return sorted({self._roles.instance(ident) for ident in idents if ident is not None})

    def rows(self, origin: Sequence[str], target: Sequence[str], zone: str) -> Array:
        """Cells of a step: any sender where the configuration names none."""
        senders, receivers = self._instances(origin), self._instances(target)
        self._origins.update(senders)
        leg = np.isin(self._server, receivers)
        leg &= np.isin(self._client, senders) if origin else self._roles.forwarder[self._cells.client]
        self._spoken |= leg
        return np.flatnonzero(leg & self._under(zone))

    def _under(self, zone: str) -> Array:
        if zone == ".":
            return np.ones(len(self._client), np.bool_)
        node = self._context.names.find(zone)
        if node is None:
            return np.zeros(len(self._client), np.bool_)
        below = self._context.names.under(node)
        known = self._cells.qname < len(below)
        return np.asarray(known & below[np.where(known, self._cells.qname, 0)])

    def count(self, rows: Array) -> tuple[int, Frame | None]:
        """Queries of the rows, and the first frame of them."""
        rows = rows[self._cells.queries[rows] > 0]
        if not len(rows):
            return 0, None
        place = int(self._cells.frame[rows[np.argmin(self._cells.first_ns[rows])]])
        return int(self._cells.queries[rows].sum()), Frame(place >> 48, place & ((1 << 48) - 1))

    def unpredicted(self) -> Iterator[Checked]:
        """Legs from a forwarder, or from an instance that the configuration describes, that no prediction spoke of."""
        from_known = np.isin(self._client, sorted(self._origins)) | self._roles.forwarder[self._cells.client]
        left = np.flatnonzero(from_known & ~self._spoken & (self._cells.queries > 0))
        legs = np.unique(np.stack([self._client[left], self._server[left]]), axis=1).T.tolist()
        for client, server in legs:
            rows = left[(self._client[left] == client) & (self._server[left] == server)]
            queries, first = self.count(rows)
            text = self._context.addresses.text
            origin, target = self._roles.name(client) or text(client), self._roles.name(server) or text(server)
            yield Checked(Status.UNPREDICTED, origin, target, ".", queries, first=first)
