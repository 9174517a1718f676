"""What a decoder hands over: batches, and the account of what became of every frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from analyzer.messages.batch import MessageBatch
from analyzer.messages.names import NewAddresses, NewNames
from analyzer.messages.table import Column, Table

__all__ = [
    "AnswerBatch",
    "CaptureInfo",
    "ConnectionBatch",
    "DecodeOptions",
    "Decoded",
    "Decoder",
    "InterfaceInfo",
    "Ledger",
    "QuoteBatch",
]


class AnswerBatch(Table):
    """Resource records of the batch's messages (only with `DecodeOptions.answers`); OPT and TSIG are left out."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("row", "u4", "index", "row of the batch's messages that the record stands in"),
        Column("section", "u1", "number", "1 answer, 2 authority, 3 additional"),
        Column("owner", "u4", "name id", "owner name"),
        Column("rtype", "u2", "RR type", "type"),
        Column("rclass", "u2", "class", "class"),
        Column("ttl", "u4", "s", "TTL as sent"),
        Column("message_at", "u4", "octets", "where the whole message begins in `Decoded.wire`"),
        Column("message_len", "u4", "octets", "length of that message as captured"),
        Column("rdata_at", "u4", "octets", "where the rdata begins, counted from the message's first octet"),
        Column("rdata_len", "u2", "octets", "RDLENGTH, never past the message's end"),
    )
    __slots__ = ()


