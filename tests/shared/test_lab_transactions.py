"""Copies, transactions and resends of the lab's captures against `EXPECTED.md`, whole files against the naive twin."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from analyzer.decode import decoder
from analyzer.messages import AddressTable, DecodeOptions, MessageBatch, NameTree, State, Transport
from analyzer.options import Limits
from tests.transactions import naive
from tests.transactions.compare import check
from tests.transactions.traffic import Tables, run

# capture: UDP messages seen and kept, queries and responses kept, true resends (same ports, ID and octets)
TRUTH = {
    "s01_healthy_node1_any.pcap": (8268, 4430, 2770, 2770, 0),
    "s02_storm_node1_any_sll2_nano.pcap": (20937, 11258, 6130, 6130, 0),
    "s03b_halfloop_node1_any.pcap": (5633, 3329, 2238, 2191, 0),
    "s03c_selfloop_noplugin_any.pcap": (2752, 2680, 1358, 1358, 12),
    "s03f_dnsmasq_self_refused_any.pcap": (4, 2, 1, 1, 0),
    "s04a_twohop_coredns_dnsmasq_node1_any.pcap": (4487, 4471, 2326, 2145, 1545),
    "s05a_gw_down_node1_any.pcap": (2885, 1997, 1053, 944, 203),
    "s07_fix_node1_any.pcap": (9832, 5320, 3153, 3147, 0),
    "s08_tcp_node1_any.pcap": (346, 304, 379, 379, 0),
    "s10_fmt_any_sll1.pcap": (1998, 1084, 702, 702, 0),
    "s10_fmt_any_sll2.pcap": (1998, 1084, 702, 702, 0),
    "s10_fmt_any.pcapng": (1998, 1084, 702, 702, 0),
}


@pytest.fixture(scope="module")
def lab(shared: Path) -> Path:
    return shared / "lab" / "captures"


def read(path: Path) -> tuple[MessageBatch, NameTree, AddressTable]:
    reader = decoder("auto", DecodeOptions())
    reader.open(0)
    names, addresses, batches = NameTree(), AddressTable(), []
    for decoded in (*reader.feed(path.read_bytes()), *reader.finish()):
        names.append(decoded.names)
        addresses.append(decoded.addresses)
        batches.append(decoded.messages)
    return MessageBatch.concat(batches), names, addresses


def resends(tables: Tables) -> int:
    """UDP messages that repeat another's ports, addresses, ID and octets."""
    rows = tables.unique.take(tables.unique.transport == Transport.UDP)
    names = ("src_addr", "dst_addr", "src_port", "dst_port", "payload_hash")
    counts = Counter(zip(*(rows.columns()[name].tolist() for name in names), strict=True))
    return sum(count - 1 for count in counts.values())


@pytest.mark.parametrize("capture", TRUTH)
def test_copies_are_collapsed_and_resends_kept(lab: Path, capture: str) -> None:
    rows, names, addresses = read(lab / capture)
    tables = run([rows], names, addresses)
    seen = int((rows.transport == Transport.UDP).sum())
    kept = int((tables.unique.transport == Transport.UDP).sum())
    response = (tables.unique.flags & 0x8000) != 0
    assert (seen, kept, int((~response).sum()), int(response.sum()), resends(tables)) == TRUTH[capture]
    counters = tables.stage.counters
    assert counters["messages"] == counters["unique"] + counters["copies"] + counters["filtered"]
    assert not (tables.transactions.state == State.ORPHAN).any()


@pytest.mark.parametrize(
    ("many", "single", "client", "server"),
    [
        ("s01_healthy_node1_any.pcap", "s01_healthy_node1_lan.pcap", "192.168.1.23", "192.168.1.1"),
        ("s03a_selfloop_coredns_any.pcap", "s03a_selfloop_coredns_lo.pcapng", "169.254.25.10", "169.254.25.10"),
        ("s05a_gw_down_node1_any.pcap", "s05a_gw_down_gw_lan.pcapng", "192.168.1.23", "192.168.1.1"),
        ("s10_fmt_any_sll2.pcap", "s10_fmt_eth_us.pcap", "192.168.1.23", "192.168.1.1"),
    ],
)
def test_a_leg_is_the_same_seen_on_any_and_on_its_own_interface(
    lab: Path, many: str, single: str, client: str, server: str
) -> None:
    counts = []
    for capture in (many, single):
        rows, names, addresses = read(lab / capture)
        done = run([rows], names, addresses).transactions
        counts.append(int(((done.client == addresses.find(client)) & (done.server == addresses.find(server))).sum()))
    assert counts[0] == counts[1] > 0


@pytest.mark.slow
@pytest.mark.parametrize("capture", ["s03g_loop_resolved_any.pcap", "s05a_gw_down_node1_any.pcap", "s08_tcp_gw.pcapng"])
def test_whole_captures_agree_with_the_naive_twin_in_any_pieces(lab: Path, capture: str) -> None:
    rows, names, addresses = read(lab / capture)
    cuts = np.random.default_rng(7).integers(0, len(rows), 40).tolist()
    check(run([rows], names, addresses, cuts), naive.everything(naive.rows_of([rows]), Limits()))
