"""BPF programs: a frame passes by link type as it was captured; what libpcap's `tcpdump -d` prints is what runs."""

from __future__ import annotations

import struct

import pytest

from tests.builders import at, epb, ethernet, idb, ipv4, pcap, query, shb, udp
from tests.decode.runs import Reader

Instruction = tuple[int, int, int, int]
PACKET = ethernet(ipv4(udp(query())))
OTHER = ethernet(ipv4(udp(query(), 40000, 5300)))


def packed(*program: Instruction) -> bytes:
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


ALL, NONE = packed((0x06, 0, 0, 262144)), packed((0x06, 0, 0, 0))
# tcpdump -d 'udp dst port 53', IPv4 part, Ethernet
UDP_DST_53 = packed(
    (0x28, 0, 0, 12),
    (0x15, 0, 8, 0x0800),
    (0x30, 0, 0, 23),
    (0x15, 0, 6, 17),
    (0x28, 0, 0, 20),
    (0x45, 4, 0, 0x1FFF),
    (0xB1, 0, 0, 14),
    (0x48, 0, 0, 16),
    (0x15, 0, 1, 53),
    (0x06, 0, 0, 262144),
    (0x06, 0, 0, 0),
)


def test_a_program_of_tcpdump(decoder: Reader) -> None:
    got = decoder(pcap([PACKET, OTHER, PACKET]), programs={1: UDP_DST_53})
    assert got.rows("frame") == [(1,), (3,)]
    assert got.kinds == {"filtered": 1, "message": 2}


def test_each_link_type_has_its_program(decoder: Reader) -> None:
    data = shb() + idb(1) + idb(101) + idb(113) + epb(PACKET) + epb(PACKET[14:], 1) + epb(PACKET, 2)
    got = decoder(data, programs={1: NONE, 101: ALL})
    assert got.kinds == {"filtered": 1, "message": 1, "skipped.filter-link-type": 1}


def answer(*program: Instruction) -> bytes:
    """Load what `program` leaves in the accumulator and accept if it is 1."""
    return packed(*program, (0x15, 0, 1, 1), (0x06, 0, 0, 1), (0x06, 0, 0, 0))


LD = 0x00
PROGRAMS = {
    "length": (answer((0x80, 0, 0, 0), (0x15, 0, 1, 500), (LD, 0, 0, 1), (0x05, 0, 0, 0)), True),
    "load past the end": (packed((0x20, 0, 0, 4000), (0x06, 0, 0, 1)), False),
    "load at the very end": (packed((0x30, 0, 0, len(PACKET) - 1), (0x06, 0, 0, 1)), True),
    "word past by one": (packed((0x20, 0, 0, len(PACKET) - 3), (0x06, 0, 0, 1)), False),
    "wrap": (answer((LD, 0, 0, 0xFFFFFFFF), (0x04, 0, 0, 2)), True),
    "subtract below 0": (answer((LD, 0, 0, 0), (0x14, 0, 0, 0xFFFFFFFF)), True),
    "multiply": (answer((LD, 0, 0, 0x10001), (0x24, 0, 0, 0x10000), (0x74, 0, 0, 16)), True),
    "divide": (answer((LD, 0, 0, 7), (0x34, 0, 0, 5)), True),
    "divide by X = 0": (packed((LD, 0, 0, 7), (0x3C, 0, 0, 0), (0x06, 0, 0, 1)), False),
    "remainder": (answer((LD, 0, 0, 7), (0x94, 0, 0, 3)), True),
    "and, or, xor": (answer((LD, 0, 0, 12), (0x54, 0, 0, 4), (0x44, 0, 0, 1), (0xA4, 0, 0, 4)), True),
    "shift": (answer((LD, 0, 0, 1), (0x64, 0, 0, 4), (0x74, 0, 0, 4)), True),
    "negate": (answer((LD, 0, 0, 0xFFFFFFFF), (0x84, 0, 0, 0)), True),
    "memory": (answer((LD, 0, 0, 1), (0x02, 0, 0, 15), (LD, 0, 0, 9), (0x60, 0, 0, 15)), True),
    "X and back": (answer((LD, 0, 0, 1), (0x07, 0, 0, 0), (LD, 0, 0, 9), (0x87, 0, 0, 0)), True),
    "greater": (packed((LD, 0, 0, 5), (0x25, 0, 1, 4), (0x06, 0, 0, 1), (0x06, 0, 0, 0)), True),
    "greater or equal": (packed((LD, 0, 0, 5), (0x35, 0, 1, 6), (0x06, 0, 0, 1), (0x06, 0, 0, 0)), False),
    "return A": (packed((LD, 0, 0, 0), (0x16, 0, 0, 0)), False),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_instructions(decoder: Reader, name: str) -> None:
    program, passes = PROGRAMS[name]
    frame = at(PACKET, 0)
    long = type(frame)(frame.data, frame.time_ns, 500)
    kinds = decoder(pcap([long]), programs={1: program}).kinds
    assert kinds == ({"message": 1} if passes else {"filtered": 1})
