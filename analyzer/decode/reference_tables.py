"""The meaning of ids and batches: dictionaries that only grow, and rows collected into columns; may not be optimised."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

import numpy as np

from analyzer.decode.reference_dns import Message, hash64, wire_form
from analyzer.decode.reference_packet import Packet
from analyzer.dns.anomalies import Anomaly
from analyzer.messages import (
    OTHERS,
    AnswerBatch,
    ConnectionBatch,
    Decoded,
    DecodeOptions,
    MessageBatch,
    NewAddresses,
    NewNames,
    Present,
    QuoteBatch,
    Transport,
)
from analyzer.messages.table import Table

__all__ = ["Addresses", "Batch", "Names", "message_row"]

T = TypeVar("T", bound=Table)

SAME = "edns_size edns_flags edns_version edns_options ext_rcode ede answer_ttl answer_matches".split()
MAX_WIRE = 64 << 20
OPT, TSIG = 41, 250


class Names:
    """The name tree, from the root downwards; past the cap new leaves become their parent's `(others)`."""

    def __init__(self, cap: int, notes: Counter[str]) -> None:
        self.cap, self.notes = cap, notes
        self.labels: list[bytes] = [b""]
        self.parents: list[int] = [0]
        self.children: dict[tuple[int, bytes], int] = {}
        self.given = 1  # nodes already handed over

    def intern(self, labels: list[bytes]) -> tuple[int, bool]:
        """The node of a name (leftmost label first), and whether the cap cut it off."""
        node = 0
        for label in reversed(labels):
            child = self.children.get((node, label.lower()))
            if child is None and len(self.labels) >= self.cap:
                self.notes["capped-names"] += 1
                return self._others(node), True
            node = self._add(node, label) if child is None else child
        return node, False

    def _others(self, parent: int) -> int:
        if self.labels[parent].lower() == OTHERS:
            return parent
        return self.children.get((parent, OTHERS)) or self._add(parent, OTHERS)

    def _add(self, parent: int, label: bytes) -> int:
        self.labels.append(label)
        self.parents.append(parent)
        self.children[parent, label.lower()] = len(self.labels) - 1
        return len(self.labels) - 1

    def take(self) -> NewNames:
        """What was added since the last call."""
        first, self.given = self.given, len(self.labels)
        labels = self.labels[first:]
        ends = np.cumsum([len(label) for label in labels], dtype=np.uint32)
        return NewNames(first, np.array(self.parents[first:], np.uint32), ends, b"".join(labels))


class Addresses:
    """The address table; past the cap one entry stands for all."""

    def __init__(self, cap: int, notes: Counter[str]) -> None:
        self.cap, self.notes = cap, notes
        self.packed: list[bytes] = [b"\x04" + bytes(16)]
        self.ids = {self.packed[0]: 0}
        self.given = 1

    def intern(self, packed: bytes) -> int:
        known = self.ids.get(packed)
        if known is not None:
            return known
        if len(self.packed) >= self.cap:
            self.notes["capped-addresses"] += 1
            packed = bytes(17)
            if packed in self.ids:
                return self.ids[packed]
        self.ids[packed] = len(self.packed)
        self.packed.append(packed)
        return self.ids[packed]

    def take(self) -> NewAddresses:
        first, self.given = self.given, len(self.packed)
        return NewAddresses(first, b"".join(self.packed[first:]))


