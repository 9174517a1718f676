"""Loop probes: CoreDNS' HINFO and dnsmasq's TXT probes, frame by frame, and who passed them on.

A probe's name is random, so every later frame with it is the same probe on its way: the frames draw the forwarding
edges. The *emitter* is the source of the first frame; a source that has not yet received the name is another address of
its last receiver. A *hop copy* is a later frame to the emitter by a party that has received the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.dns.probes import HINFO, TXT, probe_kind
from analyzer.measures import Context
from analyzer.messages import Present, TransactionBatch, UniqueTable
from analyzer.options import Thresholds

__all__ = ["Hop", "Measure", "Probe", "Probes"]

_MAX_NAMES: Final = 20_000  # a server start makes a handful; more is a flood, and counted
_MAX_HOPS: Final = 1_000  # frames kept of one name: a runaway probe is proven long before


class Hop(NamedTuple):
    """One query frame with the probe's name; addresses are ids, `edns` says whether it carried an OPT record."""

    time_ns: int
    file: int
    frame: int
    src: int
    dst: int
    src_port: int
    dst_port: int
    msg_id: int
    size: int
    edns: bool


@dataclass(slots=True)
class Probe:
    """One probe name and all its frames in order of time.

    `copies` are positions in `hops` of the hop copies, `sends` those of the emitter's own attempts. `parties` groups
    the addresses (ids) that are one instance, the emitter's first; `edges` counts frames between parties (positions).
    """

    name: str
    kind: str  # "coredns" or "dnsmasq"
    zone: str
    hops: list[Hop]
    left_out: int = 0
    copies: list[int] = field(default_factory=list)
    sends: list[int] = field(default_factory=list)
    parties: list[list[int]] = field(default_factory=list)
    edges: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def emitter(self) -> int:
        """Address (id) that sent the first frame seen."""
        return self.hops[0].src

    @property
    def server(self) -> int:
        """Address (id) that the first frame seen was sent to."""
        return self.hops[0].dst


@dataclass(frozen=True, slots=True)
class Probes:
    """All probes, by time of their first frame; `overflow` counts frames of names past the cap."""

    probes: list[Probe]
    overflow: int = 0


class Measure:
    """Keeps the frames of every probe name, and follows them in `result()`."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._hops: dict[int, list[Hop]] = {}
        self._left_out: dict[int, int] = {}
        self._kinds: dict[int, tuple[str, str] | None] = {}
        self._overflow = 0

    def update(self, batch: TransactionBatch) -> None:
        rows = batch.unique
        asked = (rows.flags & 0x8000 == 0) & (rows.present & int(Present.QUESTION) != 0)
        chosen = np.flatnonzero(asked & ((rows.qtype == HINFO) | (rows.qtype == TXT)))
        if len(chosen):
            self._keep(rows.take(chosen))

    def _keep(self, rows: UniqueTable) -> None:
        edns = rows.present & int(Present.EDNS) != 0
        columns = (rows.time_ns, rows.file, rows.frame, rows.src_addr, rows.dst_addr, rows.src_port, rows.dst_port)
        values = zip(*(c.tolist() for c in (*columns, rows.msg_id, rows.size, edns)), strict=True)
        for name, qtype, row in zip(rows.qname.tolist(), rows.qtype.tolist(), values, strict=True):
            if self._kind(name, qtype) is None:
                continue
            hops = self._hops.setdefault(name, []) if len(self._hops) < _MAX_NAMES else self._hops.get(name)
            if hops is None:
                self._overflow += 1
            elif len(hops) < _MAX_HOPS:
                hops.append(Hop(*row))
            else:
                self._left_out[name] = self._left_out.get(name, 0) + 1

    def _kind(self, name: int, qtype: int) -> tuple[str, str] | None:
        if name not in self._kinds:
            if len(self._kinds) > 10 * _MAX_NAMES:
                self._kinds.clear()  # only a cache: a flood of HINFO or TXT names must not grow it
            self._kinds[name] = probe_kind(self._context.names.text(name), qtype)
        return self._kinds[name]

    def merge(self, other: Measure) -> None:
        for name, hops in other._hops.items():
            mine = self._hops.setdefault(name, [])
            room = _MAX_HOPS - len(mine)
            mine += hops[:room]
            left = other._left_out.get(name, 0) + max(0, len(hops) - room)
            if left:
                self._left_out[name] = self._left_out.get(name, 0) + left
        self._overflow += other._overflow

    def result(self, results: Mapping[str, Any]) -> Probes:
        probes = []
        for name, hops in self._hops.items():
            text = self._context.names.text(name)
            kind = probe_kind(text, HINFO) or probe_kind(text, TXT) or ("", "")
            probe = Probe(text, *kind, hops=hops, left_out=self._left_out.get(name, 0))
            _follow(probe, self._context.options.thresholds)
            probes.append(probe)
        return Probes(sorted(probes, key=lambda p: (p.hops[0].time_ns, p.name)), self._overflow)


def _follow(probe: Probe, limits: Thresholds) -> None:
    """Find the parties, the edges between them, the emitter's attempts and the hop copies."""
    party: dict[int, int] = {probe.emitter: 0}
    parties = [[probe.emitter]]
    received: set[int] = set()
    last_receiver, last_arrival = 0, -(2**63)
    copied: set[int] = set()  # IDs of earlier hop copies
    seen: set[tuple[int, int]] = set()  # (port, ID) that the emitter has used towards itself

    def of(address: int, else_party: int | None) -> int:
        if address not in party:
            if else_party is None:
                else_party = len(parties)
                parties.append([])
            party[address] = else_party
            parties[else_party].append(address)
        return party[address]

    for at, hop in enumerate(probe.hops):
        # A source that has not received the name is another address of its last receiver.
        source = of(hop.src, last_receiver if received else None)
        target = of(hop.dst, None)
        if at == 0:
            copy = False
        elif source == target == 0:
            fresh = (hop.src_port, hop.msg_id) not in seen
            soon = hop.time_ns - last_arrival < limits.probe_copy_ns
            copy = (fresh and soon) or hop.msg_id in copied
        else:
            copy = target == 0 and source in received
        if copy:
            probe.copies.append(at)
            copied.add(hop.msg_id)
        elif source == 0 and hop.dst == probe.server:
            probe.sends.append(at)
        if target == 0:
            last_arrival = hop.time_ns
        seen.add((hop.src_port, hop.msg_id))
        received.add(target)
        last_receiver = target
        probe.edges[source, target] = probe.edges.get((source, target), 0) + 1
    probe.parties = parties
