"""ICMP errors that quote a DNS packet are rows of their own, never messages."""

from __future__ import annotations

import pytest

from analyzer.messages import Present
from tests.builders import (
    CLIENT,
    CLIENT6,
    SERVER,
    SERVER6,
    Frame,
    ethernet,
    extension,
    icmp,
    ipv4,
    ipv6,
    pcap,
    query,
    tcp,
    udp,
)
from tests.decode.runs import Reader

ROUTER = "10.9.9.9"
QUOTED = ipv4(udp(query(qtype=28)))
COLUMNS = (
    "sender",
    "receiver",
    "version",
    "icmp_type",
    "icmp_code",
    "src_addr",
    "dst_addr",
    "src_port",
    "dst_port",
    "transport",
)
ENDS = (CLIENT, SERVER, 40000, 53)


def error(quoted: bytes, kind: int = 3, code: int = 3) -> bytes | Frame:
    return ethernet(ipv4(icmp(quoted, kind, code), ROUTER, CLIENT, 1))


@pytest.mark.parametrize(("kind", "code"), [(3, 3), (3, 4), (11, 0), (12, 0), (5, 1), (4, 0)])
def test_errors_that_quote_a_query(decoder: Reader, kind: int, code: int) -> None:
    got = decoder(pcap([error(QUOTED, kind, code)]))
    assert got.table(got.quotes, *COLUMNS) == [(ROUTER, CLIENT, 4, kind, code, *ENDS, 0)]
    assert got.table(got.quotes, "msg_id", "flags", "qname", "qtype", "qclass", "present", "has_header") == [
        (0x1234, 0x0100, "www.example.org", 28, 1, Present.QUESTION, 1)
    ]
    assert got.kinds == {"icmp-quote": 1}
    assert len(got.messages) == 0


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_icmpv6(decoder: Reader, kind: int) -> None:
    quoted = ipv6(extension(udp(query())), protocol=60)
    got = decoder(pcap([ethernet(ipv6(icmp(quoted, kind, 0), "fe80::1", CLIENT6, 58))]))
    assert got.table(got.quotes, *COLUMNS) == [("fe80::1", CLIENT6, 6, kind, 0, CLIENT6, SERVER6, 40000, 53, 0)]
    assert got.table(got.quotes, "qname") == [("www.example.org",)]


@pytest.mark.parametrize(
    ("octets", "has_header", "has_question"),
    [(20 + 4, 0, 0), (20 + 8, 0, 0), (20 + 8 + 12, 1, 0), (20 + 8 + 12 + 20, 1, 0), (20 + 8 + 12 + 21, 1, 1)],
)
def test_short_quotes(decoder: Reader, octets: int, has_header: int, has_question: int) -> None:
    got = decoder(pcap([error(QUOTED[:octets])]))
    assert got.table(got.quotes, "has_header", "present") == [(has_header, has_question)]


def test_a_quoted_tcp_segment(decoder: Reader) -> None:
    got = decoder(pcap([error(ipv4(tcp(b"", 1), protocol=6))]))
    assert got.table(got.quotes, "src_port", "transport", "has_header") == [(40000, 1, 0)]


@pytest.mark.parametrize(
    "packet",
    [
        error(QUOTED, 8, 0),
        error(QUOTED[:23]),
        error(ipv4(udp(query(), 1, 2))),
        error(ipv4(udp(query()), offset=8)),
        error(ipv4(b"12345678", protocol=1)),
        error(b""),
        ethernet(ipv6(icmp(QUOTED, 128), protocol=58)),
    ],
)
def test_what_is_no_quote(decoder: Reader, packet: bytes) -> None:
    got = decoder(pcap([packet]))
    assert (got.kinds, len(got.quotes)) == ({"other": 1}, 0)
