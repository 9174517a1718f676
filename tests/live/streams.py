"""Capture streams of a few DNS messages, by hand: (seconds, name, rcode) become a query and its response."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from tests import builders as b

__all__ = ["HEAD", "START", "pcap_of", "stream"]

START = 1_700_000_000
HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def _record(at: float, frame: bytes) -> bytes:
    micros = round((START + at) * 1e6)
    return struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(frame), len(frame)) + frame


def stream(asked: Iterable[tuple[float, str, int]], client: str = "10.0.0.1") -> bytes:
    """Records only; the response comes 1 ms after its query."""
    out = []
    for number, (at, name, rcode) in enumerate(asked):
        question, port = b.question(name), 1024 + number % 60_000
        for delay, flags, src, dst, sport, dport in (
            (0.0, 0x0100, client, b.SERVER, port, 53),
            (0.001, 0x8180 | rcode, b.SERVER, client, 53, port),
        ):
            wire = b.message(question, ident=number & 0xFFFF, flags=flags)
            out.append(_record(at + delay, b.ethernet(b.ipv4(b.udp(wire, sport, dport), src, dst))))
    return b"".join(out)


def pcap_of(asked: Iterable[tuple[float, str, int]]) -> bytes:
    return HEAD + stream(asked)
