"""Makes the samples from the captures of the incident lab: copies, cuts along time with Wireshark's editcap, compresses.

usage: make_samples.py LAB [OUT]

LAB is the folder that holds the lab's captures. No packet is altered: a cut keeps every packet of its window. Running it
again gives the same bytes (gzip without name and time). README.md in this folder says what each sample shows.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple


class Sample(NamedTuple):
    """One sample: its name here, the lab's capture it comes from, and the window kept (epoch seconds) or None for all."""

    name: str
    source: str
    window: tuple[float, float] | None = None


# The lab's storm of each phase ran from 1795370469.2, 1795370506.9 and 1795370544.7 on, for 30 s; CoreDNS started some
# seconds before each, and its loop probes belong to the phase.
PHASE_A = (1795370460.0, 1795370500.0)
PHASE_B = (1795370500.0, 1795370538.0)
# The lab kept 8 s of phase B on the node, and, 22 s later, three packets that close a TCP connection: left out here.
PHASE_B_NODE = (1795370500.0, 1795370516.0)
PHASE_C = (1795370538.0, 1795370580.0)

SAMPLES = (
    Sample("nodelocaldns-incident.pcap", "s03b_halfloop_node1_any.pcap"),
    Sample("healthy.pcap.gz", "s01_healthy_node1_any.pcap"),
    Sample("storm-lan.pcap.gz", "s02_storm_node1_lan.pcap"),
    Sample("resolvers.pcap.gz", "s02d_resolvers_cni0.pcap"),
    Sample("self-loop.pcap", "s03a_selfloop_coredns_any.pcap"),
    Sample("two-hop-loop.pcap.gz", "s04a_twohop_coredns_dnsmasq_lan.pcap"),
    Sample("gateway-down.pcapng.gz", "s05a_gw_down_gw_lan.pcapng"),
    Sample("aaaa-waste.pcap", "s06_aaaa_node1_lan.pcap"),
    Sample("fix-a-before-lan.pcap.gz", "s07_fix_gw_lan.pcap", PHASE_A),
    Sample("fix-b-forward-lan.pcap.gz", "s07_fix_gw_lan.pcap", PHASE_B),
    Sample("fix-c-search-lan.pcap.gz", "s07_fix_gw_lan.pcap", PHASE_C),
    Sample("fix-a-before-node.pcap.gz", "s07_fix_node1_any.pcap", PHASE_A),
    Sample("fix-b-forward-node.pcap.gz", "s07_fix_node1_any.pcap", PHASE_B_NODE),
    Sample("fix-c-search-node.pcap.gz", "s07_fix_node1_any.pcap", PHASE_C),
    Sample("tcp-fragments.pcapng.gz", "s08_tcp_gw.pcapng"),
    Sample("port53-only.pcap", "s08_tcp_gw_wan_port53only.pcap"),
    Sample("vxlan-underlay.pcap", "s09_vxlan4789_underlay.pcap"),
    Sample("vxlan-inner.pcap", "s09_vxlan4789_inner.pcap"),
    Sample("formats.pcapng", "s10_fmt_eth.pcapng"),
)


def cut(source: Path, window: tuple[float, float], target: Path) -> None:
    """Write the packets of `source` (pcap, microseconds) with start <= time < stop to `target`."""
    start, stop = window
    subprocess.run(["editcap", "-F", "pcap", "-A", f"{start:.6f}", "-B", f"{stop:.6f}", source, target], check=True)


def make(sample: Sample, lab: Path, out: Path) -> int:
    """Write one sample; the number of bytes written."""
    target = out / sample.name
    with tempfile.TemporaryDirectory() as scratch:
        capture = lab / sample.source
        if sample.window is not None:
            whole, capture = capture, Path(scratch) / "cut.pcap"
            cut(whole, sample.window, capture)
        if sample.name.endswith(".gz"):
            target.write_bytes(gzip.compress(capture.read_bytes(), compresslevel=9, mtime=0))
        else:
            shutil.copyfile(capture, target)
    return target.stat().st_size


def main() -> None:
    """Make all samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lab", type=Path, help="folder with the lab's captures")
    parser.add_argument("out", type=Path, nargs="?", default=Path(__file__).parent, help="where to (default: here)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        print(f"{make(sample, args.lab, args.out):9,d}  {sample.name}  <- {sample.source}")


if __name__ == "__main__":
    main()
