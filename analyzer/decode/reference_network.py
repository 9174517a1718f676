"""The meaning of IPv4, IPv6, ICMP, UDP and TCP headers, in the order of their RFCs; may not be optimised."""

from __future__ import annotations

import struct

from analyzer.decode.reference_packet import Layer, Packet, Skip, Step
from analyzer.decode.reference_tunnels import udp_tunnel
from analyzer.messages import Encap

__all__ = ["LAYERS", "packed", "quoted_transport"]

MDNS_GROUPS = (b"\x04\xe0\x00\x00\xfb" + bytes(12), b"\x06" + bytes.fromhex("ff0200000000000000000000000000fb"))
EXTENSIONS = {0, 43, 60, 135, 139, 140}  # length in units of 8 octets, less the first; AH (51) counts in 4, less 2
FRAGMENT, AUTHENTICATION = 44, 51
PROTOCOLS = {
    1: "icmp", 4: "ipip", 6: "tcp", 17: "udp", 41: "sit", 47: "gre", 58: "icmpv6", 115: "l2tpv3", 137: "mpls-in-ip",
}  # fmt: skip


def packed(address: bytes) -> bytes:
    """An address as the table holds it: 4 or 6, and 16 octets."""
    return bytes([4 if len(address) == 4 else 6]) + address.ljust(16, b"\0")


def ipv4(packet: Packet, data: bytes) -> Step:
    """RFC 791 section 3.1."""
    packet.need(data, 20, "ip")
    size, total = (data[0] & 15) * 4, struct.unpack_from(">H", data, 2)[0]
    if data[0] >> 4 != 4 or size < 20 or (total and total < size):
        raise Skip("skipped.malformed-ip")
    packet.need(data, size, "ip")
    header = data[:size]
    packet.src, packet.dst = packed(header[12:16]), packed(header[16:20])
    packet.ip_id = struct.unpack_from(">H", header, 4)[0]
    packet.ip_ttl = header[8]
    packet.ip_header = header[:8] + b"\0" + header[9:10] + b"\0\0" + header[12:]
    # A total length of 0 is what segmentation offload leaves: to the end of the frame.
    claimed = total - size if total else len(data) - size
    body = data[size : size + claimed]
    where = struct.unpack_from(">H", header, 6)[0]
    offset, more = (where & 0x1FFF) * 8, bool(where & 0x2000)
    protocol = header[9]
    if offset or more:
        key = (4, packet.src, packet.dst, packet.ip_id, protocol)
        return packet.sink.fragment(packet, key, protocol, offset, more, body, len(body) < claimed)
    return upper(packet, protocol, body, claimed)


def ipv6(packet: Packet, data: bytes) -> Step:
    """RFC 8200 section 3; a payload length of 0 (jumbo, or offload) means to the end of the frame."""
    packet.need(data, 40, "ip")
    if data[0] >> 4 != 6:
        raise Skip("skipped.malformed-ip")
    length = struct.unpack_from(">H", data, 4)[0]
    packet.src, packet.dst = packed(data[8:24]), packed(data[24:40])
    packet.ip_id = None
    packet.ip_ttl = data[7]
    packet.ip_header = data[:7] + b"\0" + data[8:40]
    claimed = length or len(data) - 40
    return extension(packet, data[6], data[40 : 40 + claimed], claimed)


def extension(packet: Packet, protocol: int, data: bytes, claimed: int) -> Step:
    """RFC 8200 section 4: extension headers, in any order; and AH (RFC 4302) in both families."""
    while True:
        if protocol in EXTENSIONS:
            packet.need(data, 8, "ip")
            size = (data[1] + 1) * 8
        elif protocol == AUTHENTICATION:
            packet.need(data, 8, "ip")
            size = (data[1] + 2) * 4
        elif protocol == FRAGMENT and packet.src[0] == 6:
            packet.need(data, 8, "ip")
            where, ident = struct.unpack_from(">HI", data, 2)
            offset, more = where & 0xFFF8, bool(where & 1)
            if offset or more:
                key = (6, packet.src, packet.dst, ident, 0)
                return packet.sink.fragment(packet, key, data[0], offset, more, data[8:], len(data) < claimed)
            size = 8  # RFC 6946: an atomic fragment is whole
        else:
            break
        packet.need(data, size, "ip")
        protocol, data, claimed = data[0], data[size:], claimed - size
    return transport(packet, protocol, data, claimed)


def upper(packet: Packet, protocol: int, data: bytes, claimed: int) -> Step:
    """What an IPv4 header's protocol field says comes next."""
    if protocol == AUTHENTICATION:
        return extension(packet, protocol, data, claimed)
    return transport(packet, protocol, data, claimed)


