"""dpkt reads links, IP and UDP of its own: on plain Ethernet samples both must find the same DNS messages."""

from __future__ import annotations

from pathlib import Path

import dpkt
import numpy as np
import pytest
import xxhash

from analyzer.decode import decoder
from analyzer.messages import AddressTable, DecodeOptions

SAMPLES = Path(__file__).parents[2] / "samples"
Row = tuple[int, str, int, str, int, int]


def by_dpkt(path: Path) -> list[Row]:
    rows = []
    with path.open("rb") as file:
        for number, (_, data) in enumerate(dpkt.pcap.UniversalReader(file), 1):
            packet = dpkt.ethernet.Ethernet(data).data
            udp = getattr(packet, "data", None)
            if isinstance(udp, dpkt.udp.UDP) and 53 in (udp.sport, udp.dport) and len(udp.data) >= 12:
                src, dst = (dpkt.utils.inet_to_str(a) for a in (packet.src, packet.dst))
                rows.append((number, src, udp.sport, dst, udp.dport, xxhash.xxh3_64_intdigest(udp.data)))
    return rows


def by_us(path: Path) -> list[Row]:
    reader = decoder("auto", DecodeOptions())
    reader.open(0)
    addresses, rows = AddressTable(), []
    for batch in [*reader.feed(path.read_bytes()), *reader.finish()]:
        addresses.append(batch.addresses)
        table = batch.messages.take(np.flatnonzero(batch.messages.transport == 0))
        columns = (table.frame, table.src_addr, table.src_port, table.dst_addr, table.dst_port, table.payload_hash)
        for frame, src, sport, dst, dport, payload in zip(*(c.tolist() for c in columns), strict=True):
            rows.append((frame, addresses.text(src), sport, addresses.text(dst), dport, payload))
    return rows


@pytest.mark.parametrize("name", ["aaaa-waste.pcap", "formats.pcapng"])
def test_the_same_udp_messages(name: str) -> None:
    expected = by_dpkt(SAMPLES / name)
    assert len(expected) > 100
    assert by_us(SAMPLES / name) == expected
