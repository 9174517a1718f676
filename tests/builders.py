"""Packets and captures for tests, from small functions that compose: `pcap([ethernet(ipv4(udp(message(...))))])`.

Nothing is checked: lengths, counts and offsets can be given wrong on purpose. Addresses are text, times nanoseconds.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Question = tuple[str, int, int]

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, OPT, TSIG = 1, 2, 5, 6, 12, 15, 16, 28, 41, 250
IN = 1
CLIENT, SERVER = "10.0.0.1", "10.0.0.53"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8::53"
START_NS = 1_700_000_000_000_000_000


def ip(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


# ---- DNS


def name(text: str) -> bytes:
    """Uncompressed wire form; `.` or the empty text is the root."""
    labels = [label.encode("latin-1") for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def pointer(offset: int) -> bytes:
    return struct.pack(">H", 0xC000 | offset)


def question(qname: str | bytes = "www.example.org", qtype: int = A, qclass: int = IN) -> bytes:
    return (qname if isinstance(qname, bytes) else name(qname)) + struct.pack(">HH", qtype, qclass)


def record(
    owner: str | bytes, rtype: int, rdata: bytes, ttl: int = 300, rclass: int = IN, length: int | None = None
) -> bytes:
    wire = owner if isinstance(owner, bytes) else name(owner)
    return wire + struct.pack(">HHIH", rtype, rclass, ttl, len(rdata) if length is None else length) + rdata


def soa(mname: str = "ns.example.org", rname: str = "admin.example.org", minimum: int = 60) -> bytes:
    return name(mname) + name(rname) + struct.pack(">5I", 1, 7200, 3600, 86400, minimum)


def option(code: int, data: bytes) -> bytes:
    return struct.pack(">HH", code, len(data)) + data


def opt(
    *options: bytes, size: int = 1232, flags: int = 0, version: int = 0, ext_rcode: int = 0, owner: bytes = b"\0"
) -> bytes:
    return record(owner, OPT, b"".join(options), ext_rcode << 24 | version << 16 | flags, size)


def message(
    *questions: bytes,
    ident: int = 0x1234,
    flags: int = 0x0100,
    answers: Sequence[bytes] = (),
    authority: Sequence[bytes] = (),
    additional: Sequence[bytes] = (),
    counts: tuple[int, int, int, int] | None = None,
    tail: bytes = b"",
) -> bytes:
    """A message; `counts` lies about its sections."""
    real = (len(questions), len(answers), len(authority), len(additional))
    header = struct.pack(">6H", ident, flags, *(real if counts is None else counts))
    return header + b"".join((*questions, *answers, *authority, *additional)) + tail


def query(qname: str | bytes = "www.example.org", qtype: int = A, ident: int = 0x1234) -> bytes:
    return message(question(qname, qtype), ident=ident)


def response(
    qname: str = "www.example.org", qtype: int = A, ident: int = 0x1234, rcode: int = 0, **sections: Sequence[bytes]
) -> bytes:
    return message(question(qname, qtype), ident=ident, flags=0x8180 | rcode, **sections)  # type: ignore[arg-type]  # only section lists are passed


# ---- transport


def udp(payload: bytes, sport: int = 40000, dport: int = 53, length: int | None = None) -> bytes:
    return struct.pack(">4H", sport, dport, len(payload) + 8 if length is None else length, 0) + payload


FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def tcp(
    payload: bytes = b"",
    seq: int = 0,
    sport: int = 40000,
    dport: int = 53,
    flags: int = ACK,
    ack: int = 0,
    options: bytes = b"",
) -> bytes:
    offset = (20 + len(options)) // 4 << 4
    return struct.pack(">HHIIBBHHH", sport, dport, seq % (1 << 32), ack, offset, flags, 65535, 0, 0) + options + payload


def prefixed(*messages: bytes) -> bytes:
    """Messages with their length prefixes, as TCP carries them."""
    return b"".join(struct.pack(">H", len(m)) + m for m in messages)


def icmp(quoted: bytes, kind: int = 3, code: int = 3) -> bytes:
    return struct.pack(">BBHI", kind, code, 0, 0) + quoted


# ---- network


def ipv4(
    payload: bytes,
    src: str = CLIENT,
    dst: str = SERVER,
    protocol: int = 17,
    *,
    ttl: int = 64,
    ident: int = 0,
    offset: int = 0,
    more: bool = False,
    options: bytes = b"",
    total: int | None = None,
) -> bytes:
    size = 20 + len(options)
    where = offset // 8 | (0x2000 if more else 0)
    length = size + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, length & 0xFFFF, ident, where, ttl, protocol, 0)
    return head + ip(src) + ip(dst) + options + payload


def ipv6(
    payload: bytes,
    src: str = CLIENT6,
    dst: str = SERVER6,
    protocol: int = 17,
    *,
    hops: int = 64,
    length: int | None = None,
) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(payload) if length is None else length, protocol, hops)
    return head + ip(src) + ip(dst) + payload


def extension(payload: bytes, following: int = 17, octets: int = 8) -> bytes:
    """An IPv6 extension header (hop-by-hop, routing, destination) of `octets` octets before `payload`."""
    return bytes([following, octets // 8 - 1]) + bytes(octets - 2) + payload


def fragment6(payload: bytes, offset: int, more: bool, ident: int = 1, following: int = 17) -> bytes:
    return struct.pack(">BBHI", following, 0, offset | more, ident) + payload


def fragments4(
    payload: bytes, size: int, ident: int = 7, src: str = CLIENT, dst: str = SERVER, protocol: int = 17
) -> list[bytes]:
    """IPv4 fragments of at most `size` (a multiple of 8) payload octets."""
    return [
        ipv4(payload[at : at + size], src, dst, protocol, ident=ident, offset=at, more=at + size < len(payload))
        for at in range(0, len(payload), size)
    ]


def fragments6(payload: bytes, size: int, ident: int = 7) -> list[bytes]:
    return [
        ipv6(fragment6(payload[at : at + size], at, at + size < len(payload), ident), protocol=44)
        for at in range(0, len(payload), size)
    ]


# ---- tunnels


def vxlan(inner: bytes, vni: int = 42, flags: int = 8) -> bytes:
    return struct.pack(">BBHI", flags, 0, 0, vni << 8) + inner


def vxlan_gpe(inner: bytes, protocol: int = 3, vni: int = 42) -> bytes:
    return struct.pack(">BBBBI", 0x0C, 0, 0, protocol, vni << 8) + inner


def geneve(inner: bytes, vni: int = 42, kind: int = 0x6558, options: bytes = b"") -> bytes:
    return struct.pack(">BBHI", len(options) // 4, 0, kind, vni << 8) + options + inner


def gre(
    inner: bytes, kind: int = 0x0800, key: int | None = None, checksum: bool = False, sequence: int | None = None
) -> bytes:
    flags = (0x8000 if checksum else 0) | (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    fields = (bytes(4) if checksum else b"") + b"".join(struct.pack(">I", v) for v in (key, sequence) if v is not None)
    return struct.pack(">HH", flags, kind) + fields + inner


def pptp(inner: bytes, call: int = 5) -> bytes:
    """GRE version 1 with a sequence number; `inner` is PPP."""
    return struct.pack(">HHHHI", 0x3001, 0x880B, len(inner), call, 1) + inner


def erspan2(inner: bytes, session: int = 9) -> bytes:
    return gre(struct.pack(">HHI", 0x1000, session, 0) + inner, 0x88BE, sequence=1)


def erspan3(inner: bytes, session: int = 9, optional: bool = False) -> bytes:
    head = struct.pack(">HHIHH", 0x2000, session, 0, 0, 1 if optional else 0) + (bytes(8) if optional else b"")
    return gre(head + inner, 0x22EB, sequence=1)


def gtpu(inner: bytes, teid: int = 77, extensions: bytes = b"") -> bytes:
    if not extensions:
        return struct.pack(">BBHI", 0x30, 255, len(inner), teid) + inner
    return struct.pack(">BBHIHBB", 0x34, 255, len(inner), teid, 0, 0, 0x85) + extensions + inner


def l2tp(inner: bytes, tunnel: int = 3, session: int = 4, with_length: bool = True) -> bytes:
    """A data message; `inner` is PPP."""
    if with_length:
        return struct.pack(">HHHH", 0x4002, len(inner) + 8, tunnel, session) + inner
    return struct.pack(">HHH", 0x0002, tunnel, session) + inner


# ---- links


def ethernet(payload: bytes, kind: int | None = None) -> bytes:
    """Ethernet II; the type follows the IP version where it is not given."""
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + tagged(payload, kind)


def tagged(payload: bytes, kind: int | None = None) -> bytes:
    """An Ethernet type and what it announces."""
    if kind is None:
        kind = 0x86DD if payload and payload[0] >> 4 == 6 else 0x0800
    return struct.pack(">H", kind) + payload


def vlan(payload: bytes, number: int = 100) -> bytes:
    """Tag and the type behind it, to stand after type 0x8100 or 0x88a8."""
    return struct.pack(">H", number) + tagged(payload)


def mpls(payload: bytes, *labels: int) -> bytes:
    return (
        b"".join(struct.pack(">I", n << 12 | (i == len(labels) - 1) << 8 | 64) for i, n in enumerate(labels)) + payload
    )


def ppp(payload: bytes, protocol: int = 0x0021, framed: bool = True) -> bytes:
    return (b"\xff\x03" if framed else b"") + struct.pack(">H", protocol) + payload


def pppoe(payload: bytes) -> bytes:
    body = ppp(payload, framed=False)
    return struct.pack(">BBHH", 0x11, 0, 1, len(body)) + body


def sll(payload: bytes, kind: int = 0) -> bytes:
    return struct.pack(">HHH8s", kind, 1, 6, bytes(8)) + tagged(payload)


def sll2(payload: bytes, ifindex: int = 2, kind: int = 0) -> bytes:
    wire = tagged(payload)
    return wire[:2] + struct.pack(">HIHBB8s", 0, ifindex, 1, kind, 6, bytes(8)) + wire[2:]


def null(payload: bytes, family: int = 2, order: str = "<") -> bytes:
    return struct.pack(order + "I", family) + payload


def wlan(payload: bytes, qos: bool = False, protected: bool = False) -> bytes:
    control = bytes([0x88 if qos else 0x08, 0x41 if protected else 0x01])
    snap = b"\xaa\xaa\x03\0\0\0" + tagged(payload)
    return control + bytes(22) + (b"\0\0" if qos else b"") + snap


def radiotap(frame: bytes) -> bytes:
    return struct.pack("<BBHI", 0, 0, 8, 0) + frame


def ppi(frame: bytes, linktype: int) -> bytes:
    return struct.pack("<BBHI", 0, 0, 8, linktype) + frame


def nflog(payload: bytes, family: int = 2) -> bytes:
    return (
        bytes([family, 0, 0, 0])
        + struct.pack("<HH", 8, 10)
        + b"tag\0"
        + struct.pack("<HH", len(payload) + 4, 9)
        + payload
    )


def pktap(frame: bytes, linktype: int) -> bytes:
    return struct.pack("<3I", 108, 1, linktype) + bytes(96) + frame


# ---- containers


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame with its time and, where it was cut, its original length."""

    data: bytes
    time_ns: int
    length: int