def transport(packet: Packet, protocol: int, data: bytes, claimed: int) -> Step:
    """The layer of an IP protocol number."""
    packet.room = claimed
    return (PROTOCOLS[protocol], data) if protocol in PROTOCOLS else "other"


def reassembled(packet: Packet, data: bytes) -> Step:
    """What a datagram's fragments held; a layer of its own, so that fragments within fragments need no stack."""
    if packet.src[0] == 4:
        return upper(packet, packet.protocol, data, len(data))
    return extension(packet, packet.protocol, data, len(data))


def ipip(packet: Packet, data: bytes) -> Step:
    """RFC 2003: an IPv4 packet in an IP packet."""
    packet.enter(Encap.IPIP)
    return "ipv4", data


def sit(packet: Packet, data: bytes) -> Step:
    """RFC 4213: an IPv6 packet in an IP packet."""
    packet.enter(Encap.SIT)
    return "ipv6", data


def mpls_in_ip(packet: Packet, data: bytes) -> Step:
    """RFC 4023 section 3."""
    packet.enter(Encap.IPIP)
    return "mpls", data


def udp(packet: Packet, data: bytes) -> Step:
    """RFC 768, and which ports mean what: DNS ports first, so that a resolver may use a tunnel's port as its own."""
    packet.need(data, 8, "transport")
    packet.src_port, packet.dst_port, length = struct.unpack_from(">HHH", data)
    # RFC 2675: over IPv6 a length of 0 means that of the IP payload.
    payload = data[8:] if length == 0 and packet.src[0] == 6 else data[8 : max(8, length)]
    ports = {packet.src_port, packet.dst_port}
    if packet.dst_port == 5353 and packet.dst in MDNS_GROUPS:
        return "mdns"
    if ports & packet.ports:
        return packet.sink.datagram(packet, payload, length)
    for port, kind in ((5353, "mdns"), (5355, "llmnr"), (137, "nbns")):
        if port in ports:
            return kind
    return udp_tunnel(packet, payload)


def tcp(packet: Packet, data: bytes) -> Step:
    """RFC 9293 section 3.1."""
    packet.need(data, 20, "transport")
    packet.src_port, packet.dst_port = struct.unpack_from(">HH", data)
    ports = {packet.src_port, packet.dst_port}
    if not ports & packet.ports:
        return "llmnr" if 5355 in ports else "other"
    size = (data[12] >> 4) * 4
    if size < 20:
        raise Skip("skipped.malformed-transport")
    packet.need(data, size, "transport")
    return packet.sink.segment(packet, data[:size], data[size:])


def icmp(packet: Packet, data: bytes) -> Step:
    """RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter problem quote a packet."""
    packet.need(data, 8, "transport")
    if data[0] not in (3, 4, 5, 11, 12):
        return "other"
    return packet.sink.quote(packet, 4, data[0], data[1], data[8:])


def icmpv6(packet: Packet, data: bytes) -> Step:
    """RFC 4443: types 1 to 4 quote a packet."""
    packet.need(data, 8, "transport")
    if data[0] not in (1, 2, 3, 4):
        return "other"
    return packet.sink.quote(packet, 6, data[0], data[1], data[8:])


def quoted_transport(data: bytes) -> tuple[bytes, bytes, int, bytes] | None:
    """(source, destination, protocol, what follows) of a quoted IP packet; None where it cannot be read that far."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        size = (data[0] & 15) * 4
        if size < 20 or len(data) < size or struct.unpack_from(">H", data, 6)[0] & 0x1FFF:
            return None
        return _past_extensions(packed(data[12:16]), packed(data[16:20]), data[9], data[size:])
    if len(data) >= 40 and data[0] >> 4 == 6:
        return _past_extensions(packed(data[8:24]), packed(data[24:40]), data[6], data[40:])
    return None


def _past_extensions(src: bytes, dst: bytes, protocol: int, data: bytes) -> tuple[bytes, bytes, int, bytes] | None:
    while protocol in EXTENSIONS or protocol in (FRAGMENT, AUTHENTICATION):
        if len(data) < 8:
            return None
        if protocol == FRAGMENT:
            if struct.unpack_from(">H", data, 2)[0] & 0xFFF8:
                return None
            size = 8
        else:
            size = (data[1] + 2) * 4 if protocol == AUTHENTICATION else (data[1] + 1) * 8
        protocol, data = data[0], data[size:]
    return src, dst, protocol, data


LAYERS: dict[str, Layer] = {
    "icmp": icmp, "icmpv6": icmpv6, "ipip": ipip, "ipv4": ipv4, "ipv6": ipv6, "mpls-in-ip": mpls_in_ip, "reassembled": reassembled, "sit": sit,
    "tcp": tcp, "udp": udp,
}  # fmt: skip
