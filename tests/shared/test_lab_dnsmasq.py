"""The gateway's dnsmasq logged each query that it read: the same as our counts, on the leg and in the time of both."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analyzer.dns import rrtypes
from analyzer.messages import State
from analyzer.options import NS
from tests.shared.test_lab_measures import GATEWAY, QUERY, read

Counts = Counter[tuple[str, str, str]]
EVER = ("00:00:00", "99:99:99")


def logged(paths: list[Path], since: str, until: str) -> Counts:
    """Queries by client, name and type; the log's clock knows seconds."""
    lines = [line for path in paths for line in path.read_text(errors="replace").splitlines()]
    found = (QUERY.search(line) for line in lines if since <= line.split()[2] <= until)
    return Counter((m[3], m[2].lower().removesuffix(".") or ".", m[1]) for m in found if m)


def captured(path: Path, dead: tuple[float, float]) -> Counts:
    """The same from our transactions, without those that came while nobody listened."""
    context, batches = read(path)
    gateway, text = context.addresses.find(GATEWAY), context.names.text
    out: Counts = Counter()
    for batch in batches:
        rows = batch.transactions
        seen = (rows.server == gateway) & (rows.state != State.ORPHAN)
        seen &= (rows.time_ns < dead[0] * NS) | (rows.time_ns > dead[1] * NS)
        rows = rows.take(seen)
        for client, name, qtype in zip(rows.client.tolist(), rows.qname.tolist(), rows.qtype.tolist(), strict=True):
            out[context.addresses.text(client), text(name) or ".", rrtypes.text(qtype)] += 1
    return out


@pytest.mark.parametrize(
    ("capture", "logs", "since", "until", "dead", "queries"),
    [
        ("s01_healthy_gw.pcapng", ["s01_healthy_gw_dnsmasq"], *EVER, (0, 0), 358),
        ("s07_fix_gw_lan.pcap", ["s07_fix_gw_dnsmasq"], *EVER, (0, 0), 1926),
        # The capture ends at 17:49:01.04, the loop and its log go on; the one on node1 ends 2 s later.
        (
            "s04a_twohop_coredns_dnsmasq_lan.pcap",
            ["s04a_twohop_coredns_dnsmasq_gw_dnsmasq"],
            EVER[0],
            "17:49:01",
            (0, 0),
            1467,
        ),
        (
            "s04a_twohop_coredns_dnsmasq_node1_any.pcap",
            ["s04a_twohop_coredns_dnsmasq_gw_dnsmasq"],
            EVER[0],
            "17:49:02",
            (0, 0),
            1471,
        ),
        # CoreDNS' loop probe went out 5 s before the capture; 111 queries came between kill and restart (truth file).
        (
            "s05a_gw_down_gw_lan.pcapng",
            ["s05a_gw_down_gw_dnsmasq1", "s05a_gw_down_gw_dnsmasq2"],
            "17:34:37",
            EVER[1],
            (1_795_368_925.5226, 1_795_368_940.5243),
            703 - 111,
        ),
        # Again the probe, 5 s before the captures.
        ("s06_aaaa_gw.pcapng", ["s06_aaaa_gw_dnsmasq_off", "s06_aaaa_gw_dnsmasq_on"], "17:37:55", EVER[1], (0, 0), 392),
        (
            "s06_aaaa_node1_lan.pcap",
            ["s06_aaaa_gw_dnsmasq_off", "s06_aaaa_gw_dnsmasq_on"],
            "17:37:55",
            EVER[1],
            (0, 0),
            392,
        ),
        ("s08_tcp_gw.pcapng", ["s08_tcp_gw_dnsmasq"], "17:45:01", EVER[1], (0, 0), 290),
    ],
)
def test_each_query_is_one_line_of_the_log(
    shared: Path, capture: str, logs: list[str], since: str, until: str, dead: tuple[float, float], queries: int
) -> None:
    folder = shared / "lab" / "captures"
    ours = captured(folder / capture, dead)
    assert ours.total() == queries
    assert ours == logged([folder / f"{log}.log" for log in logs], since, until)
