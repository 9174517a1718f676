"""The meaning of decoding, in Python, in RFC order. It may never be optimised: the native decoder is the same, fast.

What the RFCs leave open is settled in docs/decoding.md. dnspython, scapy and tshark are held against it in tests.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from typing import Any

from analyzer.decode import (
    reference_bpf,
    reference_dns,
    reference_links,
    reference_network,
    reference_tunnels,
)
from analyzer.decode.reference_containers import Interfaces, Reader, Record, reader_for
from analyzer.decode.reference_fragments import Fragments, Group
from analyzer.decode.reference_packet import Layer, Packet, Skip, Step
from analyzer.decode.reference_stream import Found
from analyzer.decode.reference_tables import Batch
from analyzer.decode.reference_tcp import Connections
from analyzer.dns.anomalies import Anomaly
from analyzer.errors import NotACapture
from analyzer.messages import CaptureInfo, Decoded, DecodeOptions, InterfaceInfo, Ledger, Present, Transport

__all__ = ["ReferenceDecoder"]

LAYERS: dict[str, Layer] = {**reference_links.LAYERS, **reference_network.LAYERS, **reference_tunnels.LAYERS}
DNS_HEADER = 12
UDP, TCP = 17, 6


class ReferenceDecoder:
    """The `Decoder` protocol of analyzer.messages.decoded, and what it means."""

    name = "reference"

    def __init__(self, options: DecodeOptions) -> None:
        self.options = options
        self._frames: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._total = 0
        self._batch = Batch(options, self._notes)
        self._interfaces = Interfaces(options.max_interfaces)
        self._fragments = Fragments(options, self._frames, self._notes)
        self._connections = Connections(
            options, mark=self._mark, found=self._tcp_message, ended=self._batch.connection, note=self._note,
            intern=self._batch.addresses.intern,
        )  # fmt: skip
        self._programs = {link: reference_bpf.parse(code) for link, code in (options.programs or {}).items()}
        self._readers: list[Reader] = []
        self._reader: Reader | None = None
        self._file: int | None = None
        self._start = b""

    # ---- files

    def open(self, file: int) -> None:
        """Begin the next file. Raises NotACapture where the one before was too short to be one."""
        self._end_file()
        self._file = file

    def feed(self, data: bytes | bytearray | memoryview) -> list[Decoded]:
        """Take the file's next octets; returns the batches that are full. Raises NotACapture."""
        if self._file is None:
            raise ValueError("feed before open")
        octets = bytes(data)
        if self._reader is None:
            self._start += octets
            if len(self._start) < 4:
                return []
            octets, self._start = self._start, b""
            self._reader = self._refused(lambda: reader_for(octets, self._file or 0, self._interfaces))
        reader = self._reader
        records = self._refused(lambda: reader.feed(octets))
        if reader.known and (not self._readers or self._readers[-1] is not reader):
            self._readers.append(reader)
        number = reader.frames - len(records)
        for record in records:
            number += 1
            self._frame(record, number)
        return self._batch.take()

    def _refused(self, work: Any) -> Any:
        """Run `work`; after NotACapture the file counts as ended."""
        try:
            return work()
        except NotACapture:
            self._file, self._reader, self._start = None, None, b""
            raise

    def _end_file(self) -> None:
        file, reader, start = self._file, self._reader, self._start
        self._file, self._reader, self._start = None, None, b""
        if file is None:
            return
        if reader is None:
            raise NotACapture("the file ends inside its header" if start else "the file is empty")
        reader.end()

    def flush(self) -> list[Decoded]:
        """The rows of the batch that is not full yet; everything goes on as before."""
        self._batch.finish()
        return self._batch.take()

    def finish(self) -> list[Decoded]:
        """End everything: fragments, connections, the last batch."""
        self._end_file()
        self._fragments.finish()
        self._first_fragments()
        self._connections.finish()
        self._batch.finish()
        return self._batch.take()

    @property
    def ledger(self) -> Ledger:
        frames = {kind: count for kind, count in sorted(self._frames.items()) if count}
        return Ledger(self._total, frames, {note: count for note, count in sorted(self._notes.items()) if count})

    @property
    def interfaces(self) -> Sequence[InterfaceInfo]:
        return tuple(self._interfaces.infos)

    @property
    def captures(self) -> Sequence[CaptureInfo]:
        return tuple(reader.info() for reader in self._readers)

    # ---- frames

    def _mark(self, packet: Packet, kind: str) -> None:
        """The ledger's word for a frame, in place of the one it had."""
        if packet.kind:
            self._frames[packet.kind] -= 1
        self._frames[kind] += 1
        packet.kind = kind

    def _note(self, name: str, count: int) -> None:
        self._notes[name] += count

    def _frame(self, record: Record, number: int) -> None:
        self._total += 1
        self._fragments.expire(record.time_ns)
        self._first_fragments()
        packet = Packet(
            self, number, self._file or 0, record.interface or 0, record.time_ns, record.cut, self.options.ports,
            self.options.tunnel_depth, order=self._total,
        )  # fmt: skip
        try:
            kind = self._filter(record) or self._walk(packet, self._link(record), record.data)
        except Skip as skip:
            kind = str(skip)
        if packet.kind != kind:
            self._mark(packet, kind)
        if packet.parts:
            self._frames["skipped.fragment-missing"] -= packet.parts
            self._frames["part" if kind in ("message", "skipped.tcp-gap") else kind] += packet.parts
        self._fragments.trim()
        self._first_fragments()

    def _filter(self, record: Record) -> str:
        """The word for a frame that the BPF filter keeps out, or nothing."""
        if self.options.programs is None or record.interface is None:
            return ""
        program = self._programs.get(record.linktype)
        if program is None:
            return "skipped.filter-link-type"
        return "" if reference_bpf.accepts(program, record.data, record.length) else "filtered"

    def _link(self, record: Record) -> str:
        if record.interface is None:
            raise Skip("skipped.malformed-link")
        if record.linktype not in reference_links.LINKTYPES:
            raise Skip(f"skipped.link-type-{record.linktype}")
        return reference_links.LINKTYPES[record.linktype]

    def _walk(self, packet: Packet, layer: str, data: bytes) -> str:
        """From the outside inwards, until a layer has the ledger's word."""
        step: Step = (layer, data)
        while not isinstance(step, str):
            step = LAYERS[step[0]](packet, step[1])
        return step

    # ---- what the layers hand over (Sink)

    def sll2(self, packet: Packet, ifindex: int) -> None:
        packet.interface = self._interfaces.indexed(packet.interface, ifindex)

    def datagram(self, packet: Packet, payload: bytes, length: int) -> str:
        """A UDP datagram on a DNS port; `length` is the UDP header's."""
        if not packet.first_fragment and (length < 8 or length > packet.room):
            packet.anomalies |= Anomaly.BAD_LENGTH
        size = max(0, length - 8)
        missing = len(payload) < size and packet.cut
        if len(payload) < DNS_HEADER:
            return "skipped.snaplen" if missing and size >= DNS_HEADER else "skipped.dns-header"
        if missing:
            packet.anomalies |= Anomaly.CUT
        message = reference_dns.read(payload, size, missing or packet.first_fragment)
        self._batch.message(packet, message, {"size": size})
        return "message"

    def segment(self, packet: Packet, header: bytes, payload: bytes) -> str:
        return self._connections.segment(packet, header, payload)

    def _tcp_message(self, flow: int, found: Found) -> None:
        message = reference_dns.read(found.wire, found.size, len(found.wire) < found.size)
        message.out.anomalies |= found.anomalies
        more = {"transport": int(Transport.TCP), "flow": flow, "tcp_seq": found.seq, "size": found.size}
        self._batch.message(found.packet, message, {**more, "present": int(Present.FLOW)})

    def fragment(
        self, packet: Packet, key: tuple[Any, ...], protocol: int, offset: int, more: bool, data: bytes, cut: bool
    ) -> Step:
        """An IP fragment: the whole datagram goes on where this one completes it."""
        if cut:
            return self._cut_fragment(packet, protocol, offset, data)
        whole = self._fragments.add(packet, key, protocol, offset, more, data)
        if isinstance(whole, str):
            return whole
        packet.protocol = whole[0]
        return "reassembled", whole[1]

    def _cut_fragment(self, packet: Packet, protocol: int, offset: int, data: bytes) -> str:
        if offset == 0 and self._question_of(packet, protocol, data):
            return "message"
        raise packet.short("ip")

    def _question_of(self, packet: Packet, protocol: int, data: bytes) -> bool:
        """A row for the first fragment of a datagram whose rest is missing, if it is UDP on a DNS port."""
        if protocol != UDP or len(data) < 8 + DNS_HEADER:
            return False
        packet.src_port, packet.dst_port, length = struct.unpack_from(">HHH", data)
        if not {packet.src_port, packet.dst_port} & self.options.ports:
            return False
        if not reference_dns.read(data[8:], max(0, length - 8), True).out.present & Present.QUESTION:
            return False
        packet.first_fragment = True
        packet.anomalies |= Anomaly.FIRST_FRAGMENT
        return self.datagram(packet, data[8:], length) == "message"

    def _first_fragments(self) -> None:
        """Groups that were given up: their frames stay counted as missing, but for a first fragment with a question."""
        for group in self._fragments.take_ended():
            self._first_fragment(group)

    def _first_fragment(self, group: Group) -> None:
        if group.first is not None and self._question_of(*group.first):
            self._mark(group.first[0], "message")

    def quote(self, packet: Packet, version: int, kind: int, code: int, quoted: bytes) -> str:
        """An ICMP error: a row if it quotes a packet from or to a DNS port."""
        inner = reference_network.quoted_transport(quoted)
        if inner is None or inner[2] not in (UDP, TCP) or len(inner[3]) < 4:
            return "other"
        src, dst, protocol, data = inner
        src_port, dst_port = struct.unpack_from(">HH", data)
        if not {src_port, dst_port} & self.options.ports:
            return "other"
        intern = self._batch.addresses.intern
        row = {
            "frame": packet.frame, "file": packet.file, "interface": packet.interface, "time_ns": packet.time_ns,
            "sender": intern(packet.src), "receiver": intern(packet.dst), "version": version, "icmp_type": kind, "icmp_code": code,
            "src_addr": intern(src), "dst_addr": intern(dst), "src_port": src_port, "dst_port": dst_port,
            "transport": int(Transport.TCP if protocol == TCP else Transport.UDP),
        }  # fmt: skip
        if protocol == UDP and len(data) >= 8 + DNS_HEADER:
            self._quoted_question(row, data[8:])
        self._batch.quote(row)
        return "icmp-quote"

    def _quoted_question(self, row: dict[str, int], wire: bytes) -> None:
        out = reference_dns.read(wire, len(wire), True).out
        row |= {"msg_id": out.msg_id, "flags": out.flags, "has_header": 1}
        if out.present & Present.QUESTION:
            form = reference_dns.wire_form(out.qname)
            row["qname"] = self._batch.names.intern(out.qname)[0]
            row["qname_hash"] = reference_dns.hash64(form.lower())
            row |= {"qtype": out.qtype, "qclass": out.qclass, "present": int(Present.QUESTION)}
