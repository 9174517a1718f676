"""The meaning of link layers, each by its own document; may not be optimised. LINKTYPE numbers: tcpdump.org/linktypes.html."""

from __future__ import annotations

import struct

from analyzer.decode.reference_packet import Layer, Packet, Skip, Step

__all__ = ["LAYERS", "LINKTYPES", "ethertype"]

TAGS = {0x8100, 0x88A8, 0x9100, 0x9200, 0x9300}
INET6_FAMILIES = {10, 23, 24, 28, 30}  # Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS


def ethertype(packet: Packet, kind: int, data: bytes) -> Step:
    """What an Ethernet type field says comes next; tags of any depth are taken off here (IEEE 802.1Q, 802.1ad)."""
    while kind in TAGS:
        packet.need(data, 4, "link")
        kind, data = struct.unpack_from(">H", data, 2)[0], data[4:]
    if kind == 0x0800:
        return "ipv4", data
    if kind == 0x86DD:
        return "ipv6", data
    if kind in (0x8847, 0x8848):
        return "mpls", data
    if kind == 0x8864:
        return "pppoe", data
    if kind == 0x6558:  # transparent Ethernet bridging
        return "ethernet", data
    if kind == 0x88E7:  # IEEE 802.1ah: flags and I-SID, then the customer's whole frame
        packet.level()
        return "ethernet", packet.need(data, 4, "link")[4:]
    if kind < 1536:
        return "llc", data[:kind] if kind else data
    return "other"


def ethernet(packet: Packet, data: bytes) -> Step:
    """IEEE 802.3: destination, source, type or length."""
    packet.need(data, 14, "link")
    return ethertype(packet, struct.unpack_from(">H", data, 12)[0], data[14:])


def llc(packet: Packet, data: bytes) -> Step:
    """IEEE 802.2; with SNAP (RFC 1042) an Ethernet type follows the organisation code."""
    packet.need(data, 3, "link")
    if data[:3] == b"\xaa\xaa\x03":
        packet.need(data, 8, "link")
        kind = struct.unpack_from(">H", data, 6)[0]
        if data[3:6] not in (b"\0\0\0", b"\0\0\xf8") or kind < 1536:
            return "other"
        return ethertype(packet, kind, data[8:])
    if data[:2] == b"\x06\x06":
        return "ipv4", data[3:]
    return "other"


def mpls(packet: Packet, data: bytes) -> Step:
    """RFC 3032: labels up to the one with the bottom-of-stack bit; what follows is not named, so its first nibble tells."""
    while True:
        packet.need(data, 4, "link")
        bottom, data = data[2] & 1, data[4:]
        if bottom:
            break
    packet.need(data, 1, "link")
    nibble = data[0] >> 4
    if nibble == 4:
        return "ipv4", data
    if nibble == 6:
        return "ipv6", data
    if nibble == 0:  # RFC 4448: pseudowire control word, then Ethernet
        packet.level()
        return "ethernet", packet.need(data, 4, "link")[4:]
    return "other"


def pppoe(packet: Packet, data: bytes) -> Step:
    """RFC 2516 section 4: version and type 1, code 0 for session data, session, length; then PPP."""
    packet.need(data, 6, "link")
    if data[0] != 0x11:
        raise Skip("skipped.malformed-link")
    return ("ppp", data[6:]) if data[1] == 0 else "other"


def ppp(packet: Packet, data: bytes) -> Step:
    """RFC 1662: address and control may be there or not, the protocol may be one octet if that is odd (RFC 1661)."""
    if data[:2] == b"\xff\x03":
        data = data[2:]
    packet.need(data, 1, "link")
    if data[0] & 1:
        protocol, data = data[0], data[1:]
    else:
        packet.need(data, 2, "link")
        protocol, data = struct.unpack_from(">H", data)[0], data[2:]
    layers = {0x0021: "ipv4", 0x0057: "ipv6", 0x0281: "mpls", 0x0283: "mpls"}
    return (layers[protocol], data) if protocol in layers else "other"


def chdlc(packet: Packet, data: bytes) -> Step:
    """Cisco HDLC: address, control, Ethernet type."""
    packet.need(data, 4, "link")
    return ethertype(packet, struct.unpack_from(">H", data, 2)[0], data[4:])


