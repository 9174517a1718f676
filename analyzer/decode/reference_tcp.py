"""The meaning of TCP connections on DNS ports (RFC 9293); may not be optimised.

A connection is told by its innermost addresses and ports, whatever interface or tunnel a segment was seen on: a copy of a
segment is a retransmission.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from analyzer.decode.reference_packet import Packet
from analyzer.decode.reference_stream import GAP, RANK, Found, Stream
from analyzer.messages import DecodeOptions

__all__ = ["Connection", "Connections"]

FIN, SYN, RST, ACK = 1, 2, 4, 16
LINGER_NS = 10_000_000_000  # copies and retransmissions of the last segments still find their connection
COUNTED = "syn_ns synack_ns fin_ns rst_ns messages_out messages_in segments repeats evicted rst_by_dst".split()
PATIENCE_NS = 2_000_000_000  # a lost segment is sent again within the least retransmission time-outs (RFC 6298: 1 s)

End = tuple[bytes, int]


@dataclass(slots=True)
class Connection:
    """Both directions; index 0 is the opener's."""

    flow: int
    ends: tuple[End, End]
    row: dict[str, int]
    streams: tuple[Stream, Stream]
    fins: set[int] = field(default_factory=set)
    closed_ns: int | None = None
    waiting: int = 0


class Connections:
    """All connections, the one whose last segment is the longest ago first."""

    def __init__(
        self,
        options: DecodeOptions,
        *,
        mark: Callable[[Packet, str], None],
        found: Callable[[int, Found], None],
        ended: Callable[[dict[str, int]], None],
        note: Callable[[str, int], None],
        intern: Callable[[bytes], int],
    ) -> None:
        self.options = options
        self.mark, self.found, self.ended, self.note, self.intern = mark, found, ended, note, intern
        self.table: dict[frozenset[End], Connection] = {}
        self.closed: dict[int, Connection] = {}  # in order of closing
        self.flows = 0
        self.waiting = 0

    def segment(self, packet: Packet, header: bytes, payload: bytes) -> str:
        """One segment; returns the ledger's word for its frame, which may change when later segments come."""
        self._linger(packet.time_ns)
        seq, flags = struct.unpack_from(">I", header, 4)[0], header[13]
        missing = max(0, packet.room - len(header) - len(payload)) if packet.cut else 0
        connection, way = self._find(packet, seq, flags)
        stream = connection.streams[way]
        self._times(connection, way, packet, flags)
        for each in connection.streams:
            while (came := each.oldest_later_ns()) is not None and packet.time_ns - came > PATIENCE_NS:
                each.give_up()
        if flags & SYN:
            seq += 1
            if stream.first is None:
                stream.begin(seq, True)
        if payload or missing:
            self.mark(packet, GAP)
            if not stream.add(packet, seq % (1 << 32), payload, missing):
                connection.row["repeats"] += 1
                self.mark(packet, "part")
        self._bound(connection)
        return packet.kind or "tcp-control"

    def _find(self, packet: Packet, seq: int, flags: int) -> tuple[Connection, int]:
        """The connection of a segment, made if need be, and which way the segment goes."""
        sender, receiver = (packet.src, packet.src_port), (packet.dst, packet.dst_port)
        key = frozenset((sender, receiver))
        known = self.table.pop(key, None)
        if known is not None:
            way = 0 if known.ends[0] == sender else 1
            first = known.streams[way].first
            if not flags & SYN or first is None or first == (seq + 1) % (1 << 32):
                self.table[key] = known  # now the latest
                return known, way
            self._end(known, evicted=False)
        while len(self.table) >= max(1, self.options.max_connections):
            self._evict()
        opener_sends = self._opener_sends(packet, flags)
        ends = (sender, receiver) if opener_sends else (receiver, sender)
        self.table[key] = made = self._make(packet, ends)
        return made, 0 if made.ends[0] == sender else 1

    def _opener_sends(self, packet: Packet, flags: int) -> bool:
        if flags & SYN:
            return not flags & ACK
        return not (packet.src_port in packet.ports and packet.dst_port not in packet.ports)

    def _make(self, packet: Packet, ends: tuple[End, End]) -> Connection:
        row = dict.fromkeys(COUNTED, 0)
        row |= {
            "flow": self.flows, "file": packet.file, "frame": packet.frame, "first_ns": packet.time_ns,
            "src_addr": self.intern(ends[0][0]), "dst_addr": self.intern(ends[1][0]),
            "src_port": ends[0][1], "dst_port": ends[1][1],
        }  # fmt: skip
        flow = self.flows
        self.flows += 1
        out = Stream(self._settle, lambda found: self._message(row, "messages_out", flow, found), self.note)
        back = Stream(self._settle, lambda found: self._message(row, "messages_in", flow, found), self.note)
        return Connection(flow, ends, row, (out, back))

    def _settle(self, packet: Packet, kind: str) -> None:
        """A frame's word only ever rises."""
        if RANK[kind] > RANK.get(packet.kind, -1):
            self.mark(packet, kind)

    def _message(self, row: dict[str, int], count: str, flow: int, found: Found) -> None:
        row[count] += 1
        self.found(flow, found)

    def _times(self, connection: Connection, way: int, packet: Packet, flags: int) -> None:
        row = connection.row
        row["last_ns"] = packet.time_ns
        row["segments"] += 1
        if flags & SYN:
            name = "synack_ns" if flags & ACK else "syn_ns"
            row[name] = row[name] or packet.time_ns
        if flags & FIN:
            row["fin_ns"] = row["fin_ns"] or packet.time_ns
            connection.fins.add(way)
        if flags & RST and not row["rst_ns"]:
            row["rst_ns"], row["rst_by_dst"] = packet.time_ns, way
        if connection.closed_ns is None and (flags & RST or len(connection.fins) == 2):
            connection.closed_ns = packet.time_ns
            self.closed[connection.flow] = connection

    def _bound(self, connection: Connection) -> None:
        """Evict while more octets wait than may."""
        waiting = sum(stream.waiting for stream in connection.streams)
        self.waiting += waiting - connection.waiting
        connection.waiting = waiting
        while self.waiting > self.options.max_tcp_bytes:
            self._evict()

    def _evict(self) -> None:
        key, connection = next(iter(self.table.items()))
        del self.table[key]
        self._end(connection, evicted=connection.closed_ns is None)

    def _linger(self, now_ns: int) -> None:
        """End connections that closed more than 10 s ago, in order of closing."""
        while self.closed:
            connection = next(iter(self.closed.values()))
            if connection.closed_ns is None or now_ns - connection.closed_ns <= LINGER_NS:
                return
            del self.table[frozenset(connection.ends)]
            self._end(connection, evicted=False)

    def _end(self, connection: Connection, *, evicted: bool) -> None:
        """The connection is over (and no longer in the table): give up its gaps and hand over its row."""
        self.closed.pop(connection.flow, None)
        self.waiting -= connection.waiting
        row = connection.row
        for stream in connection.streams:
            stream.end()
        if evicted:
            self.note("tcp-evicted", 1)
        row["evicted"] = int(evicted)
        row["bytes_out"], row["bytes_in"] = (stream.octets for stream in connection.streams)
        row["gaps"] = sum(stream.gaps for stream in connection.streams)
        self.ended(row)

    def finish(self) -> None:
        """End all, in order of flow."""
        for connection in sorted(self.table.values(), key=lambda c: c.flow):
            self._end(connection, evicted=False)
        self.table = {}
