"""The captures of tests/corpus, and what is in them; see tests/make_corpus.py."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from tests.builders import (
    ACK,
    CLIENT,
    CLIENT6,
    SERVER,
    SERVER6,
    SOA,
    SYN,
    TSIG,
    A,
    Frame,
    at,
    epb,
    erspan2,
    erspan3,
    ethernet,
    fragment6,
    fragments4,
    fragments6,
    gre,
    icmp,
    idb,
    ipv4,
    ipv6,
    l2tp,
    message,
    mpls,
    name,
    null,
    opt,
    option,
    packet_block,
    pcap,
    pcapng,
    pointer,
    ppp,
    pptp,
    prefixed,
    query,
    question,
    record,
    response,
    shb,
    soa,
    spb,
    tcp,
    udp,
    vxlan,
)

__all__ = ["CASES", "COLUMNS", "Case"]

COLUMNS = (
    "frame src_addr src_port dst_addr dst_port transport msg_id flags qdcount ancount nscount arcount qname qtype encap vni anomalies"
).split()


@dataclass(frozen=True, slots=True)
class Case:
    """One capture: `tshark` says in words why tshark sees other messages, or is empty."""

    name: str
    comment: str
    data: bytes
    rows: list[list[str]]
    ledger: dict[str, int]
    tshark: str = ""
    extra: dict[str, str] = field(default_factory=dict)


CASES: list[Case] = []
WWW = "www.example.org"
ROW = {
    "frame": 1, "src_addr": CLIENT, "src_port": 40000, "dst_addr": SERVER, "dst_port": 53, "transport": "udp", "msg_id": 0x1234,
    "flags": 0x0100, "qdcount": 1, "ancount": 0, "nscount": 0, "arcount": 0, "qname": WWW, "qtype": 1, "encap": "-", "vni": "-",
    "anomalies": "-",
}  # fmt: skip
V6 = {"src_addr": CLIENT6, "dst_addr": SERVER6}
BACK = {"src_addr": SERVER, "src_port": 53, "dst_addr": CLIENT, "dst_port": 40000, "flags": 0x8180}
NO_QUESTION = {"qname": "-", "qtype": "-"}
P4, P6 = ipv4(udp(query())), ipv6(udp(query()))
E4 = ethernet(P4)
OUT, IN = "192.0.2.1", "192.0.2.2"
ADDRESS = record(pointer(12), A, bytes([192, 0, 2, 7]))


def row(**changes: object) -> dict[str, object]:
    return {**ROW, **changes}


def case(name: str, comment: str, data: bytes, *rows: dict[str, object], tshark: str = "", **ledger: int) -> None:
    """Add a capture; the ledger's keys are written with `_` for `-` and `__` for `.`."""
    kinds = {k.replace("__", ".").replace("_", "-"): v for k, v in ledger.items()} or {"message": len(rows)}
    CASES.append(Case(name, comment, data, [[str(r[c]) for c in COLUMNS] for r in rows], kinds, tshark))


def over(inner: bytes, protocol: int) -> bytes:
    return ethernet(ipv4(inner, OUT, IN, protocol))


# ---- containers

case("pcapng-big-endian", "pcapng written on a big-endian machine", pcapng([E4, E4], order=">"), row(), row(frame=2))
case(
    "pcapng-sections",
    "two pcapng sections of different byte order, interfaces and link types",
    pcapng([E4]) + pcapng([P6], 101, ">"),
    row(),
    row(frame=2, **V6),
)
case(
    "pcapng-simple-packets",
    "Simple Packet Blocks, which have no time",
    shb() + idb() + spb(E4) + spb(E4),
    row(),
    row(frame=2),
)
case("pcapng-old-packet-block", "the obsolete Packet Block", shb() + idb() + packet_block(E4), row())
case(
    "pcapng-mixed-blocks",
    "enhanced, simple and obsolete packets of two interfaces in one big-endian section",
    shb(">")
    + idb(1, order=">")
    + idb(101, order=">")
    + epb(E4, 0, ">")
    + spb(E4, ">")
    + packet_block(P4, 1, ">")
    + epb(P6, 1, ">"),
    row(),
    row(frame=2),
    row(frame=3),
    row(frame=4, **V6),
)
case("pcap-nano-big-endian", "nanosecond pcap written on a big-endian machine", pcap([E4], order=">", nano=True), row())
case(
    "pcap-kuznetzov",
    "modified pcap with record headers of 24 octets",
    pcap([E4, E4], modified=True),
    row(),
    row(frame=2),
)
case("pcap-cut", "a pcap that ends inside its second frame", pcap([E4, E4])[:-10], row())

