"""Makes the benchmark capture: many UDP questions and answers of a cluster, the same bytes on every machine.

usage: make_capture.py [--packets N] [--names N] [--out FILE]

Clients in 10.233.64.0/22 ask 169.254.25.10 for names in the five forms of a search list; the first three forms and the last
get NXDOMAIN (with and without an SOA), the fourth an address. Half of the packets are queries, a fifth of a millisecond apart;
each answer comes 0.3 to 0.8 ms after its query. 2,000,000 packets with 50,000 names are about 272 MB. Nothing here is random:
all choices come from a mixing function of the packet's number, so the file does not depend on a library's generator.
"""

from __future__ import annotations

import argparse
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

START = 1_795_370_000  # s since 1970 UTC
GAP_US = 200  # between queries
CHUNK = 100_000  # packets built at a time: about 100 MB of index arrays
SUFFIXES = (
    "kubecamp.svc.cluster.local",
    "svc.cluster.local",
    "cluster.local",
    "default.svc.cluster.local",
    "example.org",
)
ZONE = "cluster.local"  # what the SOA of a negative answer names
PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
ETHERNET = bytes.fromhex("0200000000010200000000020800")
RECORD, LINK, IP, UDP = 16, 14, 20, 8
AT_IP, AT_UDP, AT_DNS = RECORD + LINK, RECORD + LINK + IP, RECORD + LINK + IP + UDP

Octets = NDArray[np.uint8]
Numbers = NDArray[np.int64]


def mix(numbers: Numbers, salt: int) -> NDArray[np.uint64]:
    """SplitMix64 of each number: even, repeatable, without state."""
    x = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def packet(dns: bytes) -> bytes:
    """Record header, Ethernet, IPv4 and UDP around a message; times, addresses, ports, ID and checksum come later."""
    total = IP + UDP + len(dns)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0x4000, 64, 17, 0, bytes(4), bytes(4))
    udp = struct.pack("!HHHH", 0, 0, UDP + len(dns), 0)  # checksum 0: none, as RFC 768 allows
    return struct.pack("<IIII", 0, 0, LINK + total, LINK + total) + ETHERNET + ip + udp + dns


def templates(names: int) -> list[bytes]:
    """For each name and form: query A, query AAAA, answer A, answer AAAA (four in a row)."""
    found = []
    for number in range(names):
        base, form = divmod(number, len(SUFFIXES))
        qname = wire(f"service{base % 97}-{base}.group{base % 211}.{SUFFIXES[form]}")
        for flags in (0x0100, 0x8180):
            for qtype in (1, 28):
                question = qname + struct.pack("!HH", qtype, 1)
                found.append(packet(message(flags, question, qtype, form)))
    return found


def soa(qname_size: int) -> bytes:
    """The zone's SOA; its names point at the end of the question's name, which is the zone's."""
    zone = struct.pack("!H", 0xC000 | 12 + qname_size - len(wire(ZONE)))
    rdata = b"\x02ns" + zone + b"\x0ahostmaster" + zone + struct.pack("!5I", 1, 7200, 1800, 86400, 5)
    return zone + struct.pack("!HHIH", 6, 1, 5, len(rdata)) + rdata


def message(flags: int, question: bytes, qtype: int, form: int) -> bytes:
    """One DNS message: a query, or the answer that its form of the name gets."""
    answer = authority = b""
    if flags & 0x8000 and form == 3:  # the form that exists: an address for A, NODATA for AAAA
        if qtype == 1:
            answer = bytes.fromhex("c00c000100010000001e0004") + bytes([10, 233, 3, 7])
        else:
            authority = soa(len(question) - 4)
    elif flags & 0x8000:
        flags |= 3
        authority = b"" if form == 4 else soa(len(question) - 4)  # the gateway's NXDOMAIN has no SOA
    return struct.pack("!6H", 0, flags, 1, bool(answer), bool(authority), 0) + question + answer + authority


def schedule(pairs: int) -> tuple[Numbers, NDArray[np.bool_], Numbers]:
    """Number of the question, whether it is the answer, and the time in us, of every packet in order of time."""
    asked = np.arange(pairs, dtype=np.int64) * GAP_US
    answered = asked + 300 + (mix(np.arange(pairs), 1) % np.uint64(500)).astype(np.int64)
    time = np.concatenate([asked, answered])
    order = np.argsort(time, kind="stable")
    question = order % pairs
    return question, order >= pairs, time[order]


