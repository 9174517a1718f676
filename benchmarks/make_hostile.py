"""Makes captures that try to fill memory: the same bytes on every machine.

usage: make_hostile.py KIND [--packets N] [--out FILE]

KIND is `syn` (each packet opens another TCP connection to port 53 and says no more), `fragments` (each is the first fragment of
another UDP datagram, the rest never comes) or `names` (each is a query for another name). Packets are 20 us apart.
README.md says what `dnsloupe analyze` needed on each; the ledger says what it dropped.
"""

from __future__ import annotations

import argparse
import struct
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

START: Final = 1_795_370_000  # s since 1970 UTC
GAP_US: Final = 20
CHUNK: Final = 200_000  # packets built at a time
RECORD: Final = 16
IP: Final = 20
RAW: Final = 101  # link type: packets begin with the IP header
SERVER: Final = bytes([169, 254, 25, 10])
NAME: Final = 11  # hexadecimal digits of a number, as the first label

Octets = NDArray[np.uint8]
Numbers = NDArray[np.int64]


def ip(protocol: int, payload: bytes, more: bool = False) -> bytes:
    """An IPv4 packet from 10.0.0.0 without checksum; ID and sender are filled in later."""
    fragment = 0x2000 if more else 0
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, IP + len(payload), 0, fragment, 64, protocol, 0, bytes([10, 0, 0, 0]), SERVER
    )
    return head + payload


def question() -> bytes:
    """A query for A; the first label is filled in later."""
    name = bytes([NAME]) + b"0" * NAME + b"\4test\0"
    return struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)


def template(kind: str) -> bytes:
    """One packet of the kind."""
    dns = question()
    if kind == "syn":
        return ip(6, struct.pack("!HHIIBBHHH", 1024, 53, 0, 0, 0x50, 2, 65535, 0, 0))
    if kind == "names":
        return ip(17, struct.pack("!HHHH", 1024, 53, 8 + len(dns), 0) + dns)
    return ip(17, struct.pack("!HHHH", 1024, 53, 8 + 1400, 0) + dns + bytes(552 - len(dns)), more=True)


def put(rows: Octets, at: int, values: Numbers, size: int, little: bool = False) -> None:
    """Write each value as `size` octets at column `at`."""
    for octet in range(size):
        shift = 8 * (octet if little else size - 1 - octet)
        rows[:, at + octet] = (values >> shift) & 0xFF


def build(kind: str, numbers: Numbers) -> Octets:
    """The records of these packets."""
    packet = template(kind)
    record = struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
    rows = np.tile(np.frombuffer(record, np.uint8), (len(numbers), 1))
    time_us = numbers * GAP_US
    put(rows, 0, START + time_us // 1_000_000, 4, little=True)
    put(rows, 4, time_us % 1_000_000, 4, little=True)
    put(rows, RECORD + 4, numbers & 0xFFFF, 2)
    put(rows, RECORD + 13, (numbers >> 16) & 0xFFFF if kind == "fragments" else numbers % 1000, 3)
    if kind == "syn":  # another connection each: the sender changes with its port
        put(rows, RECORD + 13, numbers // 50_000, 3)
        put(rows, RECORD + IP, 1024 + numbers % 50_000, 2)
    if kind == "names":
        label = RECORD + IP + 8 + 12 + 1
        for digit in range(NAME):
            value = (numbers >> (4 * (NAME - 1 - digit))) & 15
            rows[:, label + digit] = np.where(value < 10, 48 + value, 87 + value)
    return rows


def make(kind: str, packets: int, out: Path) -> int:
    """Write the capture; its size in octets."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, RAW))
        for low in range(0, packets, CHUNK):
            file.write(build(kind, np.arange(low, min(low + CHUNK, packets), dtype=np.int64)).data)
    return out.stat().st_size


def main() -> None:
    """Make the capture that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("syn", "fragments", "names"))
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    out = args.out or Path(__file__).parent / "data" / f"hostile-{args.kind}.pcap"
    print(f"{out}: {args.packets:,d} packets, {make(args.kind, args.packets, out):,d} octets")


if __name__ == "__main__":
    main()
