"""Tunnels: innermost addresses are the message's, the outermost around them and the identifier are kept."""

from __future__ import annotations

import struct

import pytest

from analyzer.messages import Encap, Present
from tests.builders import (
    SERVER,
    SERVER6,
    erspan2,
    erspan3,
    ethernet,
    extension,
    fragment6,
    geneve,
    gre,
    gtpu,
    ipv4,
    ipv6,
    l2tp,
    mpls,
    pcap,
    ppp,
    pptp,
    query,
    udp,
    vlan,
    vxlan,
    vxlan_gpe,
)
from tests.decode.runs import Reader

P4, P6 = ipv4(udp(query())), ipv6(udp(query()))
E4 = ethernet(P4)
OUT, IN = "192.0.2.1", "192.0.2.2"


def over_udp(payload: bytes, dport: int, sport: int = 50000) -> bytes:
    return ipv4(udp(payload, sport, dport), OUT, IN)


def over_ip(payload: bytes, protocol: int) -> bytes:
    return ipv4(payload, OUT, IN, protocol)


TUNNELS = {
    "vxlan": (over_udp(vxlan(E4), 4789), Encap.VXLAN, 42),
    "vxlan-8472": (over_udp(vxlan(E4), 8472), Encap.VXLAN, 42),
    "vxlan-by-source-port": (over_udp(vxlan(E4), 50000, 4789), Encap.VXLAN, 42),
    "vxlan-tagged": (over_udp(vxlan(ethernet(vlan(P4), 0x8100)), 4789), Encap.VXLAN, 42),
    "vxlan-gpe": (over_udp(vxlan_gpe(E4), 4790), Encap.VXLAN_GPE, 42),
    "vxlan-gpe-ipv4": (over_udp(vxlan_gpe(P4, 1), 4790), Encap.VXLAN_GPE, 42),
    "vxlan-gpe-ipv6": (over_udp(vxlan_gpe(P6, 2), 4790), Encap.VXLAN_GPE, 42),
    "geneve": (over_udp(geneve(E4), 6081), Encap.GENEVE, 42),
    "geneve-options": (over_udp(geneve(E4, options=bytes(12)), 6081), Encap.GENEVE, 42),
    "geneve-ipv4": (over_udp(geneve(P4, kind=0x0800), 6081), Encap.GENEVE, 42),
    "gre": (over_ip(gre(P4), 47), Encap.GRE, None),
    "gre-key": (over_ip(gre(P4, key=9), 47), Encap.GRE, 9),
    "gre-everything": (over_ip(gre(P6, 0x86DD, key=9, checksum=True, sequence=3), 47), Encap.GRE, 9),
    "gre-ethernet": (over_ip(gre(E4, 0x6558), 47), Encap.GRE, None),
    "gre-over-udp": (over_udp(gre(P4), 4754), Encap.GRE, None),
    "pptp": (over_ip(pptp(ppp(P4), 5), 47), Encap.GRE, 5),
    "erspan-1": (over_ip(gre(E4, 0x88BE), 47), Encap.ERSPAN, None),
    "erspan-2": (over_ip(erspan2(E4, 9), 47), Encap.ERSPAN, 9),
    "erspan-3": (over_ip(erspan3(E4, 10), 47), Encap.ERSPAN, 10),
    "erspan-3-subheader": (over_ip(erspan3(E4, 10, optional=True), 47), Encap.ERSPAN, 10),
    "ipip": (over_ip(P4, 4), Encap.IPIP, None),
    "sit": (over_ip(P6, 41), Encap.SIT, None),
    "mpls-in-ip": (over_ip(mpls(P4, 16), 137), Encap.IPIP, None),
    "gtpu": (over_udp(gtpu(P4), 2152), Encap.GTPU, 77),
    "gtpu-extension": (over_udp(gtpu(P6, extensions=b"\x01\0\0\0"), 2152), Encap.GTPU, 77),
    "teredo": (over_udp(P6, 3544), Encap.TEREDO, None),
    "teredo-origin": (over_udp(b"\0\0" + bytes(6) + P6, 50000, 3544), Encap.TEREDO, None),
    "teredo-authentication": (over_udp(b"\0\1\0\0" + bytes(9) + P6, 3544), Encap.TEREDO, None),
    "l2tp": (over_udp(l2tp(ppp(P4)), 1701), Encap.L2TP, 4),
    "l2tp-no-length": (over_udp(l2tp(ppp(P4), with_length=False), 1701), Encap.L2TP, 4),
}


@pytest.mark.parametrize("tunnel", TUNNELS)
def test_a_query_inside(decoder: Reader, tunnel: str) -> None:
    packet, encap, vni = TUNNELS[tunnel]
    got = decoder(pcap([ethernet(packet)]))
    ((dst, outer_src, outer_dst, kind, number, present),) = got.rows(
        "dst_addr", "outer_src", "outer_dst", "encap", "vni", "present"
    )
    assert dst in (SERVER, SERVER6)
    assert (outer_src, outer_dst, kind) == (OUT, IN, encap)
    assert present & Present.OUTER
    assert bool(present & Present.VNI) == (vni is not None)
    assert number == (vni or 0)


