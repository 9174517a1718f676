"""The ledger in words: what became of every frame, what could not be read, what the capture itself lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from analyzer.messages import InterfaceInfo, Ledger

__all__ = ["WORDS", "drops", "link_name", "skipped", "what_was_there"]

WORDS: Final = {
    "message": "with DNS",
    "part": "parts of messages completed later",
    "tcp-control": "TCP without payload",
    "icmp-quote": "ICMP errors about DNS",
    "mdns": "mDNS",
    "llmnr": "LLMNR",
    "nbns": "NetBIOS names",
    "other": "not DNS",
    "filtered": "left out by the filter",
    "skipped.snaplen": "cut by the snap length",
    "skipped.fragment-missing": "fragments without the rest",
    "skipped.fragment-overlap": "fragments that overlap",
    "skipped.tcp-gap": "TCP after a gap",
    "skipped.malformed-link": "broken link layer",
    "skipped.malformed-ip": "broken IP",
    "skipped.malformed-transport": "broken UDP or TCP",
    "skipped.malformed-tunnel": "broken tunnel",
    "skipped.tunnel-depth": "tunnels too deep",
    "skipped.dns-header": "too short for DNS",
    "skipped.filter-link-type": "link type without a meaning for the filter",
    "skipped.encrypted": "encrypted 802.11",
}

_LINKS: Final = {
    0: "NULL", 1: "EN10MB", 9: "PPP", 12: "RAW", 14: "RAW", 50: "PPP_HDLC", 51: "PPP_ETHER", 101: "RAW", 104: "C_HDLC",
    105: "IEEE802_11", 107: "FRELAY", 108: "LOOP", 113: "LINUX_SLL", 127: "IEEE802_11_RADIOTAP", 192: "PPI",
    197: "ERF", 228: "IPV4", 229: "IPV6", 239: "NFLOG", 253: "NETLINK", 258: "PKTAP", 276: "LINUX_SLL2",
}  # fmt: skip


def link_name(linktype: int) -> str:
    """The link type as tcpdump names it."""
    return _LINKS.get(linktype, f"LINKTYPE {linktype}")


def word(key: str) -> str:
    """A key of the ledger in words."""
    if key.startswith("skipped.link-type-"):
        number = key.removeprefix("skipped.link-type-")
        return f"unknown link type {link_name(int(number)) if number.isdecimal() else number}"
    return WORDS.get(key, key.removeprefix("skipped.").replace("-", " "))


def what_was_there(ledger: Ledger) -> str:
    """All kinds of frames with their number, the most first: `590 not DNS, 6 mDNS`."""
    found = sorted(((count, key) for key, count in ledger.frames.items() if count), key=lambda x: (-x[0], x[1]))
    return ", ".join(f"{count} {word(key)}" for count, key in found) or "no packets"


def skipped(ledger: Ledger) -> dict[str, int]:
    """Frames that could not be read, by reason in words, the most first."""
    found = {word(key): n for key, n in ledger.frames.items() if key.startswith("skipped.") and n}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def drops(interfaces: Iterable[InterfaceInfo]) -> int:
    """Packets that the capturing machine says it lost."""
    return sum(info.drops.get("ifdrop", 0) + info.drops.get("osdrop", 0) for info in interfaces)
