"""What scapy's socket hands over becomes a capture; scapy itself is not needed to know."""

from __future__ import annotations

import io
import re
import socket
import struct

import pytest

from analyzer.live.child import counted
from analyzer.live.fallback import Tally, _copy


class Sock:
    """As scapy's: packets with their time, and something to select on."""

    def __init__(self, *packets: tuple[bytes, float]) -> None:
        self._packets = list(packets)
        self._here, self._there = socket.socketpair()
        self._there.send(b"x")

    def fileno(self) -> int:
        return self._here.fileno()

    def recv_raw(self) -> tuple[None, bytes, float]:
        return None, *self._packets.pop(0)

    def close(self) -> None:
        self._here.close()
        self._there.close()


def test_packets_become_records_of_a_capture_in_nanoseconds() -> None:
    sock, out = Sock((b"abcd", 12.5), (b"ef", 13.25)), io.BytesIO()
    tally = Tally()
    _copy(sock, out, 113, 2, [True], tally)
    assert tally.captured == 2
    sock.close()
    head = struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 113)
    first = struct.pack("=IIII", 12, 500_000_000, 4, 4) + b"abcd"
    assert out.getvalue() == head + first + struct.pack("=IIII", 13, 250_000_000, 2, 2) + b"ef"


def test_it_ends_when_told_to() -> None:
    sock, out = Sock(), io.BytesIO()
    _copy(sock, out, 1, 0, [], Tally())
    assert len(out.getvalue()) == 24
    sock.close()


def test_a_long_packet_is_cut_and_keeps_its_length() -> None:
    sock, out = Sock((b"abcdef", 1.0)), io.BytesIO()
    _copy(sock, out, 1, 1, [True], Tally(), 4)
    sock.close()
    assert out.getvalue()[24:] == struct.pack("=IIII", 1, 0, 4, 6) + b"abcd"


def test_the_counters_are_said_as_tcpdump_says_them(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    tally.captured, tally.received, tally.dropped = 5, 7, 2
    tally.say()
    said = capsys.readouterr().err
    found = counted(said)
    assert (found.captured, found.received, found.dropped_kernel) == (5, 7, 2)
    assert len(re.findall("packets", said)) == 3