# ---- links

case("mpls", "two MPLS labels", pcap([ethernet(mpls(P4, 16, 17), 0x8847)]), row())
case("mpls-ipv6", "MPLS with IPv6 behind it", pcap([ethernet(mpls(P6, 16), 0x8847)]), row(**V6))
case(
    "mpls-pseudowire",
    "Ethernet over MPLS with a control word",
    pcap([ethernet(mpls(bytes(4) + E4, 16), 0x8847)]),
    row(),
    tshark="does not open pseudowires unless told to",
)
case("ppp", "PPP with and without address and control", pcap([ppp(P4), ppp(P4, framed=False)], 9), row(), row(frame=2))
case("loop", "OpenBSD loopback", pcap([null(P4, 2, ">"), null(P6, 24, ">")], 108), row(), row(frame=2, **V6))

# ---- tunnels

TUNNEL = {"encap": "vxlan", "vni": 42}
case("ipip", "IPv4 in IPv4", pcap([over(P4, 4)]), row(encap="ipip"))
case("ipip-in-ipv6", "IPv4 in IPv6", pcap([ethernet(ipv6(P4, protocol=4))]), row(encap="ipip"))
case(
    "l2tp",
    "L2TP data messages with and without length",
    pcap([ethernet(ipv4(udp(l2tp(ppp(P4), with_length=w), 1701, 1701), OUT, IN)) for w in (True, False)]),
    row(encap="l2tp", vni=4),
    row(frame=2, encap="l2tp", vni=4),
)
case("pptp", "PPTP: GRE version 1", pcap([over(pptp(ppp(P4)), 47)]), row(encap="gre", vni=5))
case("erspan-2", "ERSPAN type II", pcap([over(erspan2(E4), 47)]), row(encap="erspan", vni=9))
case(
    "erspan-3",
    "ERSPAN type III with and without its subheader",
    pcap([over(erspan3(E4), 47), over(erspan3(E4, optional=True), 47)]),
    row(encap="erspan", vni=9),
    row(frame=2, encap="erspan", vni=9),
)
case(
    "vxlan-8472",
    "VXLAN on the port that Linux used before one was assigned",
    pcap([ethernet(ipv4(udp(vxlan(E4), 50000, 8472), OUT, IN))]),
    row(**TUNNEL),
    tshark="does not look for VXLAN on 8472",
)
case(
    "vxlan-gpe-without-p",
    "VXLAN-GPE that names its protocol without setting flag P; the decoders once disagreed about it",
    pcap([ethernet(ipv4(udp(b"\x08\0\0\1\0\0\x2a\0" + P4, 50000, 4790), OUT, IN))]),
    row(encap="vxlan_gpe", vni=42),
)
case(
    "nested",
    "GRE with a key inside VXLAN inside IPIP",
    pcap([over(ipv4(udp(vxlan(ethernet(ipv4(gre(P4, key=7), "10.1.1.1", "10.1.1.2", 47))), 50000, 4789), OUT, IN), 4)]),
    row(encap="gre", vni=7),
)

# ---- TCP

STREAM = prefixed(*(query(f"{n}.example", ident=i) for i, n in enumerate(("one", "two", "three"))))
ONE = 2 + len(query("one.example"))


def segment(payload: bytes = b"", seq: int = 1, flags: int = ACK) -> bytes:
    return ethernet(ipv4(tcp(payload, 1000 + seq, flags=flags), protocol=6))


def tcp_row(frame: int, number: int, **changes: object) -> dict[str, object]:
    qname = f"{('one', 'two', 'three')[number]}.example"
    return {**row(frame=frame, transport="tcp", msg_id=number, qname=qname), **changes}


