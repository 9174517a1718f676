"""The tables against what the lab's own programs counted: dnsmasq's query log, and the counts of `EXPECTED.md`."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyzer.decode import decoder
from analyzer.dns import rrtypes
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.rows import Side
from analyzer.messages import DecodeOptions, TransactionBatch
from analyzer.transactions import Transactions
from tests.measures.naive import Naive
from tests.measures.naive_tables import compare
from tests.measures.traffic import results

GATEWAY = "192.168.1.1"
QUERY = re.compile(r"query\[([^\]]+)\] (\S+) from (\S+)")


def read(path: Path) -> tuple[Context, list[TransactionBatch]]:
    """A capture through decoder and stages."""
    reader, context = decoder("auto", DecodeOptions()), Context()
    stage = Transactions(context.names, context.addresses, context.options)
    out: list[TransactionBatch] = []
    reader.open(0)
    for decoded in (*reader.feed(path.read_bytes()), *reader.finish()):
        context.names.append(decoded.names)
        context.addresses.append(decoded.addresses)
        out += stage.feed(decoded)
    out += stage.finish()
    (info,) = reader.captures
    assert info.first_ns is not None
    assert info.last_ns is not None
    context.first_ns, context.last_ns, context.covered_ns = info.first_ns, info.last_ns, info.last_ns - info.first_ns
    return context, out


@pytest.fixture(scope="module")
def lab(shared: Path) -> Path:
    return shared / "lab" / "captures"


def logged(path: Path, client: str = "") -> Counter[tuple[str, str, str]]:
    """Queries by client, name and type as dnsmasq logged them."""
    found = (QUERY.search(line) for line in path.read_text(errors="replace").splitlines())
    rows = Counter((m[3], m[2].lower().removesuffix(".") or ".", m[1]) for m in found if m)
    return Counter({row: count for row, count in rows.items() if client in ("", row[0])})


@pytest.mark.parametrize(
    ("capture", "log", "client", "queries"),
    [
        ("s01_healthy_node1_lan.pcap", "s01_healthy_gw_dnsmasq.log", "192.168.1.23", 293),
        ("s01_healthy_node1_any.pcap", "s01_healthy_gw_dnsmasq.log", "192.168.1.23", 293),
        ("s01_healthy_gw.pcapng", "s01_healthy_gw_dnsmasq.log", "", 358),
        ("s02_storm_node1_lan.pcap", "s02_storm_gw_dnsmasq.log", "192.168.1.23", 5889),
        ("s03b_halfloop_node1_any.pcap", "s03b_halfloop_coredns_gw_dnsmasq.log", "192.168.1.23", 212),
        ("s07_fix_gw_lan.pcap", "s07_fix_gw_dnsmasq.log", "", 1926),
    ],
)
def test_counts_are_those_of_the_gateways_own_log(lab: Path, capture: str, log: str, client: str, queries: int) -> None:
    context, found = read(lab / capture)
    cells: Cells = results(context, found)["cells"]
    ours: Counter[tuple[str, str, str]] = Counter()
    for at in np.flatnonzero(cells.server == context.addresses.find(GATEWAY)).tolist():
        asks = context.addresses.text(int(cells.client[at]))
        ours[asks, context.names.text(int(cells.qname[at])), rrtypes.text(int(cells.qtype[at]))] += int(
            cells.queries[at]
        )
    assert ours.total() == queries
    assert ours == logged(lab / log, client)


@pytest.mark.parametrize(
    ("capture", "queries", "responses"),
    [  # EXPECTED.md, "Copies"
        ("s01_healthy_node1_any.pcap", 2770, 2770),
        ("s02_storm_node1_any_sll2_nano.pcap", 6130, 6130),
        ("s03b_halfloop_node1_any.pcap", 2238, 2191),
        ("s04a_twohop_coredns_dnsmasq_node1_any.pcap", 2326, 2145),
        ("s05a_gw_down_node1_any.pcap", 1053, 944),
        ("s07_fix_node1_any.pcap", 3153, 3147),
        ("s10_fmt_any_sll2.pcap", 702, 702),
    ],
)
def test_unique_messages_and_tables_of_captures_on_any_interface(
    lab: Path, capture: str, queries: int, responses: int
) -> None:
    context, batches = read(lab / capture)
    found = results(context, batches)
    assert (found["summary"].queries, found["summary"].responses) == (queries, responses)
    assert sum(found["summary"].sides.values()) <= queries
    compare(Naive(context, batches), found)


def test_the_incidents_node(lab: Path) -> None:
    """Roles, sides and peak of the healthy baseline, from the lab's addresses and EXPECTED.md."""
    found: dict[str, Any] = results(*read(lab / "s01_healthy_node1_any.pcap"))
    (forwarder,) = found["forwarders"]
    assert forwarder.addresses == ("10.233.0.23", "169.254.25.10", "192.168.1.23")
    assert forwarder.upstreams == ("10.233.0.3", "192.168.1.1")
    leak = "gitea.default.svc.cluster.local.example.org"
    (row,) = (row for row in found["names"].tables[Side.UPSTREAM] if row.qname == leak)
    assert (row.queries, row.peak_60s) == (56, 40)
    suffix = {row.suffix: row.grouped_by for row in found["suffixes"].rows}
    assert suffix["kubecamp.svc.cluster.local"] == "search"
