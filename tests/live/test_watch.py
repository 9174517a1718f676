"""Whole runs in namespaces, one for each way to capture, to keep packets, and to narrow what is counted."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from analyzer import pipeline
from analyzer.options import AnalyzeOptions
from analyzer.report.json import document
from tests.live.namespaces import Live, Namespace, until
from tests.live.test_start import answers, ask, raised, replayed

pytestmark = [pytest.mark.slow, pytest.mark.program("tcpdump", "dumpcap", "dnsmasq", "dig", "tcpreplay", "pgrep", "ss")]


def ended(live: Live) -> dict[str, Any]:
    """The report of a run that was told to end."""
    assert live.end() == 0, live.err.read_text()
    found: dict[str, Any] = json.loads(live.out.read_text())
    live.gone()
    return found


def capturing_forked(live: Live) -> int:
    """The third process: the keeper's fork with the socket."""
    pids: list[int] = until(lambda: len(found := live.inside.pids("analyzer.live")) == 3 and found)
    time.sleep(1.5)  # scapy is imported
    return max(pids)


class TestWithoutAProgram:
    """Neither tcpdump nor dumpcap: scapy's socket."""

    def test_it_captures_and_says_so(self, namespace: Namespace, tmp_path: Path) -> None:
        pytest.importorskip("scapy")
        namespace.hide("tcpdump", "dumpcap")
        answers(namespace)
        live = Live(namespace, tmp_path, "-i lo -o json --interval 1")
        child = capturing_forked(live)
        status = namespace.run(f"cat /proc/{child}/status")
        assert "Uid:\t0" not in status
        assert "CapEff:\t0000000000000000" in status  # the socket is open: no right is needed any more
        ask(namespace, 4)
        time.sleep(1.5)
        report = ended(live)
        assert report["summary"]["messages"] == 16
        assert {row["qname"] for row in report["names"]} == {f"www{n}.example.org" for n in range(4)} | {
            f"gone{n}.test" for n in range(4)
        }
        assert b"16 captured, 16 received by filter, 0 dropped by kernel, 16 parsed" in live.err.read_bytes()

    def test_it_is_killed(self, namespace: Namespace, tmp_path: Path) -> None:
        pytest.importorskip("scapy")
        namespace.hide("tcpdump", "dumpcap")
        live = Live(namespace, tmp_path, "-i lo -o json")
        namespace.run(f"kill -9 {capturing_forked(live)}")
        assert live.code() == 3
        assert "scapy stopped capturing: it was ended by signal 9" in live.err.read_text()
        live.gone()

    @pytest.mark.parametrize("wanted", ["-i any", "-i lo -i vb"])
    def test_what_it_cannot_is_said(self, namespace: Namespace, tmp_path: Path, wanted: str) -> None:
        pytest.importorskip("scapy")
        namespace.hide("tcpdump", "dumpcap")
        live = Live(namespace, tmp_path, wanted)
        assert live.code() == 2
        assert live.err.read_text().startswith("dnsloupe: scapy captures on one interface: -i NAME")


class TestPrograms:
    def test_several_interfaces_come_through_dumpcap(self, namespace: Namespace, tmp_path: Path, samples: Path) -> None:
        answers(namespace)
        live = Live(namespace, tmp_path, "-i lo -i vb -o json udp port 53")
        live.capturing("^/usr/bin/dumpcap")
        time.sleep(1)
        ask(namespace, 2)
        sample = replayed(samples / "fix-a-before-lan.pcap.gz", tmp_path)
        namespace.run(f"tcpreplay -q -t -L 100 -i va {sample}")
        time.sleep(3)
        report = ended(live)
        assert [row["name"] for row in report["capture"]["interfaces"]] == ["lo", "vb"]
        assert report["ledger"]["total"] == 8 + 100
        assert b"108 captured, 108 received by filter, 0 dropped by kernel" in live.err.read_bytes()

    def test_dumpcap_alone_is_enough(self, namespace: Namespace, tmp_path: Path) -> None:
        namespace.hide("tcpdump")
        answers(namespace)
        live = Live(namespace, tmp_path, "-o json")
        live.capturing("^/usr/bin/dumpcap")
        time.sleep(1)
        ask(namespace, 3)
        time.sleep(2)
        assert ended(live)["summary"]["messages"] == 12