def frames(packets: Iterable[bytes | Frame], step_ns: int = 1_000_000) -> list[Frame]:
    """Frames a millisecond apart, for packets that have no time of their own."""
    out = []
    for index, packet in enumerate(packets):
        out.append(packet if isinstance(packet, Frame) else at(packet, index * step_ns))
    return out


def at(packet: bytes, after_ns: int, snap: int | None = None) -> Frame:
    """A packet `after_ns` after the start, cut to `snap` octets."""
    return Frame(packet[:snap], START_NS + after_ns, len(packet))


def pcap(
    packets: Iterable[bytes | Frame],
    linktype: int = 1,
    *,
    order: str = "<",
    nano: bool = False,
    modified: bool = False,
    minor: int = 4,
) -> bytes:
    """A pcap file; `modified` is Kuznetzov's."""
    magic = 0xA1B23C4D if nano else 0xA1B2CD34 if modified else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, minor, 0, 0, 262144, linktype)]
    for frame in frames(packets):
        seconds, rest = divmod(frame.time_ns, 10**9)
        lengths = (len(frame.data), frame.length) if minor > 2 else (frame.length, len(frame.data))
        out.append(struct.pack(order + "4I", seconds, rest if nano else rest // 1000, *lengths))
        out.append(bytes(8) if modified else b"")
        out.append(frame.data)
    return b"".join(out)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    size = struct.pack(order + "I", len(padded(body)) + 12)
    return struct.pack(order + "I", kind) + size + padded(body) + size


def options(order: str = "<", **values: bytes) -> bytes:
    """pcapng options by number: `options(_2=b"eth0")`."""
    body = b"".join(
        struct.pack(order + "HH", int(key[1:]), len(value)) + padded(value) for key, value in values.items()
    )
    return body + bytes(4) if body else b""


def shb(order: str = "<", extra: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + extra, order)


def idb(linktype: int = 1, snaplen: int = 0, order: str = "<", extra: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", linktype, 0, snaplen) + extra, order)


def epb(packet: bytes | Frame, interface: int = 0, order: str = "<", units: int = 1_000, after_ns: int = 0) -> bytes:
    frame = packet if isinstance(packet, Frame) else at(packet, after_ns)
    stamp = frame.time_ns // units
    head = struct.pack(order + "5I", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(frame.data), frame.length)
    return block(6, head + frame.data, order)


def spb(packet: bytes, order: str = "<", length: int | None = None) -> bytes:
    return block(3, struct.pack(order + "I", len(packet) if length is None else length) + packet, order)


def packet_block(packet: bytes, interface: int = 0, order: str = "<", after_ns: int = 0) -> bytes:
    """The obsolete Packet Block."""
    stamp = (START_NS + after_ns) // 1000
    head = struct.pack(order + "HHIIII", interface, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(packet), len(packet))
    return block(2, head + packet, order)


def isb(interface: int = 0, order: str = "<", extra: bytes = b"") -> bytes:
    return block(5, struct.pack(order + "III", interface, 0, 0) + extra, order)


def pcapng(packets: Iterable[bytes | Frame], linktype: int = 1, order: str = "<") -> bytes:
    """One section, one interface, microseconds."""
    return shb(order) + idb(linktype, order=order) + b"".join(epb(frame, order=order) for frame in frames(packets))