def ppp_or_chdlc(packet: Packet, data: bytes) -> Step:
    """LINKTYPE_PPP_HDLC (50): Cisco HDLC where the address is 0x0f or 0x8f, else PPP."""
    if data[:1] in (b"\x0f", b"\x8f"):
        return chdlc(packet, data)
    return ppp(packet, data)


def frame_relay(packet: Packet, data: bytes) -> Step:
    """RFC 2427: an address of two to four octets (the last has bit 0 set), control 3, NLPID."""
    size = next((at + 1 for at, octet in enumerate(data[:4]) if octet & 1), None)
    if size is None:
        raise packet.short("link")
    packet.need(data, size + 2, "link")
    control, nlpid, rest = data[size], data[size + 1], data[size + 2 :]
    if control != 3:  # Cisco's form has an Ethernet type here
        return ethertype(packet, control << 8 | nlpid, rest) if control << 8 | nlpid >= 1536 else "other"
    if nlpid == 0:  # padding
        packet.need(rest, 1, "link")
        nlpid, rest = rest[0], rest[1:]
    if nlpid == 0xCC:
        return "ipv4", rest
    if nlpid == 0x8E:
        return "ipv6", rest
    if nlpid == 0x80:  # SNAP
        packet.need(rest, 5, "link")
        kind = struct.unpack_from(">H", rest, 3)[0]
        return ethertype(packet, kind, rest[5:]) if rest[:3] == b"\0\0\0" and kind >= 1536 else "other"
    return "other"


def sll(packet: Packet, data: bytes) -> Step:
    """LINKTYPE_LINUX_SLL: packet type, hardware type, address length, address (8), protocol."""
    packet.need(data, 16, "link")
    packet.direction = data[1]
    return _cooked(packet, struct.unpack_from(">H", data, 14)[0], data[16:])


def sll2(packet: Packet, data: bytes) -> Step:
    """LINKTYPE_LINUX_SLL2: protocol, reserved, interface index, hardware type, packet type, address length, address (8)."""
    packet.need(data, 20, "link")
    packet.direction = data[10]
    packet.sink.sll2(packet, struct.unpack_from(">I", data, 4)[0])
    return _cooked(packet, struct.unpack_from(">H", data)[0], data[20:])


def _cooked(packet: Packet, protocol: int, data: bytes) -> Step:
    """Linux cooked capture writes kernel numbers where there is no Ethernet type: 1 is raw 802.3, 4 is 802.2."""
    if protocol == 4:
        return "llc", data
    return ethertype(packet, protocol, data) if protocol >= 1536 else "other"


def raw(packet: Packet, data: bytes) -> Step:
    """LINKTYPE_RAW: an IP header, its version in the first nibble."""
    packet.need(data, 1, "link")
    version = data[0] >> 4
    if version not in (4, 6):
        raise Skip("skipped.malformed-ip")
    return "ipv4" if version == 4 else "ipv6", data


def null(packet: Packet, data: bytes) -> Step:
    """LINKTYPE_NULL and LOOP: a protocol family as the writing machine numbers it, in its byte order or the network's."""
    packet.need(data, 4, "link")
    for form in ("<I", ">I"):
        family = struct.unpack_from(form, data)[0]
        if family == 2:
            return "ipv4", data[4:]
        if family in INET6_FAMILIES:
            return "ipv6", data[4:]
    # Some writers leave an Ethernet type in the second half.
    layer = {b"\x08\x00": "ipv4", b"\x86\xdd": "ipv6"}.get(data[2:4])
    return (layer, data[4:]) if layer else "other"


def wlan(packet: Packet, data: bytes) -> Step:
    """IEEE 802.11 data frames: addresses by the DS bits, QoS and HT fields by subtype and order bit, then LLC."""
    packet.need(data, 2, "link")
    subtype, kind, flags = data[0] >> 4, data[0] >> 2 & 3, data[1]
    if kind != 2 or subtype & 4:  # management, control; subtypes with bit 2 carry no data
        return "other"
    if flags & 0x40:
        raise Skip("skipped.encrypted")
    size = 30 if flags & 3 == 3 else 24
    if subtype & 8:
        packet.need(data, size + 2, "link")
        if data[size] & 0x80:  # an A-MSDU: the first subframe counts, after its header of 14 octets
            size += 14
        size += 2 + (4 if flags & 0x80 else 0)
    return "llc", packet.need(data, size, "link")[size:]


