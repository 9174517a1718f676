"""Every link layer that can carry DNS gives the message behind it."""

from __future__ import annotations

import struct

import pytest

from tests.builders import (
    at,
    ethernet,
    ipv4,
    ipv6,
    mpls,
    nflog,
    null,
    pcap,
    pktap,
    ppi,
    ppp,
    pppoe,
    query,
    radiotap,
    sll,
    sll2,
    tagged,
    udp,
    vlan,
    wlan,
)
from tests.decode.runs import Reader

P4, P6 = ipv4(udp(query())), ipv6(udp(query()))
SNAP = b"\xaa\xaa\x03\0\0\0"
MACS = bytes(12)

CARRIERS = {
    "ethernet": (1, ethernet(P4)),
    "ethernet-ipv6": (1, ethernet(P6)),
    "vlan": (1, ethernet(vlan(P4), 0x8100)),
    "qinq": (1, ethernet(struct.pack(">H", 5) + tagged(vlan(P4), 0x8100), 0x88A8)),
    "five-tags": (1, MACS + (b"\x81\x00\0\x01" * 5) + tagged(P4)),
    "mpls": (1, ethernet(mpls(P4, 16), 0x8847)),
    "mpls-three-labels-ipv6": (1, ethernet(mpls(P6, 16, 17, 18), 0x8847)),
    "mpls-pseudowire": (1, ethernet(mpls(bytes(4) + ethernet(P4), 16), 0x8847)),
    "pppoe": (1, ethernet(pppoe(P4), 0x8864)),
    "llc-snap": (1, MACS + struct.pack(">H", len(SNAP) + 2 + len(P4)) + SNAP + tagged(P4)),
    "mac-in-mac": (1, ethernet(bytes(4) + ethernet(P4), 0x88E7)),
    "ppp": (9, ppp(P4)),
    "ppp-compressed": (9, b"\x21" + P4),
    "ppp-ipv6": (9, ppp(P6, 0x0057)),
    "ppp-hdlc": (50, ppp(P4)),
    "ppp-hdlc-cisco": (50, b"\x0f\0" + tagged(P4)),
    "ppp-ether": (51, pppoe(P4)),
    "raw": (101, P4),
    "raw-12": (12, P6),
    "raw-14": (14, P4),
    "ipv4": (228, P4),
    "ipv6": (229, P6),
    "null": (0, null(P4)),
    "null-swapped": (0, null(P4, 2, ">")),
    "null-ipv6-bsd": (0, null(P6, 24)),
    "null-ipv6-macos": (0, null(P6, 30)),
    "loop": (108, null(P4, 2, ">")),
    "chdlc": (104, b"\x0f\0" + tagged(P4)),
    "frame-relay": (107, b"\x18\x41\x03\xcc" + P4),
    "frame-relay-snap": (107, b"\x18\x41\x03\0\x80\0\0\0" + tagged(P4)),
    "sll": (113, sll(P4)),
    "sll-vlan": (113, sll(b"", 0)[:14] + b"\x81\x00" + vlan(P4)),
    "sll2": (276, sll2(P4)),
    "wlan": (105, wlan(P4)),
    "wlan-qos": (105, wlan(P4, qos=True)),
    "radiotap": (127, radiotap(wlan(P6))),
    "ppi": (192, ppi(wlan(P4), 105)),
    "nflog": (239, nflog(P4)),
    "nflog-ipv6": (239, nflog(P6, 10)),
    "pktap": (258, pktap(ethernet(P4), 1)),
    "pktap-old-number": (149, pktap(P4, 12)),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_query_behind(decoder: Reader, carrier: str) -> None:
    linktype, packet = CARRIERS[carrier]
    got = decoder(pcap([packet], linktype))
    assert got.rows("qname", "src_port", "dst_port", "encap") == [("www.example.org", 40000, 53, 0)]
    assert got.kinds == {"message": 1}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_cut_anywhere_it_is_skipped_for_the_snap_length_or_marked_as_cut(decoder: Reader, carrier: str) -> None:
    linktype, packet = CARRIERS[carrier]
    got = decoder(pcap([at(packet, 0, snap) for snap in range(len(packet))], linktype))
    kinds = got.kinds
    assert sum(kinds.values()) == len(packet)
    assert set(kinds) <= {"message", "skipped.snaplen", "other", "skipped.malformed-ip"}
    assert all(anomalies & 1 for (anomalies,) in got.rows("anomalies"))


def test_cooked_direction_and_interface_index(decoder: Reader) -> None:
    got = decoder(pcap([sll2(P4, 7, 4), sll2(P4, 3, 0), sll2(P4, 7, 4)], 276))
    assert got.rows("interface", "direction") == [(1, 4), (2, 0), (1, 4)]
    assert [(i.id, i.name, i.ifindex) for i in got.decoder.interfaces] == [(0, "", None), (1, ":7", 7), (2, ":3", 3)]
    direction = 1 << 5
    assert all(present & direction for (present,) in got.rows("present"))
    assert decoder(pcap([sll(P4, 3)], 113)).rows("direction") == [(3,)]


@pytest.mark.parametrize(
    ("linktype", "packet", "kind"),
    [
        (1, ethernet(b"\0\x01\x08\0", 0x0806), "other"),
        (1, ethernet(P4)[:13], "skipped.malformed-link"),
        (1, ethernet(pppoe(P4), 0x8863), "other"),
        (105, wlan(P4, protected=True), "skipped.encrypted"),
        (105, b"\x80\0" + bytes(30), "other"),
        (101, b"\x50" + bytes(40), "skipped.malformed-ip"),
        (9, ppp(P4, 0xC021), "other"),
        (253, bytes(40), "other"),
        (147, P4, "skipped.link-type-147"),
        (192, ppi(P4, 147), "skipped.link-type-147"),
        (0, null(P4, 99), "other"),
    ],
)
def test_what_is_not_dns_is_counted_by_its_reason(decoder: Reader, linktype: int, packet: bytes, kind: str) -> None:
    assert decoder(pcap([packet], linktype)).kinds == {kind: 1}


def test_ethernet_padding_is_no_part_of_the_message(decoder: Reader) -> None:
    got = decoder(pcap([ethernet(P4) + bytes(20)]))
    assert got.rows("size", "anomalies") == [(len(query()), 0)]