class TestKept:
    def test_replayed_captures_give_the_numbers_of_analyze_on_what_was_written(
        self, namespace: Namespace, tmp_path: Path, samples: Path
    ) -> None:
        live = Live(namespace, tmp_path, f"-i vb -o json -w {tmp_path}/x.pcap")
        live.capturing()
        names = ("fix-a-before-lan.pcap.gz", "two-hop-loop.pcap.gz", "storm-lan.pcap.gz")
        for sample in names:
            namespace.run(f"tcpreplay -q --mbps 20 -i va {replayed(samples / sample, tmp_path)}")
        time.sleep(3)
        mine = ended(live)
        theirs = document(pipeline.analyze([f"{tmp_path}/x.pcap"], AnalyzeOptions()))
        assert mine["ledger"] == theirs["ledger"]
        assert mine["summary"]["messages"] > 1000
        for part in ("summary", "names", "clients", "servers", "pairs", "rcodes", "qtypes", "suffixes", "findings"):
            assert mine[part] == theirs[part], part

    def test_the_ring_holds_what_came_before_the_finding(
        self, namespace: Namespace, tmp_path: Path, samples: Path
    ) -> None:
        answers(namespace)
        live = Live(namespace, tmp_path, f"-i any -o jsonl --ring 60s -w {tmp_path}/x.pcap")
        live.capturing()
        ask(namespace, 2)
        sample = replayed(samples / "storm-lan.pcap.gz", tmp_path)
        namespace.start(["tcpreplay", "-q", "-i", "va", str(sample)], stdout=subprocess.DEVNULL)
        until((tmp_path / "x_00001.pcap").exists, 60)
        found = next(e for e in raised(live.out) if e["finding"]["id"] == "nxdomain-no-soa")
        assert live.end() == 0
        kept = document(pipeline.analyze([f"{tmp_path}/x_00001.pcap"], AnalyzeOptions()))
        assert kept["capture"]["first"] < found["finding"]["first"]
        assert {"www0.example.org", "gone0.test"} <= {row["qname"] for row in kept["names"]}
        live.gone()

    def test_files_rotate_and_hold_everything_between_them(
        self, namespace: Namespace, tmp_path: Path, samples: Path
    ) -> None:
        live = Live(namespace, tmp_path, f"-i vb -o json --rotate-size 64k -w {tmp_path}/x.pcap udp port 53")
        live.capturing()
        for _ in range(3):
            sample = replayed(samples / "fix-a-before-lan.pcap.gz", tmp_path)
            namespace.run(f"tcpreplay -q --mbps 5 -i va {sample}")
        time.sleep(3)
        report = ended(live)
        files = sorted(tmp_path.glob("x_*.pcap"))
        assert len(files) >= 3
        counted = [document(pipeline.analyze([str(path)], AnalyzeOptions()))["ledger"]["total"] for path in files]
        assert sum(counted) == report["ledger"]["total"]


class TestNarrowed:
    def test_labels_and_filters_hold_live_too(self, namespace: Namespace, tmp_path: Path) -> None:
        hosts = tmp_path / "hosts"
        hosts.write_text("10.9.0.1 resolver-one\n")
        answers(namespace)
        live = Live(namespace, tmp_path, f"-i lo --immediate --hosts {hosts} --name test -o json host resolver-one")
        live.capturing()
        ask(namespace, 3)
        time.sleep(2)
        report = ended(live)
        assert report["ledger"]["messages"]["filtered"] == 6
        assert {row["qname"] for row in report["names"]} == {"gone0.test", "gone1.test", "gone2.test"}
        assert report["labels"] == {"10.9.0.1": "resolver-one"}

    def test_metrics_are_served_while_it_runs(self, namespace: Namespace, tmp_path: Path) -> None:
        pytest.importorskip("prometheus_client")
        answers(namespace)
        live = Live(namespace, tmp_path, "-i lo --immediate --metrics 127.0.0.1:9353 --interval 1 -o jsonl")
        live.capturing()
        ask(namespace, 3)
        read = [
            "python3",
            "-c",
            "import urllib.request as u;print(u.urlopen('http://127.0.0.1:9353/').read().decode())",
        ]

        def shown() -> str:
            return namespace.start(read, stdout=subprocess.PIPE).communicate(timeout=20)[0].decode()

        until(lambda: "dnsloupe_queries_last_minute 6.0\n" in shown())
        text = shown()
        assert 'dnsloupe_responses_last_minute{rcode="NXDOMAIN"} 3.0\n' in text
        assert "dnsloupe_packets_total 12.0\n" in text
        assert live.end(signal.SIGINT) == 0
        live.gone()