SYN_FIRST: list[bytes | Frame] = [segment(seq=0, flags=SYN)]
case("tcp-pipelined", "three queries in one segment", pcap([*SYN_FIRST, segment(STREAM)]), *(tcp_row(2, n) for n in range(3)),
     message=1, tcp_control=1)  # fmt: skip
case(
    "tcp-dribble",
    "the length prefix, then the message in two parts, with the next behind it",
    pcap([*SYN_FIRST, segment(STREAM[:2]), segment(STREAM[2:20], 3), segment(STREAM[20:], 21)]),
    *(tcp_row(4, n) for n in range(3)),
    message=1, part=2, tcp_control=1,
)  # fmt: skip
case(
    "tcp-out-of-order",
    "segments in reverse order",
    pcap([*SYN_FIRST, segment(STREAM[60:], 61), segment(STREAM[20:60], 21), segment(STREAM[:20])]),
    *(tcp_row(4, n) for n in range(3)),
    message=1, part=2, tcp_control=1,
)  # fmt: skip
case(
    "tcp-retransmission",
    "a segment sent twice, and one that overlaps both neighbours",
    pcap([*SYN_FIRST, segment(STREAM[:20]), segment(STREAM[:20]), segment(STREAM[10:50], 11), segment(STREAM[40:], 41)]),
    tcp_row(4, 0),
    tcp_row(5, 1),
    tcp_row(5, 2),
    message=2, part=2, tcp_control=1,
)  # fmt: skip
case(
    "tcp-conflict",
    "a retransmission with other octets: those that came first count",
    pcap([*SYN_FIRST, segment(STREAM[:25]), segment(STREAM[:15] + b"0wn" + STREAM[18:25]), segment(STREAM[25:], 26)]),
    tcp_row(4, 0, anomalies="conflicting-overlap"),
    tcp_row(4, 1),
    tcp_row(4, 2),
    message=1, part=2, tcp_control=1,
)  # fmt: skip
case(
    "tcp-joined-in-the-middle",
    "no SYN, and the first segment begins inside a message",
    pcap([segment(STREAM[15:], 16)]),
    tcp_row(1, 1, anomalies="resynchronised"),
    tcp_row(1, 2),
    tshark="takes the first two octets for a length and waits for ever",
    message=1,
)
case(
    "tcp-gap",
    "a segment is missing; the stream is taken up again behind it",
    pcap([*SYN_FIRST, segment(STREAM[:ONE]), segment(STREAM[2 * ONE :], 1 + 2 * ONE)]),
    tcp_row(2, 0),
    tcp_row(3, 2, anomalies="resynchronised"),
    tshark="waits for the lost segment for ever when it reassembles out of order",
    message=2, tcp_control=1,
)  # fmt: skip
case(
    "tcp-empty-messages",
    "a length of zero, then a message of four octets, then real ones",
    pcap([*SYN_FIRST, segment(b"\0\0\0\4tiny"), segment(STREAM, 9)]),
    *(tcp_row(3, n) for n in range(3)),
    tshark="gives a row to the four octets",
    message=1, skipped__dns_header=1, tcp_control=1,
)  # fmt: skip
case(
    "tcp-cut",
    "a segment cut by the snap length inside its message",
    pcap([*SYN_FIRST, at(segment(STREAM[:ONE]), 1, 54 + ONE - 2), at(segment(STREAM[ONE:], 1 + ONE), 2)]),
    tcp_row(2, 0, qtype="-", qname="-", anomalies="cut"),
    tcp_row(3, 1),
    tcp_row(3, 2),
    tshark="reads no further in a stream with a cut segment",
    message=2, tcp_control=1,
)  # fmt: skip

# ---- fragments

ANSWER = response(answers=[ADDRESS] * 4)
ANSWERED = {**BACK, "ancount": 4}
PIECES = fragments4(udp(ANSWER, 53, 40000), 48, 7, SERVER, CLIENT)
case("fragments-reversed", "three IPv4 fragments, the last first", pcap([ethernet(p) for p in PIECES[::-1]]), row(frame=3, **ANSWERED),
     message=1, part=2)  # fmt: skip