class ConnectionBatch(Table):
    """TCP connections on a DNS port, each once: when it closed, was evicted, or at the end."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("flow", "u4", "id", "the messages' `flow`"),
        Column("file", "u2", "index", "file of the first segment"),
        Column("frame", "u8", "number", "frame of the first segment"),
        Column("src_addr", "u4", "address id", "who opened it (sender of SYN; else the end without the DNS port)"),
        Column("dst_addr", "u4", "address id", "the other end"),
        Column("src_port", "u2", "port", "port of src_addr"),
        Column("dst_port", "u2", "port", "port of dst_addr"),
        Column("first_ns", "i8", "ns since 1970 UTC", "first segment"),
        Column("last_ns", "i8", "ns since 1970 UTC", "last segment"),
        Column("syn_ns", "i8", "ns since 1970 UTC", "first SYN, 0 if none was seen"),
        Column("synack_ns", "i8", "ns since 1970 UTC", "first SYN-ACK, 0 if none"),
        Column("fin_ns", "i8", "ns since 1970 UTC", "first FIN of either end, 0 if none"),
        Column("rst_ns", "i8", "ns since 1970 UTC", "first RST of either end, 0 if none"),
        Column("messages_out", "u4", "messages", "DNS messages from src_addr"),
        Column("messages_in", "u4", "messages", "DNS messages from dst_addr"),
        Column("bytes_out", "u8", "octets", "new payload octets from src_addr"),
        Column("bytes_in", "u8", "octets", "new payload octets from dst_addr"),
        Column("segments", "u4", "frames", "frames of the connection, both ways"),
        Column("repeats", "u4", "frames", "segments that brought no new octet"),
        Column("gaps", "u4", "count", "places where octets were lost and the stream was taken up again"),
        Column("evicted", "u1", "bool", "1 where the table was full and the connection was given up"),
        Column("rst_by_dst", "u1", "bool", "1 where the first RST came from dst_addr"),
    )
    __slots__ = ()


class QuoteBatch(Table):
    """ICMP and ICMPv6 errors that quote a packet from or to a DNS port."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("frame", "u8", "number", "frame of the error"),
        Column("file", "u2", "index", "input file"),
        Column("interface", "u4", "id", "capture interface"),
        Column("time_ns", "i8", "ns since 1970 UTC", "time of the error"),
        Column("sender", "u4", "address id", "who sent the error"),
        Column("receiver", "u4", "address id", "whom it was sent to"),
        Column("version", "u1", "number", "4 ICMP, 6 ICMPv6"),
        Column("icmp_type", "u1", "number", "type"),
        Column("icmp_code", "u1", "number", "code"),
        Column("src_addr", "u4", "address id", "sender of the quoted packet"),
        Column("dst_addr", "u4", "address id", "receiver of the quoted packet"),
        Column("src_port", "u2", "port", "its source port"),
        Column("dst_port", "u2", "port", "its destination port"),
        Column("transport", "u1", "Transport", "0 udp, 1 tcp"),
        Column("msg_id", "u2", "number", "quoted DNS ID (UDP, where the quote reaches it)"),
        Column("flags", "u2", "bits", "quoted DNS flags"),
        Column("qname", "u4", "name id", "quoted name"),
        Column("qname_hash", "u8", "hash", "as in the messages"),
        Column("qtype", "u2", "RR type", "quoted type"),
        Column("qclass", "u2", "class", "quoted class"),
        Column("present", "u4", "Present bits", "QUESTION where the quoted question could be read"),
        Column("has_header", "u1", "bool", "1 where the quote holds the DNS header"),
    )
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class InterfaceInfo:
    """Where frames were captured. `ifindex` is set for SLL2's per-packet interfaces (`name` is then `base:index`).

    `drops` maps a counter to its last value: `ifrecv ifdrop filteraccept osdrop usrdeliv` of an Interface Statistics
    Block.
    """

    id: int
    file: int
    linktype: int
    snaplen: int
    name: str = ""
    description: str = ""
    filter: str = ""
    ifindex: int | None = None
    drops: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaptureInfo:
    """One input file as the decoder found it. `damage` says in words where and how it breaks off, or is empty."""

    file: int
    format: str  # "pcap", "pcap-modified", "pcapng"
    byte_order: str  # "little", "big"
    resolution_ns: int
    linktypes: Sequence[int]
    frames: int
    first_ns: int | None
    last_ns: int | None
    damage: str = ""
    application: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of every frame: `sum(frames.values()) == total`, always.

    Keys: `message`, `part` (of a message completed in another frame), `tcp-control`, `icmp-quote`, `mdns`, `llmnr`,
    `nbns`, `other` (understood, and not DNS), `filtered` (by the BPF filter), and `skipped.REASON` with REASON one of
    `link-type-N`, `snaplen`, `fragment-missing`, `fragment-overlap`, `tcp-gap`, `malformed-link`, `malformed-ip`,
    `malformed-transport`, `malformed-tunnel`, `tunnel-depth`, `dns-header` (fewer than 12 octets), `filter-link-type`
    (the filter does not compile for this link type), `encrypted` (802.11 protected frames).
    `notes` counts what is no frame: `capped-names`, `capped-addresses`, `tcp-evicted`, `tcp-dropped-octets`,
    `fragment-evicted`, `fragment-timeout`, `zero-length-messages`, ….
    """

    total: int = 0
    frames: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """Settings of a decoder; the defaults and their reasons are in `options.py`.

    `programs` maps a LINKTYPE to the BPF program (packed `struct bpf_insn`, 8 octets each, native order) that frames
    must pass; None means no filter.
    """

    ports: frozenset[int] = frozenset({53})
    programs: Mapping[int, bytes] | None = None
    answers: bool = False
    batch_rows: int = 65_536
    max_names: int = 1_000_000
    max_addresses: int = 500_000
    max_connections: int = 50_000
    max_tcp_bytes: int = 64 << 20
    max_fragment_bytes: int = 16 << 20
    max_fragment_groups: int = 4_096
    max_interfaces: int = 4_096
    tunnel_depth: int = 8


@dataclass(frozen=True, slots=True)
class Decoded:
    """One batch. Append `names` and `addresses` to the tree and table before reading the rows."""

    messages: MessageBatch
    names: NewNames
    addresses: NewAddresses
    answers: AnswerBatch
    connections: ConnectionBatch
    quotes: QuoteBatch
    wire: bytes = b""  # the messages that `answers` points into


class Decoder(Protocol):
    """Bytes of captures in, batches out; both decoders have this face and one contract suite holds them to it.

    `open(file)` begins the next file (TCP streams, fragments, names continue), `feed` takes its bytes in pieces of any
    size, `flush` hands over a batch that is not full yet (a live reader does not wait for more), `finish` ends everything.
    `feed` raises `NotACapture` once enough bytes are there to know, `finish` or the
    next `open` where the file was shorter than that (an empty file too). Nothing else about the bytes is an exception.
    """

    name: str  # "native" or "reference"

    def __init__(self, options: DecodeOptions) -> None: ...

    def open(self, file: int) -> None: ...

    def feed(self, data: bytes | bytearray | memoryview) -> list[Decoded]: ...

    def flush(self) -> list[Decoded]: ...

    def finish(self) -> list[Decoded]: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def interfaces(self) -> Sequence[InterfaceInfo]: ...

    @property
    def captures(self) -> Sequence[CaptureInfo]: ...
