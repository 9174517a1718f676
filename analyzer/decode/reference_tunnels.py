"""The meaning of tunnels, each by its own document; may not be optimised.

Payload that is no valid header of the tunnel whose port it uses is `other`: a port alone proves nothing.
"""

from __future__ import annotations

import struct

from analyzer.decode.reference_links import ethertype
from analyzer.decode.reference_packet import Layer, Packet, Skip, Step
from analyzer.messages import Encap

__all__ = ["LAYERS", "udp_tunnel"]


def udp_tunnel(packet: Packet, data: bytes) -> Step:
    """The tunnel that a UDP port stands for: the destination's, else the source's."""
    for port in (packet.dst_port, packet.src_port):
        if port in UDP_PORTS:
            return UDP_PORTS[port](packet, data)
    return "other"


def vxlan(packet: Packet, data: bytes) -> Step:
    """RFC 7348 section 5: flags with I set, VNI; Ethernet. Port 8472 is what Linux used before it was assigned."""
    if len(data) < 8:
        raise packet.short("tunnel")
    if not data[0] & 0x08:
        return "other"
    packet.enter(Encap.VXLAN, int.from_bytes(data[4:7], "big"))
    return "ethernet", data[8:]


def vxlan_gpe(packet: Packet, data: bytes) -> Step:
    """draft-ietf-nvo3-vxlan-gpe: with flag P the last octet of the first word names what follows."""
    if len(data) < 8:
        raise packet.short("tunnel")
    if not data[0] & 0x08:
        return "other"
    named = data[0] & 0x04 or data[3]  # some writers name it without setting P
    layer = {1: "ipv4", 2: "ipv6", 3: "ethernet"}.get(data[3]) if named else "ethernet"
    if layer is None:
        return "other"
    packet.enter(Encap.VXLAN_GPE, int.from_bytes(data[4:7], "big"))
    return layer, data[8:]


def geneve(packet: Packet, data: bytes) -> Step:
    """RFC 8926 section 3.4: version 0, length of options in words, protocol as Ethernet type, VNI."""
    if len(data) < 8:
        raise packet.short("tunnel")
    if data[0] >> 6:
        return "other"
    size, kind = 8 + (data[0] & 0x3F) * 4, struct.unpack_from(">H", data, 2)[0]
    packet.need(data, size, "tunnel")
    packet.enter(Encap.GENEVE, int.from_bytes(data[4:7], "big"))
    return ethertype(packet, kind, data[size:]) if kind >= 1536 else "other"


def gtpu(packet: Packet, data: bytes) -> Step:
    """3GPP TS 29.281 section 5: version 1, protocol type 1, message 255 (G-PDU); optional fields; extension headers."""
    if len(data) < 8:
        raise packet.short("tunnel")
    if data[0] >> 4 != 3 or data[1] != 255:
        return "other"
    teid, at = struct.unpack_from(">I", data, 4)[0], 8
    if data[0] & 7:  # any of E, S, PN: all of sequence, N-PDU number and next extension type are there
        packet.need(data, 12, "tunnel")
        following, at = data[11] if data[0] & 4 else 0, 12
        while following:
            packet.need(data, at + 1, "tunnel")
            size = data[at] * 4
            if size == 0:
                raise Skip("skipped.malformed-tunnel")
            packet.need(data, at + size, "tunnel")
            following, at = data[at + size - 1], at + size
    packet.need(data, at + 1, "tunnel")
    layer = {4: "ipv4", 6: "ipv6"}.get(data[at] >> 4)
    if layer is None:
        return "other"
    packet.enter(Encap.GTPU, teid)
    return layer, data[at:]


def teredo(packet: Packet, data: bytes) -> Step:
    """RFC 4380 section 5.1.1: authentication and origin indications may come before the IPv6 packet."""
    at = 0
    if data[:2] == b"\0\1" and len(data) >= 4:
        # client identifier and authentication value of the given lengths, nonce (8), confirmation (1)
        at = 4 + data[2] + data[3] + 9
    if data[at : at + 2] == b"\0\0":
        at += 8
    if len(data) <= at or data[at] >> 4 != 6:
        return "other"
    packet.enter(Encap.TEREDO)
    return "ipv6", data[at:]