case(
    "fragments-ipv6",
    "three IPv6 fragments, and an atomic one (RFC 6946)",
    pcap([ethernet(p) for p in (*fragments6(udp(ANSWER, 53, 40000), 48), ipv6(fragment6(udp(query()), 0, False), protocol=44))]),
    row(frame=3, **{**ANSWERED, **V6}),
    row(frame=4, **V6),
    message=2, part=2,
)  # fmt: skip
case(
    "fragments-repeated",
    "every fragment of the first two twice",
    pcap([ethernet(PIECES[i]) for i in (0, 0, 1, 1, 2)]),
    row(frame=5, **ANSWERED),
    message=1, part=4,
)  # fmt: skip
case(
    "fragments-conflict",
    "a forged fragment overlaps a real one: the datagram is dropped (RFC 5722)",
    pcap(
        [
            ethernet(p)
            for p in (PIECES[0], PIECES[1], ipv4(bytes(48), SERVER, CLIENT, ident=7, offset=48, more=True), PIECES[2])
        ]
    ),
    tshark="takes the octets that came last",
    skipped__fragment_overlap=4,
)
case(
    "fragments-first-only",
    "a first fragment without the rest still has its question",
    pcap([ethernet(PIECES[0])]),
    row(**{**ANSWERED, "anomalies": "first-fragment"}),
    tshark="does not read an incomplete datagram",
    message=1,
)
case(
    "fragments-rest-only",
    "fragments without the first",
    pcap([ethernet(p) for p in PIECES[1:]]),
    skipped__fragment_missing=2,
)

# ---- DNS


def dns(name: str, comment: str, wire: bytes, tshark: str = "", **changes: object) -> None:
    """One UDP datagram with this message."""
    case(name, comment, pcap([ethernet(ipv4(udp(wire)))]), row(**changes), tshark=tshark)


dns("pointer-loop", "a name that is a pointer to itself", message(question(pointer(12))), **NO_QUESTION,
    anomalies="pointer-loop,forward-pointer")  # fmt: skip
dns(
    "pointer-ring",
    "a label, then a pointer back to it",
    message(question(b"\1a" + pointer(12))),
    **NO_QUESTION,
    anomalies="pointer-loop",
)
dns("pointer-forward", "a question that points to a name behind it", message(question(pointer(18)), tail=name("later.example")),
    qname="later.example", anomalies="trailing-bytes,forward-pointer")  # fmt: skip
dns("pointer-past-the-end", "a pointer past the message's end", message(question(pointer(4000))), **NO_QUESTION,
    anomalies="forward-pointer,bad-pointer")  # fmt: skip
dns(
    "label-type-01",
    "the extended label type that RFC 6891 retired",
    message(question(b"\x41\0\0")),
    **NO_QUESTION,
    anomalies="bad-label",
)
dns(
    "label-type-10",
    "a label type that never was assigned",
    message(question(b"\x80\0\0")),
    **NO_QUESTION,
    anomalies="bad-label",
)
dns("long-name", "a name of 256 octets", query(".".join(["a" * 63] * 3 + ["b" * 62])),
    qname=".".join(["a" * 63] * 3 + ["b" * 62]), anomalies="long-name")  # fmt: skip
dns("name-of-any-octets", "a dot, a backslash, a zero, a space and 0xff inside a label", query(b"\7a.b\\\0 \xff\3org\0"),
    qname="a\\.b\\\\\\000\\032\\255.org")  # fmt: skip
dns("mixed-case", "a name with random case (0x20)", query("wWw.eXAmpLe.ORG"))
dns("several-questions", "two questions; the first counts", message(question(), question("b.example", 28)), qdcount=2,
    anomalies="multi-question")  # fmt: skip
dns("no-question", "a header alone", message(), qdcount=0, **NO_QUESTION, anomalies="no-question")
dns("lying-counts", "three questions claimed, one there", message(question(), counts=(3, 0, 0, 0)), qdcount=3,
    anomalies="short-question,multi-question")  # fmt: skip