def put(data: Octets, starts: Numbers, at: int, values: NDArray[np.integer], size: int, little: bool = False) -> None:
    """Write each value as `size` octets at `starts + at`."""
    for octet in range(size):
        shift = 8 * (octet if little else size - 1 - octet)
        data[starts + at + octet] = (values >> shift) & 0xFF


def ip_checksum(data: Octets, starts: Numbers) -> Numbers:
    words = sum(
        data[starts + AT_IP + 2 * i].astype(np.int64) << 8 | data[starts + AT_IP + 2 * i + 1] for i in range(IP // 2)
    )
    total = np.asarray(words, dtype=np.int64)
    for _ in range(2):
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Builder:
    """Copies templates and fills in what differs from packet to packet."""

    def __init__(self, names: int) -> None:
        parts = templates(names)
        self.names = names
        self.flat = np.frombuffer(b"".join(parts), np.uint8)
        self.sizes = np.array([len(part) for part in parts], np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])

    def build(self, question: Numbers, is_answer: NDArray[np.bool_], time_us: Numbers) -> Octets:
        """The octets of these packets, one after the other."""
        picks = mix(question // 2, 2) % np.uint64(2**32)  # A and AAAA of one name follow each other
        skewed = picks.astype(np.float64) / 2**32
        name = (skewed * skewed * self.names).astype(np.int64)  # a few names are asked most
        template = 4 * name + 2 * is_answer + question % 2
        sizes = self.sizes[template]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        data = self.flat[np.repeat(self.starts[template] - starts, sizes) + np.arange(sizes.sum())]
        self.fill(data, starts, question, is_answer, time_us)
        return data

    @staticmethod
    def fill(data: Octets, starts: Numbers, question: Numbers, is_answer: NDArray[np.bool_], time_us: Numbers) -> None:
        put(data, starts, 0, START + time_us // 1_000_000, 4, little=True)
        put(data, starts, 4, time_us % 1_000_000, 4, little=True)
        lookup = mix(question // 2, 3)  # both questions of a lookup share client and port
        client = (10 << 24 | 233 << 16 | 64 << 8) + (lookup % np.uint64(1000)).astype(np.int64)
        server = np.full_like(client, 169 << 24 | 254 << 16 | 25 << 8 | 10)
        port = 32768 + ((lookup >> np.uint64(20)) % np.uint64(28000)).astype(np.int64)
        dns = np.full_like(port, 53)
        put(data, starts, AT_IP + 4, (mix(question, 4) & np.uint64(0xFFFF)).astype(np.int64) ^ is_answer, 2)
        put(data, starts, AT_IP + 12, np.where(is_answer, server, client), 4)
        put(data, starts, AT_IP + 16, np.where(is_answer, client, server), 4)
        put(data, starts, AT_IP + 10, ip_checksum(data, starts), 2)
        put(data, starts, AT_UDP, np.where(is_answer, dns, port), 2)
        put(data, starts, AT_UDP + 2, np.where(is_answer, port, dns), 2)
        put(data, starts, AT_DNS, (mix(question, 5) & np.uint64(0xFFFF)).astype(np.int64), 2)


def make(packets: int, names: int, out: Path) -> int:
    """Write the capture; its size in octets."""
    builder = Builder(names)
    question, is_answer, time_us = schedule(packets // 2)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_name(out.name + ".part")
    with scratch.open("wb") as file:
        file.write(PCAP_HEADER)
        for low in range(0, len(question), CHUNK):
            part = slice(low, low + CHUNK)
            file.write(builder.build(question[part], is_answer[part], time_us[part]).data)
    scratch.replace(out)
    return out.stat().st_size


def main() -> None:
    """Make the capture that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=2_000_000)
    parser.add_argument("--names", type=int, default=50_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data" / "benchmark.pcap")
    args = parser.parse_args()
    print(f"{args.out}: {args.packets:,d} packets, {make(args.packets, args.names, args.out):,d} octets")


if __name__ == "__main__":
    main()
