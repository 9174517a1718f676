"""How hard a source's queries are to guess: the ports and IDs of its first sends to other machines."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import numpy as np

from analyzer.dns import rrtypes
from analyzer.measures import Context
from analyzer.measures.keyed import Interner, grouped
from analyzer.measures.peaks import by_group
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.measures.seen import Seen, Sight, busiest, largest
from analyzer.messages import Array, Column, Present, State, Table, TransactionBatch, TransactionTable, Transport

__all__ = ["Guessable", "Measure"]

_A_SOURCE: Final = 2000  # sends looked at: with more, random IDs repeat so often that their number says nothing
_ALL: Final = 1 << 18  # of all sources: 10 MB
_EXAMPLES: Final = 6
_NEAR: Final = 2  # a counter that other programs use as well


class _Sent(Table):
    """What is kept of a send."""

    COLUMNS: ClassVar[tuple[Column, ...]] = tuple(
        c
        for c in TransactionTable.COLUMNS
        if c.name in "client server client_port msg_id qname qtype time_ns file frame".split()
    )
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Guessable:
    """One source. `near_ids` counts sends whose ID is at most 2 from that of the send before, `near_ports` those whose port is,
    and is another; `public` counts sends to public addresses.
    """

    source: str
    servers: tuple[str, ...]  # the most asked first, at most five
    sends: int
    ports: int  # distinct
    ids: int  # distinct
    near_ports: int
    near_ids: int
    public: int
    look: Callable[[], Seen] = field(compare=False, repr=False)

    @property
    def seen(self) -> Seen:
        """Times, frames and examples; made when asked for, since few sources are worth showing."""
        return self.look()


class Measure:
    """Keeps the first sends of every source; `result` is a tuple of Guessable for sources with enough of them, most first.

    A resend has its query's ID and port and tells nothing, so only first sends of questions count, by UDP.
    """

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._sources = Interner()
        self._counts = np.zeros(0, np.int64)  # sends kept, by source
        self._parts: list[_Sent] = []
        self._kept = 0

    def update(self, batch: TransactionBatch) -> None:
        """Keep what is new of the batch's sends."""
        rows = batch.transactions
        if self._kept >= _ALL or not len(rows):
            return
        sent = (rows.state != State.ORPHAN) & (rows.send == 0) & (rows.transport == Transport.UDP)
        sent &= ((rows.present & int(Present.QUESTION)) != 0) & (rows.client != rows.server)
        chosen = np.flatnonzero(sent)
        self._keep(_Sent({c.name: rows.columns()[c.name][chosen] for c in _Sent.COLUMNS}))

    def _keep(self, rows: _Sent) -> None:
        if not len(rows):
            return
        sources, _, index = grouped(rows.client)
        number = self._sources.intern(sources.astype(np.uint64))
        if len(self._sources) > len(self._counts):
            grown = np.zeros(2 * len(self._sources), np.int64)
            grown[: len(self._counts)] = self._counts
            self._counts = grown
        order, starts = by_group(index, len(sources))
        place = np.empty(len(rows), np.int64)
        place[order] = np.arange(len(rows)) - starts[index[order]]
        room = np.flatnonzero(place + self._counts[number][index] < _A_SOURCE)[: _ALL - self._kept]
        if len(room):
            self._counts += np.bincount(number[index[room]], minlength=len(self._counts))
            self._parts.append(rows.take(room))
            self._kept += len(room)

    def merge(self, other: Self) -> None:
        """Add the other's sends, which follow ours."""
        for part in other._parts:
            self._keep(part)

    def result(self, results: Mapping[str, Any]) -> tuple[Guessable, ...]:
        """One row for each source with as many sends as the limit asks for."""
        if not self._parts:
            return ()
        self._parts = [_Sent.concat(self._parts)]
        roles: Roles = results["roles"]
        rows = self._parts[0]
        rows = rows.take(roles.side(rows.client, rows.server) != SIDES.index(Side.SELF))
        least = self._context.options.thresholds.entropy_count
        found = [self._row(rows.take(mine)) for _, mine in largest(rows.client) if len(mine) >= least]
        return tuple(sorted(found, key=lambda row: (-row.sends, row.source)))

    def _row(self, rows: _Sent) -> Guessable:
        text = self._context.addresses.text
        servers, counts = np.unique(rows.server, return_counts=True)
        listed = np.lexsort((servers, -counts))[:5]
        ports = _apart(rows.client_port)
        return Guessable(
            source=text(int(rows.client[0])),
            servers=tuple(text(int(servers[at])) for at in listed.tolist()),
            sends=len(rows),
            ports=len(np.unique(rows.client_port)),
            ids=len(np.unique(rows.msg_id)),
            near_ports=int(((ports > 0) & (ports <= _NEAR)).sum()),
            near_ids=int((_apart(rows.msg_id) <= _NEAR).sum()),
            public=int(counts[[self._public(server) for server in servers.tolist()]].sum()),
            look=functools.partial(self._seen, rows),
        )

    def _public(self, server: int) -> bool:
        address = self._context.addresses.address(server)
        return address is not None and address.is_global

    def _seen(self, rows: _Sent) -> Seen:
        names = self._context.names
        frames = [
            Frame(int(file), int(frame)) for file, frame in zip(rows.file[[0, -1]], rows.frame[[0, -1]], strict=True)
        ]
        sights = tuple(
            Sight(
                Frame(int(rows.file[at]), int(rows.frame[at])),
                int(rows.time_ns[at]),
                f"port {int(rows.client_port[at])} ID {int(rows.msg_id[at]):#06x} "
                f"{names.text(int(rows.qname[at]))} {rrtypes.text(int(rows.qtype[at]))}",
            )
            for at in range(min(_EXAMPLES, len(rows)))
        )
        return Seen(
            len(rows), busiest(rows.time_ns), int(rows.time_ns[0]), int(rows.time_ns[-1]), frames[0], frames[1], sights
        )


def _apart(values: Array) -> Array:
    """How far every value is from the one before, round the end of 16 bits."""
    number = values.astype(np.int64)
    apart = (number[1:] - number[:-1]) & 0xFFFF
    return np.asarray(np.minimum(apart, 65_536 - apart))