dns("lying-counts-of-records", "an additional record claimed, none there", message(question(), counts=(1, 0, 0, 1)), arcount=1,
    anomalies="short-record")  # fmt: skip
dns("rdlength-past-the-end", "an A record whose rdata would reach past the message",
    response(answers=[record(pointer(12), A, bytes(4), length=400)]), flags=0x8180, ancount=1, anomalies="short-record")  # fmt: skip
dns("rdlength-of-an-address", "an A record of five octets", response(answers=[record(pointer(12), A, bytes(5))]), flags=0x8180, ancount=1,
    anomalies="bad-rdata")  # fmt: skip
dns("trailing-bytes", "octets behind the last record", message(question(), tail=b"\0\0\0"), anomalies="trailing-bytes")
dns("edns-options", "ECS, cookie, EDE, keepalive, padding and an unknown option, with DO",
    message(question(), additional=[opt(option(8, b"\0\1\x18\0\xc0\0\2"), option(10, bytes(8)), option(15, b"\0\x16stale"),
            option(11, b""), option(12, bytes(9)), option(65001, b"?"), flags=0x8000)]), arcount=1)  # fmt: skip
dns(
    "edns-twice",
    "two OPT records",
    message(question(), additional=[opt(), opt()]),
    arcount=2,
    anomalies="duplicate-opt",
)
dns("edns-misplaced", "OPT as an answer", response(answers=[opt()]), flags=0x8180, ancount=1, anomalies="misplaced-opt")
dns("edns-option-too-long", "an option that reaches past its record", message(question(), additional=[opt(b"\0\3\0\x09nsid")]),
    arcount=1, anomalies="bad-rdata")  # fmt: skip
dns("tsig", "a signed query", message(question(), additional=[record("key.example", TSIG,
    name("hmac-sha256") + struct.pack(">HIHH", 0, 1_700_000_000, 300, 4) + b"\1\2\3\4" + struct.pack(">HHH", 0x1234, 0, 0), 0, 255)]),
    arcount=1)  # fmt: skip
dns("update", "an UPDATE that deletes a record (RFC 2136)",
    message(question("example.org", SOA), flags=0x2800, authority=[record("old.example.org", A, b"", 0, 255)]),
    flags=0x2800, nscount=1, qname="example.org", qtype=6)  # fmt: skip
dns("notify", "a NOTIFY with the zone's SOA (RFC 1996)",
    message(question("example.org", SOA), flags=0x2400, answers=[record(pointer(12), SOA, soa())]),
    flags=0x2400, ancount=1, qname="example.org", qtype=6)  # fmt: skip
dns("chaos", "version.bind in class CH", message(question("version.bind", 16, 3)), qname="version.bind", qtype=16)
dns("reserved-bit", "header bit Z and an unassigned opcode", message(question(), flags=0x7940), flags=0x7940,
    anomalies="reserved-bit,unassigned-opcode")  # fmt: skip
dns("dso", "a DNS Stateful Operations keepalive (RFC 8490): no counts, then TLVs", message(flags=0x3000, tail=b"\0\1\0\x08" + bytes(8)),
    flags=0x3000, qdcount=0, **NO_QUESTION)  # fmt: skip
case("udp-empty", "datagrams of no and of eleven octets", pcap([ethernet(ipv4(udp(b""))), ethernet(ipv4(udp(query()[:11])))]),
     tshark="gives a row to the eleven octets", skipped__dns_header=2)  # fmt: skip
case(
    "udp-lengths",
    "UDP lengths beyond the packet, below the header, and inside the message",
    pcap([ethernet(ipv4(udp(query(), length=n))) for n in (60, 4, 20)]),
    row(anomalies="bad-length"),
    row(frame=3, **NO_QUESTION, anomalies="short-question"),
    message=2, skipped__dns_header=1,
)  # fmt: skip
case("icmp-quote", "a port-unreachable error that quotes a query", pcap([ethernet(ipv4(icmp(P4), "10.9.9.9", CLIENT, 1))]),
     tshark="gives the quoted query a row", icmp_quote=1)  # fmt: skip