def test_nested_tunnels_keep_the_outermost_addresses_and_the_innermost_identifier(decoder: Reader) -> None:
    inner = ipv4(gre(P4), "198.51.100.1", "198.51.100.2", 47)
    got = decoder(pcap([ethernet(over_udp(vxlan(ethernet(inner), 7), 4789))]))
    assert got.rows("outer_src", "outer_dst", "encap", "vni") == [(OUT, IN, Encap.GRE, 7)]


def test_depth_is_bounded(decoder: Reader) -> None:
    packet = P4
    packets = []
    for _ in range(9):
        packet = ipv4(packet, OUT, IN, 4)
        packets.append(ethernet(packet))
    assert decoder(pcap(packets)).kinds == {"message": 8, "skipped.tunnel-depth": 1}
    assert decoder(pcap(packets), tunnel_depth=2).kinds == {"message": 2, "skipped.tunnel-depth": 7}


def test_a_dns_port_comes_before_a_tunnel_port(decoder: Reader) -> None:
    got = decoder(pcap([ethernet(ipv4(udp(query(), 4789, 53)))]))
    assert got.rows("src_port", "encap") == [(4789, 0)]


@pytest.mark.parametrize(
    ("packet", "kind"),
    [
        (over_udp(bytes(20), 4789), "other"),  # no I flag
        (over_udp(b"\x08\0\0", 4789), "skipped.malformed-tunnel"),
        (over_udp(b"\x40" + bytes(20), 6081), "other"),
        (over_udp(b"\x32\x01\0\0\0\0\0\1", 2152), "other"),  # echo request
        (over_udp(b"\x10 no teredo", 3544), "other"),
        (over_udp(struct.pack(">HHHH", 0xC802, 8, 1, 0), 1701), "other"),  # control
        (over_ip(struct.pack(">HH", 0x4000, 0x0800) + P4, 47), "skipped.malformed-tunnel"),
        (over_ip(b"\x45\0", 4), "skipped.malformed-ip"),
        (over_ip(bytes(20), 50), "other"),
    ],
)
def test_what_is_no_tunnel(decoder: Reader, packet: bytes, kind: str) -> None:
    assert decoder(pcap([ethernet(packet)])).kinds == {kind: 1}


def test_ipv6_extension_headers(decoder: Reader) -> None:
    plain = udp(query())
    hop_by_hop = ipv6(extension(extension(plain, octets=24), following=60), protocol=0)
    atomic = ipv6(fragment6(plain, 0, False), protocol=44)
    authentication = ipv6(bytes([17, 4]) + bytes(22) + plain, protocol=51)
    got = decoder(pcap([ethernet(p) for p in (hop_by_hop, atomic, authentication)]))
    assert got.rows("frame", "qname", "ip_ttl") == [(n, "www.example.org", 64) for n in (1, 2, 3)]


def test_ipv4_options_and_lengths(decoder: Reader) -> None:
    options = ipv4(udp(query()), options=b"\x01" * 8, ttl=9, ident=77)
    offload = ipv4(udp(query()), total=0)
    lies = ipv4(udp(query()), total=2000)
    short = ipv4(udp(query()), total=12)
    got = decoder(pcap([ethernet(p) for p in (options, offload, lies, short)]))
    assert got.rows("frame", "ip_ttl", "ip_id", "anomalies") == [(1, 9, 77, 0), (2, 64, 0, 0), (3, 64, 0, 0)]
    assert got.kinds == {"message": 3, "skipped.malformed-ip": 1}


def test_ip_hash_is_blind_to_what_routers_change(decoder: Reader) -> None:
    near, far = ipv4(udp(query()), ttl=64), ipv4(udp(query()), ttl=60)
    far = far[:10] + b"\xab\xcd" + far[12:]
    other = ipv4(udp(query()), ident=1)
    (one,), (two,), (three,) = decoder(pcap([ethernet(p) for p in (near, far, other)])).rows("ip_hash")
    assert one == two != three


def test_udp_lengths(decoder: Reader) -> None:
    bad_length = 1 << 17
    message = query()
    packets = [
        udp(message, length=len(message) + 8 + 50),
        udp(message + b"xyz", length=len(message) + 8),
        udp(message, length=4),
        udp(message, length=8 + 12),
        udp(b"too short"),
    ]
    got = decoder(pcap([ethernet(ipv4(p)) for p in packets]))
    assert got.rows("frame", "size", "anomalies") == [
        (1, len(message) + 50, bad_length),
        (2, len(message), 0),
        (4, 12, 1 << 1),  # the question is past the UDP length
    ]
    assert got.kinds == {"message": 3, "skipped.dns-header": 2}


@pytest.mark.parametrize(
    ("sport", "dport", "dst", "kind"),
    [
        (5353, 5353, "224.0.0.251", "mdns"),
        (40000, 5353, SERVER, "mdns"),
        (5355, 40000, SERVER, "llmnr"),
        (137, 137, SERVER, "nbns"),
        (40000, 123, SERVER, "other"),
    ],
)
def test_ports_that_are_not_dns(decoder: Reader, sport: int, dport: int, dst: str, kind: str) -> None:
    packet = ethernet(ipv4(udp(query(), sport, dport), dst=dst))
    assert decoder(pcap([packet])).kinds == {kind: 1}
    # A port that was asked for is DNS, but multicast DNS stays what it is.
    asked = decoder(pcap([packet]), ports=frozenset({dport})).kinds
    assert asked == ({"mdns": 1} if dst == "224.0.0.251" else {"message": 1})