def radiotap(packet: Packet, data: bytes) -> Step:
    """Radiotap: version 0, pad, length (little-endian), presence bits; the flags field tells of padding after the header."""
    packet.need(data, 8, "link")
    size, present = struct.unpack_from("<HI", data, 2)
    if data[0] != 0 or size < 8:
        raise Skip("skipped.malformed-link")
    packet.need(data, size, "link")
    at = 8
    more = present
    while more & 1 << 31 and at + 4 <= size:
        more = struct.unpack_from("<I", data, at)[0]
        at += 4
    if present & 1:  # TSFT: 8 octets, aligned
        at = (at + 7) // 8 * 8 + 8
    padded = bool(present & 2 and at < size and data[at] & 0x20)
    return _padded_wlan(packet, data[size:], padded)


def _padded_wlan(packet: Packet, data: bytes, padded: bool) -> Step:
    """With padding the 802.11 header is filled up to a multiple of 4 octets (only QoS headers are not)."""
    if padded and len(data) > 26 and data[0] & 0x8C == 0x88:
        size = (30 if data[1] & 3 == 3 else 24) + 2 + (4 if data[1] & 0x80 else 0)
        data = data[:size] + data[size + -size % 4 :]
    return wlan(packet, data)


def ppi(packet: Packet, data: bytes) -> Step:
    """Per-Packet Information: version, flags, length, inner LINKTYPE, all little-endian."""
    packet.need(data, 8, "link")
    size, link = struct.unpack_from("<HI", data, 2)
    return _inner(packet, link, size, data)


def pktap(packet: Packet, data: bytes) -> Step:
    """Apple's PKTAP: header length, record type, inner LINKTYPE, all little-endian."""
    packet.need(data, 12, "link")
    size, _kind, link = struct.unpack_from("<3I", data)
    return _inner(packet, link, size, data)


def _inner(packet: Packet, link: int, size: int, data: bytes) -> Step:
    if size < 8:
        raise Skip("skipped.malformed-link")
    packet.level()
    if link not in LINKTYPES:
        raise Skip(f"skipped.link-type-{link}")
    return LINKTYPES[link], packet.need(data, size, "link")[size:]


def nflog(packet: Packet, data: bytes) -> Step:
    """NFLOG: address family, version, resource, then type-length-values in the machine's order; type 9 is the packet."""
    packet.need(data, 4, "link")
    family, at = data[0], 4
    while len(data) - at >= 4:
        for order in "<>":
            size, kind = struct.unpack_from(order + "HH", data, at)
            if size >= 4 and at + size <= len(data) and kind & 0x3FFF < 64:
                break
        else:
            raise packet.short("link")
        if kind & 0x3FFF == 9:
            layer = {2: "ipv4", 10: "ipv6"}.get(family)
            return (layer, data[at + 4 : at + size]) if layer else "other"
        at += (size + 3) // 4 * 4
    return "other"


def netlink(packet: Packet, data: bytes) -> Step:
    """Linux netlink messages: understood to be no DNS."""
    return "other"


LINKTYPES = {
    0: "null", 1: "ethernet", 9: "ppp", 12: "raw", 14: "raw", 50: "ppp-or-chdlc", 51: "pppoe", 101: "raw",
    104: "chdlc", 105: "wlan", 107: "frame-relay", 108: "null", 113: "sll", 127: "radiotap", 149: "pktap",
    192: "ppi", 228: "ipv4", 229: "ipv6", 239: "nflog", 253: "netlink", 258: "pktap", 276: "sll2",
}  # fmt: skip

LAYERS: dict[str, Layer] = {
    "chdlc": chdlc, "ethernet": ethernet, "frame-relay": frame_relay, "llc": llc, "mpls": mpls, "netlink": netlink,
    "nflog": nflog, "null": null, "pktap": pktap, "ppi": ppi, "ppp": ppp, "ppp-or-chdlc": ppp_or_chdlc, "pppoe": pppoe,
    "radiotap": radiotap, "raw": raw, "sll": sll, "sll2": sll2, "wlan": wlan,
}  # fmt: skip
