"""Times dnsloupe beside other programs on one capture, in one run, and prints what can be compared between machines.

usage: bench.py [--capture FILE] [--slice N] [--repeat N] [--only WORD]

Every row is a child process of its own: wall time and CPU time (each the best of the repeats), packets per second of wall
time, the ratio of CPU time to that of `tcpdump -w /dev/null 'port 53'` over the same number of packets (which only scans),
and the child's peak memory. What else runs on the machine stretches wall time at once and CPU time much less. Slow readers
get a slice: the first packets of the same traffic. Programs that are not installed are named at the end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PACKETS = 2_000_000

# Decoding alone: bytes in, columns out, nothing kept. The time is taken inside, so that start-up does not count.
DECODE = """
import os, sys, time
from analyzer.decode import decoder
from analyzer.messages import DecodeOptions
which, path = sys.argv[1:]
reader, rows = decoder(which, DecodeOptions()), 0
began, cpu = time.perf_counter(), time.process_time()
with open(path, "rb") as file:
    reader.open(0)
    while data := os.read(file.fileno(), 1 << 20):
        rows += sum(len(batch.messages) for batch in reader.feed(data))
rows += sum(len(batch.messages) for batch in reader.finish())
print("seconds", time.perf_counter() - began, "cpu", time.process_time() - cpu, "rows", rows)
"""


class Row(NamedTuple):
    """One thing to measure. `command` gets the capture's path; `sliced` says that it gets the slice.

    The first row of the whole and the first of the slice are the scan that the others are compared with.
    """

    label: str
    command: Callable[[Path], Sequence[str | Path]]
    sliced: bool = False
    inside: bool = False  # the child prints its own time
    reads: bool = True


class Measured(NamedTuple):
    """Wall seconds, CPU seconds and peak resident memory in MB."""

    seconds: float
    cpu: float
    peak_mb: float


def ours(*words: str) -> list[str | Path]:
    return [Path(sys.executable).with_name("dnsloupe"), *words]


def decode_only(which: str) -> Callable[[Path], Sequence[str | Path]]:
    return lambda path: [sys.executable, "-c", DECODE, which, path]


ROWS = (
    Row("tcpdump -w /dev/null 'port 53'", lambda path: ["tcpdump", "-r", path, "-w", "/dev/null", "port 53"]),
    Row("dnsloupe decode only, native", decode_only("native"), inside=True),
    Row("dnsloupe messages (TSV)", lambda path: ours("messages", str(path))),
    Row("dnsloupe analyze", lambda path: ours("analyze", str(path))),
    Row("dnsloupe analyze -o json", lambda path: ours("analyze", str(path), "-o", "json")),
    Row("dnstop -l 3", lambda path: ["dnstop", "-l", "3", path]),
    Row("dnscap -w", lambda path: ["dnscap", "-r", path, "-w", "out"]),
    Row("packetq count", lambda path: ["packetq", "-s", "select qtype, count(*) from dns group by qtype", path]),
    Row("dnsscope", lambda path: ["dnsscope", path]),
    Row("tcpdump -w /dev/null, slice", lambda path: ["tcpdump", "-r", path, "-w", "/dev/null", "port 53"], sliced=True),
    Row("dnsloupe decode only, native, slice", decode_only("native"), sliced=True, inside=True),
    Row("dnsloupe decode only, reference, slice", decode_only("reference"), sliced=True, inside=True),
    Row(
        "tshark -T fields, slice",
        lambda path: ["tshark", "-r", path, "-T", "fields", "-e", "dns.qry.name"],
        sliced=True,
    ),
    Row("dnsloupe --help", lambda _: ours("--help"), reads=False),
)


def run(row: Row, capture: Path) -> Measured:
    """Run one child to its end; OSError where it is not installed, RuntimeError where it fails."""
    began = time.perf_counter()
    command = list(row.command(capture.resolve()))
    # In a folder of its own: dnsscope leaves files where it runs.
    with (
        tempfile.TemporaryDirectory() as scratch,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=scratch) as child,
    ):
        assert child.stdout is not None
        tail = b""
        while block := child.stdout.read(1 << 16):
            tail = block[-200:]
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if child.returncode:
        raise RuntimeError(f"exit {child.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    if row.inside:
        seconds, cpu = float(tail.split()[1]), float(tail.split()[3])
    return Measured(seconds, cpu, usage.ru_maxrss / 1024)


def best(row: Row, capture: Path, repeat: int) -> Measured:
    """The least of each over the repeats."""
    return Measured(*map(min, zip(*(run(row, capture) for _ in range(repeat)), strict=True)))


def made(path: Path, packets: int) -> Path:
    """The capture, made first where it is not there."""
    if not path.exists():
        subprocess.run([sys.executable, HERE / "make_capture.py", "--packets", str(packets), "--out", path], check=True)
    return path


def line(row: Row, result: Measured, packets: int, scan: float | None) -> str:
    """One row of the table; `scan` is the CPU time of the scan over the same packets, None where that could not run."""
    rate = f"{packets / result.seconds:12,.0f}" if row.reads else " " * 12
    ratio = f"{result.cpu / scan:8.1f}" if row.reads and scan else " " * 8
    return f"{row.label:40} {result.seconds:8.3f} {result.cpu:8.3f} {rate} {ratio} {result.peak_mb:8.0f}"


def table(whole: tuple[Path, int], part: tuple[Path, int], repeat: int, only: str) -> list[str]:
    """Print the rows as they are measured; what could not be measured, in words."""
    wrong: list[str] = []
    scan: dict[bool, float] = {}
    print(f"{'':40} {'seconds':>8} {'CPU s':>8} {'packets/s':>12} {'x scan':>8} {'peak MB':>8}")
    for row in ROWS:
        if only not in row.label and "tcpdump" not in row.label:
            continue
        path, packets = part if row.sliced else whole
        program = str(row.command(path)[0])
        if shutil.which(program) is None:
            wrong.append(f"not installed: {program}")
            continue
        try:
            result = best(row, path, repeat)
        except (RuntimeError, OSError) as error:
            wrong.append(f"FAILED {row.label}: {error}")
            continue
        if "tcpdump" in row.label:
            scan[row.sliced] = result.cpu
        print(line(row, result, packets, scan.get(row.sliced)), flush=True)
    return wrong


def main() -> int:
    """Measure every row that can run here; 1 where one of our own failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capture", type=Path, default=HERE / "data" / "benchmark.pcap")
    parser.add_argument("--packets", type=int, default=PACKETS, help="packets in it (made so where it is absent)")
    parser.add_argument("--slice", type=int, default=50_000, help="packets for the slow readers")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", help="rows whose name holds this word")
    args = parser.parse_args()
    whole = made(args.capture, args.packets)
    part = made(args.capture.with_name(f"slice-{args.slice}.pcap"), args.slice)
    with whole.open("rb") as file:  # into the page cache: every program then reads from memory
        while file.read(1 << 20):
            pass
    wrong = table((whole, args.packets), (part, args.slice), args.repeat, args.only)
    print(*dict.fromkeys(wrong), sep="\n")
    return any("FAILED dnsloupe" in text for text in wrong)


if __name__ == "__main__":
    sys.exit(main())