class Batch:
    """Rows of the batch that is being filled, and the batches that are done."""

    def __init__(self, options: DecodeOptions, notes: Counter[str]) -> None:
        self.options = options
        self.names = Names(options.max_names, notes)
        self.addresses = Addresses(options.max_addresses, notes)
        self.done: list[Decoded] = []
        self._begin()

    def _begin(self) -> None:
        self.messages: list[dict[str, int]] = []
        self.answers: list[dict[str, int]] = []
        self.connections: list[dict[str, int]] = []
        self.quotes: list[dict[str, int]] = []
        self.wire = bytearray()

    def message(self, packet: Packet, message: Message, more: dict[str, int]) -> None:
        """One row; `more` holds the columns of its transport."""
        row = message_row(packet, message, self.names, self.addresses)
        row["present"] |= more.pop("present", 0)
        row.update(more)
        self.messages.append(row)
        if self.options.answers:
            self._answers(message)
        self._end_if(len(self.messages))

    def _answers(self, message: Message) -> None:
        at = len(self.wire)
        for record in message.out.records:
            labels = None if record.rtype in (OPT, TSIG) else message.owner(record)
            if labels is None:
                continue
            self.answers.append({
                "row": len(self.messages) - 1, "section": record.section, "owner": self.names.intern(labels)[0],
                "rtype": record.rtype, "rclass": record.rclass, "ttl": record.ttl, "message_at": at,
                "message_len": len(message.wire), "rdata_at": record.rdata, "rdata_len": record.length,
            })  # fmt: skip
            if len(self.wire) == at:
                self.wire += message.wire

    def connection(self, row: dict[str, int]) -> None:
        self.connections.append(row)
        self._end_if(len(self.connections))

    def quote(self, row: dict[str, int]) -> None:
        self.quotes.append(row)
        self._end_if(len(self.quotes))

    def _end_if(self, rows: int) -> None:
        if rows >= self.options.batch_rows or len(self.wire) >= MAX_WIRE:
            self.end()

    def end(self) -> None:
        """Close the batch."""
        self.done.append(
            Decoded(
                table(MessageBatch, self.messages),
                self.names.take(),
                self.addresses.take(),
                table(AnswerBatch, self.answers),
                table(ConnectionBatch, self.connections),
                table(QuoteBatch, self.quotes),
                bytes(self.wire),
            )
        )
        self._begin()

    def finish(self) -> None:
        """The last batch, if there is anything in it."""
        new = len(self.names.labels) > self.names.given or len(self.addresses.packed) > self.addresses.given
        if new or self.messages or self.connections or self.quotes:
            self.end()

    def take(self) -> list[Decoded]:
        out, self.done = self.done, []
        return out


def table(kind: type[T], rows: list[dict[str, int]]) -> T:
    """Rows to columns; what a row does not name is 0."""
    return kind({c.name: np.array([row.get(c.name, 0) for row in rows], c.dtype) for c in kind.COLUMNS})


def message_row(packet: Packet, message: Message, names: Names, addresses: Addresses) -> dict[str, int]:
    """All columns of one message but those of TCP; ids are given out in the order that docs/decoding.md lists."""
    out = message.out
    row: dict[str, int] = {
        "frame": packet.frame, "file": packet.file, "interface": packet.interface, "time_ns": packet.time_ns,
        "src_port": packet.src_port, "dst_port": packet.dst_port, "transport": Transport.UDP, "ip_ttl": packet.ip_ttl,
        "ip_hash": hash64(packet.ip_header), "msg_id": out.msg_id, "flags": out.flags,
        "payload_hash": hash64(message.wire),
    }  # fmt: skip
    row.update(zip(("qdcount", "ancount", "nscount", "arcount"), out.counts, strict=True))
    present, anomalies = out.present, out.anomalies | packet.anomalies
    if present & Present.QUESTION:
        anomalies |= _question(row, message, names)
    for name in SAME:
        row[name] = getattr(out, name)
    if present & Present.CNAME:
        row["answer_cname"] = names.intern(out.answer_cname)[0]
    if present & Present.NS:
        row["ns_owner"] = names.intern(out.ns_owner)[0]
    if present & Present.SOA:
        row["soa_ttl"], row["soa_minimum"] = out.soa_ttl, out.soa_minimum
        row["soa_owner"] = names.intern(out.soa_owner)[0]
    row["src_addr"], row["dst_addr"] = addresses.intern(packet.src), addresses.intern(packet.dst)
    present |= _around(row, packet, addresses)
    if present & Present.ADDRESS:
        row["answer_addr"] = addresses.intern(out.answer_addr)
    row["anomalies"], row["present"] = anomalies, present
    return row


def _question(row: dict[str, int], message: Message, names: Names) -> int:
    out = message.out
    wire = wire_form(out.qname)
    row["qname"], capped = names.intern(out.qname)
    row["qname_hash"], row["case_hash"] = hash64(wire.lower()), hash64(wire) & 0xFFFFFFFF
    row["qtype"], row["qclass"] = out.qtype, out.qclass
    return Anomaly.CAPPED_NAME if capped else 0


def _around(row: dict[str, int], packet: Packet, addresses: Addresses) -> int:
    """Columns of what surrounds the message: IPv4 identification, cooked direction, tunnels."""
    present = 0
    values: dict[str, tuple[Any, int]] = {
        "ip_id": (packet.ip_id, Present.IP_ID),
        "direction": (packet.direction, Present.DIRECTION),
        "vni": (packet.vni, Present.VNI),
    }
    for name, (value, bit) in values.items():
        if value is not None:
            row[name] = value
            present |= bit
    if packet.outer is not None:
        row["outer_src"], row["outer_dst"] = (addresses.intern(address) for address in packet.outer)
        row["encap"] = packet.encap
        present |= Present.OUTER
    return present
