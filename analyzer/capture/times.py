"""When a capture begins and ends, from its first and last octets, without decoding what is between.

Only for putting files in order: a wrong guess costs nothing but order, so whatever is not plain gives None.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

__all__ = ["HEAD", "TAIL", "first_time", "last_time"]

HEAD: Final = 1 << 16  # octets that hold the file header and the first packet of any usual capture
TAIL: Final = 1 << 20  # octets in which the last packets of a capture are looked for
LONGEST: Final = 1 << 18  # libpcap's largest snap length
CHAINED: Final = 2  # records in a row that must end exactly at the end of the file for its tail to be believed

_PCAP: Final = {  # magic as the little-endian reader sees it: byte order, nanoseconds a tick, length of a record header
    0xA1B2C3D4: ("<", 1000, 16),
    0xD4C3B2A1: (">", 1000, 16),
    0xA1B23C4D: ("<", 1, 16),
    0x4D3CB2A1: (">", 1, 16),
    0xA1B2CD34: ("<", 1000, 24),
    0x34CDB2A1: (">", 1000, 24),
}
_SECTION: Final = 0x0A0D0D0A
_INTERFACE, _PACKET, _ENHANCED = 1, 2, 6


@dataclass(slots=True)
class _Section:
    """What must be known of a pcapng section to read a time in it: byte order, and ticks and offset of its interfaces."""

    order: str
    clocks: list[tuple[int, int]] = field(default_factory=list)  # ticks a second, offset in seconds

    def time(self, interface: int, high: int, low: int) -> int | None:
        if interface >= len(self.clocks):
            return None
        ticks, offset = self.clocks[interface]
        return (high << 32 | low) * 1_000_000_000 // ticks + offset * 1_000_000_000


def first_time(head: bytes) -> int | None:
    """Time of the first packet (ns since 1970 UTC), from the first `HEAD` octets of a capture; None if it is not plain."""
    try:
        kind = _PCAP.get(int.from_bytes(head[:4], "little"))
        if kind:
            order, tick, _ = kind
            seconds, fraction = struct.unpack_from(order + "II", head, 24)
            return int(seconds * 1_000_000_000 + fraction * tick)
        return next((time for time, _ in _pcapng(head) if time is not None), None)
    except struct.error:
        return None


def last_time(head: bytes, tail: bytes) -> int | None:
    """Time of the last packet, from the first octets of a capture and its last `TAIL`; None if it is not plain."""
    try:
        kind = _PCAP.get(int.from_bytes(head[:4], "little"))
        return _last_pcap(kind, tail) if kind else _last_pcapng(head, tail)
    except struct.error:
        return None


def _pcapng(head: bytes) -> Iterator[tuple[int | None, _Section]]:
    """The packets of a pcapng beginning: their times (None where they have none), and the section they stand in."""
    section: _Section | None = None
    at = 0
    while at + 12 <= len(head):
        if struct.unpack_from("<I", head, at)[0] == _SECTION:
            order = {0x1A2B3C4D: "<", 0x4D3C2B1A: ">"}.get(struct.unpack_from("<I", head, at + 8)[0])
            section = _Section(order) if order else None
        if section is None:
            return
        kind, length = struct.unpack_from(section.order + "II", head, at)
        if length < 12 or length % 4:
            return
        if kind == _INTERFACE:
            section.clocks.append(_clock(section.order, head[at + 16 : at + length - 4]))
        elif kind in (_PACKET, _ENHANCED):
            yield _packet_time(section, kind, head, at), section
        at += length
    if section:
        yield None, section


def _packet_time(section: _Section, kind: int, data: bytes, at: int) -> int | None:
    form = section.order + ("III" if kind == _ENHANCED else "HxxII")
    interface, high, low = struct.unpack_from(form, data, at + 8)
    return section.time(interface, high, low)


def _clock(order: str, options: bytes) -> tuple[int, int]:
    """Ticks a second and offset of an interface, from its options if_tsresol (9) and if_tsoffset (14)."""
    ticks, offset, at = 1_000_000, 0, 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        value = options[at + 4 : at + 4 + length]
        if code == 9 and len(value) == 1:
            ticks = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** min(value[0], 18)
        elif code == 14 and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
        at += 4 + (length + 3 & ~3)
    return ticks, offset


def _last_pcap(kind: tuple[str, int, int], tail: bytes) -> int | None:
    """Find the records by their lengths: the true ones, and hardly ever others, lead exactly to the end of the file."""
    order, tick, header = kind
    record = struct.Struct(order + "IIII")
    dead = bytearray(len(tail) + 1)  # where a walk has been that came to nothing: the time stays linear
    for start in range(min(len(tail), LONGEST)):
        at, count, time = start, 0, 0
        while at + header <= len(tail) and not dead[at]:
            dead[at] = 1
            seconds, fraction, captured, length = record.unpack_from(tail, at)
            if captured > min(length, LONGEST) or fraction >= 1_000_000_000 // tick:
                break
            at, count, time = at + header + captured, count + 1, seconds * 1_000_000_000 + fraction * tick
        if at == len(tail) and count >= CHAINED:
            return time
    return None


def _last_pcapng(head: bytes, tail: bytes) -> int | None:
    """Walk back by the length that every block repeats at its end, to the last block with a packet."""
    sections = [section for _, section in _pcapng(head)]
    if not sections:
        return None
    section, end = sections[-1], len(tail)
    while end >= 12:
        length = struct.unpack_from(section.order + "I", tail, end - 4)[0]
        if length < 12 or length > end:
            return None
        kind = struct.unpack_from(section.order + "I", tail, end - length)[0]
        if kind in (_PACKET, _ENHANCED):
            return _packet_time(section, kind, tail, end - length)
        if kind == _SECTION:
            return None
        end -= length
    return None
