"""Whole runs in namespaces: real programs, real interfaces, and every way in which a run can end."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from analyzer import pipeline
from analyzer.errors import UsageError
from analyzer.live.keeper import Files
from analyzer.live.start import Order
from analyzer.options import AnalyzeOptions
from analyzer.report.json import document
from tests.live.namespaces import Live, Namespace, until

SLOW = [pytest.mark.slow, pytest.mark.program("tcpdump", "dnsmasq", "dig", "tcpreplay", "pgrep", "ss", "setpriv")]


def order(**more: Any) -> Order:
    return Order(options=AnalyzeOptions(), **more)


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "-", "interfaces": ("lo",)},
        {"rotate_size": 1},
        {"ring_s": 60.0},
        {"write": "-"},
        {"write": "x.pcap", "ring_s": 60.0, "rotate_size": 1},
        {"write": "x.pcap", "keep": 3},
    ],
)
def test_what_does_not_go_together_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        order(**wrong).check()


def test_names_in_the_filter_come_from_local_tables() -> None:
    options = AnalyzeOptions(hosts={"node1": ("192.168.1.23",)})
    assert Order(options=options, filter="port 53 and host node1").wish().filter == "port 53 and host 192.168.1.23"


def test_without_a_filter_fragments_and_icmp_errors_come_too() -> None:
    asked = Order(options=AnalyzeOptions(ports=frozenset({53, 5353}))).wish().filter
    assert asked == "port 53 or port 5353 or icmp or icmp6 or (ip[6:2] & 0x1fff != 0)"


def test_files_are_numbered_only_where_there_are_several() -> None:
    assert order(write="x.pcap").files() == Files(str(Path("x.pcap").absolute()))
    rotated = order(write="x.pcap", rotate_size=1, keep=2).files()
    assert rotated is not None
    assert rotated.name(3).name == "x_00003.pcap"


def answers(inside: Namespace) -> subprocess.Popen[bytes]:
    """A dnsmasq on vb that knows example.org and denies all else."""
    words = "dnsmasq -k --no-resolv --no-hosts --listen-address=10.9.0.1 --bind-interfaces --address=/example.org/192.0.2.7 --local=/test/ --pid-file="
    server = inside.start(words.split(), stderr=subprocess.DEVNULL)
    until(lambda: "10.9.0.1:53" in inside.run("ss -lun"))
    return server


def ask(inside: Namespace, count: int) -> None:
    for number in range(count):
        inside.run(f"dig +tries=1 +time=2 @10.9.0.1 www{number % 5}.example.org gone{number}.test")


def replayed(sample: Path, folder: Path) -> Path:
    """The sample as a file that tcpreplay reads."""
    if sample.suffix != ".gz":
        return sample
    plain = folder / sample.stem
    plain.write_bytes(subprocess.run(["gzip", "-dc", str(sample)], capture_output=True, check=True).stdout)
    return plain


def raised(out: Path) -> list[dict[str, Any]]:
    """The events so far, whole lines only."""
    lines = out.read_text().split("\n")[:-1]
    return [event for line in lines if (event := json.loads(line))["event"] == "raised"]


class TestWholeRuns:
    pytestmark = SLOW

    def test_the_numbers_are_those_of_analyze_on_the_packets_written(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        answers(namespace)
        live = Live(namespace, tmp_path, f"-i lo --immediate -o json -w {tmp_path}/x.pcap")
        live.capturing()
        ask(namespace, 6)
        time.sleep(1.5)
        assert live.end() == 0
        mine = json.loads(live.out.read_text())
        theirs = document(pipeline.analyze([f"{tmp_path}/x.pcap"], AnalyzeOptions()))
        assert mine["ledger"] == theirs["ledger"]
        assert mine["summary"]["messages"] == 24
        for part in ("summary", "names", "clients", "servers", "rcodes", "qtypes", "suffixes", "findings"):
            assert mine[part] == theirs[part], part
        assert b"24 parsed" in live.err.read_bytes()
        live.gone()

    def test_the_one_that_parses_has_no_rights(self, namespace: Namespace, tmp_path: Path) -> None:
        live = Live(namespace, tmp_path, "-i lo -o jsonl")
        child = live.capturing()
        parser = namespace.run(f"cat /proc/{live.main}/status")
        assert "Uid:\t0" not in parser
        assert "NoNewPrivs:\t1" in parser
        assert "CapEff:\t0000000000000000" in parser
        assert "Groups:\t \n" in parser
        captor = namespace.run(f"cat /proc/{child}/status")
        assert "Uid:\t0" not in captor
        assert "CapEff:\t0000000000003000" in captor  # NET_ADMIN and NET_RAW
        assert live.end(signal.SIGINT) == 0
        live.gone()

    @pytest.mark.parametrize(
        ("sample", "ident"), [("storm-lan.pcap.gz", "nxdomain-no-soa"), ("two-hop-loop.pcap.gz", "loop-probe-loop")]
    )
    def test_a_storm_and_a_loop_are_raised_within_ten_seconds(
        self, namespace: Namespace, tmp_path: Path, samples: Path, sample: str, ident: str
    ) -> None:
        live = Live(namespace, tmp_path, "-i vb -o jsonl")
        live.capturing()
        namespace.start(
            ["tcpreplay", "-q", "-i", "va", str(replayed(samples / sample, tmp_path))], stdout=subprocess.DEVNULL
        )
        found = until(lambda: [e for e in raised(live.out) if e["finding"]["id"] == ident])[0]
        first = found["finding"]["first"]
        assert seconds(found["time"]) - seconds(first) <= 10
        assert live.end() == 0
        live.gone()


def seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment[:26] + "+00:00").timestamp()


def drain(outer: int, shown: bytearray) -> None:
    """A terminal reads what is shown; where it does not, the program waits."""
    while octets := os.read(outer, 65536):
        shown += octets


class TestEndings:
    pytestmark = SLOW

    def test_the_capturing_program_is_killed(self, namespace: Namespace, tmp_path: Path) -> None:
        live = Live(namespace, tmp_path, "-i lo -o json")
        namespace.run(f"kill -9 {live.capturing()}")
        assert live.code() == 3
        assert "tcpdump stopped capturing: it was ended by signal 9" in live.err.read_text()
        assert json.loads(live.out.read_text())["partial"] is True
        live.gone()

    def test_the_one_that_shows_is_killed(self, namespace: Namespace, tmp_path: Path) -> None:
        live = Live(namespace, tmp_path, "-i lo -o jsonl")
        live.capturing()
        live.send(signal.SIGKILL)
        live.code()
        live.gone()

    def test_the_keeper_is_killed(self, namespace: Namespace, tmp_path: Path) -> None:
        live = Live(namespace, tmp_path, "-i lo -o json")
        live.capturing()
        namespace.run(f"kill -9 {max(namespace.pids('analyzer.live'))}")
        assert live.code() == 3
        assert "the process that held the capture is gone" in live.err.read_text()
        live.gone()

    def test_the_interface_goes_away(self, namespace: Namespace, tmp_path: Path) -> None:
        live = Live(namespace, tmp_path, "-i vb -o json")
        live.capturing()
        namespace.run("ip link del va")
        assert live.code() == 3
        assert "tcpdump stopped capturing" in live.err.read_text()
        live.gone()

    def test_the_disk_is_full(self, namespace: Namespace, tmp_path: Path, samples: Path) -> None:
        small = tmp_path / "small"
        small.mkdir()
        namespace.run(f"mount -t tmpfs -o size=64k tmpfs {small}")
        live = Live(namespace, tmp_path, f"-i vb -o json -w {small}/x.pcap")
        live.capturing()
        namespace.run(f"tcpreplay -q -t -i va {replayed(samples / 'fix-a-before-lan.pcap.gz', tmp_path)}")
        time.sleep(2.5)
        assert live.end() == 3
        assert "no space left on device" in live.err.read_text()
        assert json.loads(live.out.read_text())["ledger"]["total"] >= 1900  # watching went on
        live.gone()

    def test_nobody_reads_on(self, namespace: Namespace, tmp_path: Path) -> None:
        reader, writer = os.pipe()
        live = Live(namespace, tmp_path, "-i lo --plain --interval 1", stdout=writer)
        os.close(writer)
        live.capturing()
        assert os.read(reader, 100)
        os.close(reader)
        assert live.code() == 0
        assert live.err.read_text() == ""
        live.gone()

    def test_the_terminal_is_stopped_and_put_back(self, namespace: Namespace, tmp_path: Path) -> None:
        outer, inner = pty.openpty()
        shown = bytearray()
        threading.Thread(target=drain, args=(outer, shown), daemon=True).start()
        before = termios.tcgetattr(inner)
        live = Live(namespace, tmp_path, "-i lo", stdout=inner, stdin=inner)
        live.capturing()
        until(lambda: not termios.tcgetattr(inner)[3] & termios.ICANON)
        live.send(signal.SIGTSTP)
        until(lambda: "\nState:\tT" in namespace.run(f"cat /proc/{live.main}/status"))
        assert termios.tcgetattr(inner) == before
        live.send(signal.SIGCONT)
        live.process.send_signal(signal.SIGCONT)  # nsenter stops with what it runs
        until(lambda: not termios.tcgetattr(inner)[3] & termios.ICANON)
        os.write(outer, b"q")
        assert live.code() == 0
        assert termios.tcgetattr(inner) == before
        assert b"\x1b[?1049h" in shown  # the alternate screen, after having been continued …
        assert shown.rindex(b"\x1b[?1049l") > shown.rindex(b"\x1b[?1049h")  # … and left
        live.gone()

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ("-i nosuch0", "no interface 'nosuch0' (dnsloupe live -D lists them)"),
            ("-i lo port and", "filter 'port and'"),
            ("-i lo host no.such.name", "unknown host 'no.such.name' (dnsloupe asks no DNS; give the address)"),
        ],
    )
    def test_what_cannot_begin_says_why(self, namespace: Namespace, tmp_path: Path, options: str, said: str) -> None:
        live = Live(namespace, tmp_path, options)
        assert live.code() == 2
        assert said in live.err.read_text()
        assert len(live.err.read_text().splitlines()) == 1
        live.gone()

    def test_without_the_right_to_capture_it_says_what_to_do(self, namespace: Namespace, tmp_path: Path) -> None:
        words = [
            "setpriv",
            "--bounding-set=-all",
            "--inh-caps=-all",
            sys.executable,
            "-m",
            "analyzer",
            "live",
            "-i",
            "lo",
        ]
        done = namespace.start(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, said = done.communicate(timeout=40)
        assert done.returncode == 2
        assert b"no permission to capture; run it with sudo, or grant it once: sudo setcap" in said
