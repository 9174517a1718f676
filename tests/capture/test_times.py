"""First and last time of captures, against what is written into them."""

from __future__ import annotations

import struct
import time

import pytest

from analyzer.capture.times import TAIL, first_time, last_time

T0 = 1_795_367_858


def pcap(count: int, order: str = "<", magic: int = 0xA1B2C3D4, extra: int = 0) -> bytes:
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    for i in range(count):
        data = bytes([i & 0xFF]) * (20 + i % 90)
        out += struct.pack(order + "IIII", T0 + i, 7, len(data), len(data)) + bytes(extra) + data
    return out


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(order: str, resolution: int, offset: int, ticks: list[int]) -> bytes:
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = struct.pack(order + "HHBxxx", 9, 1, resolution) + struct.pack(order + "HHqHH", 14, 8, offset, 0, 0)
    out += block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + options)
    for tick in ticks:
        out += block(order, 6, struct.pack(order + "IIIII", 0, tick >> 32, tick & 0xFFFFFFFF, 5, 5) + b"12345")
    return out + block(order, 5, struct.pack(order + "III", 0, 0, 0))  # statistics at the end hold a time too


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "tick", "extra"), [(0xA1B2C3D4, 1000, 0), (0xA1B23C4D, 1, 0), (0xA1B2CD34, 1000, 8)])
def test_pcap_in_every_variant(order: str, magic: int, tick: int, extra: int) -> None:
    data = pcap(40, order, magic, extra)
    assert first_time(data) == T0 * 10**9 + 7 * tick
    assert last_time(data, data[-TAIL:]) == (T0 + 39) * 10**9 + 7 * tick


def test_the_tail_of_a_long_pcap_is_found_without_its_beginning() -> None:
    data = pcap(30_000)
    assert last_time(data[:1000], data[len(data) - TAIL :]) == (T0 + 29_999) * 10**9 + 7000


def test_a_cut_pcap_has_no_known_end() -> None:
    data = pcap(40)[:-3]
    assert first_time(data) == T0 * 10**9 + 7000
    assert last_time(data, data) is None


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("resolution", "per_second"), [(6, 10**6), (9, 10**9), (0x80 | 20, 2**20)])
def test_pcapng_with_resolution_and_offset(order: str, resolution: int, per_second: int) -> None:
    data = pcapng(order, resolution, 100, [(T0 - 100) * per_second, (T0 - 93) * per_second])
    assert first_time(data) == T0 * 10**9
    assert last_time(data, data) == (T0 + 7) * 10**9


def test_a_tail_made_to_mislead_costs_no_time() -> None:
    head = pcap(1)
    tail = bytes(TAIL - 4) + b"\xff" * 4  # every octet begins a chain of empty records, and none ends well
    began = time.monotonic()
    last_time(head, tail)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "head", [b"", b"\xd4", b"\xd4\xc3\xb2\xa1", pcap(1)[:30], pcapng("<", 6, 0, [])[:40], b"GIF89a" * 9]
)
def test_what_is_not_plain_is_none(head: bytes) -> None:
    assert first_time(head) is None
    assert last_time(head, head) is None