def l2tp(packet: Packet, data: bytes) -> Step:
    """RFC 2661 section 3.1: flags T L S O, version 2; tunnel and session; PPP."""
    if len(data) < 6:
        raise packet.short("tunnel")
    flags = struct.unpack_from(">H", data)[0]
    if flags & 15 != 2 or flags & 0x8000:
        return "other"
    at = 4 if flags & 0x4000 else 2
    packet.need(data, at + 4, "tunnel")
    session = struct.unpack_from(">H", data, at + 2)[0]
    at += 4
    if flags & 0x0800:
        at += 4
    if flags & 0x0200:
        packet.need(data, at + 2, "tunnel")
        at += 2 + struct.unpack_from(">H", data, at)[0]
    packet.need(data, at, "tunnel")
    packet.enter(Encap.L2TP, session)
    return "ppp", data[at:]


def gre(packet: Packet, data: bytes) -> Step:
    """RFC 2784 and 2890: checksum, key and sequence as the flags say; version 1 is PPTP's (RFC 2637 section 4.1).

    Also over UDP port 4754 (RFC 8086).
    """
    packet.need(data, 4, "tunnel")
    flags, kind = struct.unpack_from(">HH", data)
    version, key, at = flags & 7, None, 4
    if version > 1 or flags & 0x4000:
        raise Skip("skipped.malformed-tunnel")
    if flags & 0x8000:
        at += 4
    if flags & 0x2000:
        packet.need(data, at + 4, "tunnel")
        key = struct.unpack_from(">I", data, at)[0]
        at += 4
    if flags & 0x1000:
        at += 4
    if version == 1 and flags & 0x0080:
        at += 4
    packet.need(data, at, "tunnel")
    if version == 1:
        packet.enter(Encap.GRE, None if key is None else key & 0xFFFF)
        return ("ppp", data[at:]) if kind == 0x880B and at < len(data) else "other"
    if kind in (0x88BE, 0x22EB):
        return erspan(packet, kind, bool(flags & 0x1000), data[at:])
    packet.enter(Encap.GRE, key)
    if kind == 0x880B:
        return "ppp", data[at:]
    if kind == 0x883E and data[at : at + 1] and data[at] >> 4 != 4:  # WCCP version 2: a redirect header of 4 octets
        return "ipv4", packet.need(data, at + 4, "tunnel")[at + 4 :]
    if kind == 0x883E:
        return "ipv4", data[at:]
    return ethertype(packet, kind, data[at:]) if kind >= 1536 else "other"


def erspan(packet: Packet, kind: int, numbered: bool, data: bytes) -> Step:
    """draft-foschiano-erspan: type I has no header, II has 8 octets, III has 12 and with the O bit 8 more; then Ethernet."""
    if kind == 0x88BE and not numbered:
        packet.enter(Encap.ERSPAN)
        return "ethernet", data
    packet.need(data, 8 if kind == 0x88BE else 12, "tunnel")
    session = struct.unpack_from(">H", data, 2)[0] & 0x3FF
    size = 8
    if kind == 0x22EB:
        size = 20 if data[11] & 1 else 12
        packet.need(data, size, "tunnel")
    packet.enter(Encap.ERSPAN, session)
    return "ethernet", data[size:]


def l2tpv3(packet: Packet, data: bytes) -> Step:
    """RFC 3931 section 4.1.1: over IP only a session number tells how to read on, and that is agreed elsewhere."""
    return "other"


UDP_PORTS: dict[int, Layer] = {
    1701: l2tp, 2152: gtpu, 3544: teredo, 4754: gre, 4789: vxlan, 4790: vxlan_gpe, 6081: geneve, 8472: vxlan,
}  # fmt: skip

LAYERS: dict[str, Layer] = {"gre": gre, "l2tpv3": l2tpv3}
