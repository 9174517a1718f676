"""Streams cut anywhere: the pieces are whole records, and head and records make a capture."""

from __future__ import annotations

import itertools
import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.live.records import Splitter
from tests.live.streams import HEAD, stream

RECORDS = stream([(n / 10, f"n{n}.example.org", 0) for n in range(5)])


def block(kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
INTERFACE = block(1, struct.pack("<HHI", 1, 0, 0))
PACKET = block(6, struct.pack("<IIIII", 0, 0, 0, 4, 4) + b"abcd")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
@given(st.lists(st.integers(0, len(HEAD + RECORDS)), max_size=8))
def test_pcap_comes_out_as_it_went_in_however_it_is_cut(cuts: list[int]) -> None:
    data, splitter, out = HEAD + RECORDS, Splitter(), b""
    at = sorted({0, *cuts, len(data)})
    for first, stop in itertools.pairwise(at):
        out += splitter.feed(data[first:stop])
    assert (splitter.head, out, splitter.format) == (HEAD, RECORDS, "pcap")


def test_interfaces_of_pcapng_go_to_the_head_wherever_they_stand() -> None:
    splitter = Splitter()
    data = SECTION + INTERFACE + PACKET + INTERFACE + PACKET
    out = b"".join(splitter.feed(data[at : at + 7]) for at in range(0, len(data), 7))
    assert out == PACKET + PACKET
    assert splitter.head == SECTION + INTERFACE + INTERFACE
    splitter.feed(SECTION)
    assert (splitter.section, splitter.head) == (2, SECTION)


def test_damage_ends_the_cutting() -> None:
    for data in (
        b"no capture",
        HEAD + struct.pack("<IIII", 0, 0, 1 << 30, 1 << 30),
        SECTION + struct.pack("<II", 6, 13) + bytes(16),
    ):
        splitter = Splitter()
        assert splitter.feed(data) == b""
        assert splitter.broken
        assert splitter.feed(RECORDS) == b""
