"""`dnsloupe analyze`: formats, the exit code, and where the output goes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.messages import Ledger

Run = Callable[..., tuple[int, str, str]]


def test_text_and_json_say_the_same_findings(dnsloupe: Run, samples: Path) -> None:
    code, out, err = dnsloupe("analyze", samples / "self-loop.pcap", "-o", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert "loop-probe-loop" in [finding["id"] for finding in found["findings"]]
    code, text, _ = dnsloupe("analyze", samples / "self-loop.pcap", "--width", "200")
    assert code == 0
    assert [f["title"] for f in found["findings"] if f["title"] not in text] == []


def test_top_cuts_tables_and_zero_is_all(dnsloupe: Run, samples: Path) -> None:
    words = ["analyze", samples / "nodelocaldns-incident.pcap", "-o", "json", "--top"]
    assert len(json.loads(dnsloupe(*words, "2")[1])["names"]) == 2
    assert json.loads(dnsloupe(*words, "0")[1])["truncated"] == {}


def test_quiet_is_only_the_verdict(dnsloupe: Run, samples: Path) -> None:
    _, out, _ = dnsloupe("analyze", samples / "self-loop.pcap", "-q")
    assert "CRITICAL" in out
    assert "LEDGER" not in out


def test_an_output_file_holds_the_report_and_stdout_nothing(dnsloupe: Run, samples: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    assert dnsloupe("analyze", samples / "self-loop.pcap", "-O", target)[:2] == (0, "")
    assert "LEDGER" in target.read_text()


def test_strict_counts_what_could_not_be_read(dnsloupe: Run, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pipeline.analyze
    ledger = Ledger(total=9, frames={"message": 7, "skipped.snaplen": 2})
    monkeypatch.setattr(pipeline, "analyze", lambda *args: dataclasses.replace(whole(*args), ledger=ledger))
    assert dnsloupe("analyze", samples / "self-loop.pcap")[0] == 0
    code, out, err = dnsloupe("analyze", samples / "self-loop.pcap", "--strict")
    assert code == 3
    assert "LEDGER" in out
    assert err == "dnsloupe: strict: 2 frames cut by the snap length\n"


def test_an_interrupted_run_prints_what_it_has_and_ends_130(
    dnsloupe: Run, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pipeline.analyze
    monkeypatch.setattr(pipeline, "analyze", lambda *args: dataclasses.replace(whole(*args), interrupted=True))
    code, out, _ = dnsloupe("analyze", samples / "self-loop.pcap")
    assert code == 130
    assert "interrupted" in out
    assert "CRITICAL" in out


@pytest.mark.parametrize(
    ("words", "part"), [("--tz Mars/Olympus", "no time zone"), ("--port 0", "0 is not in the range")]
)
def test_options_that_cannot_be(dnsloupe: Run, samples: Path, words: str, part: str) -> None:
    code, _, err = dnsloupe("analyze", samples / "self-loop.pcap", *words.split())
    assert code == 2
    assert part in err


def test_a_time_zone_moves_the_clock(dnsloupe: Run, samples: Path) -> None:
    _, out, _ = dnsloupe("analyze", samples / "nodelocaldns-incident.pcap", "--tz", "Asia/Tokyo", "-q")
    assert "2026-11-23 02:29:02 to 02:30:19 Asia/Tokyo" in out


def test_the_forwarding_graph_for_graphviz(dnsloupe: Run, samples: Path) -> None:
    code, out, err = dnsloupe("analyze", samples / "two-hop-loop.pcap.gz", "-o", "dot")
    assert (code, err) == (0, "")
    assert out.startswith("digraph forwarding {")
    assert {line.split("[")[0].strip() for line in out.splitlines() if "color=red" in line} == {
        '"192.168.1.23" -> "192.168.1.1"',
        '"192.168.1.1" -> "192.168.1.23"',
    }
