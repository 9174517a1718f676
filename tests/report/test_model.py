"""What the Report is made from: labels of addresses that several pods had, one after the other."""

from __future__ import annotations

from pathlib import Path

from analyzer.options import AnalyzeOptions
from analyzer.pipeline import analyze

NS = 1_000_000_000
CAPTURED = 1_795_368_542 * NS  # 2026-11-22 17:29:02 UTC


def test_the_label_is_of_the_latest_owner_that_had_begun(samples: Path) -> None:
    labels = {
        "10.0.0.1": ((CAPTURED - 9 * NS, "old"), (CAPTURED - 5 * NS, "then"), (CAPTURED + 9000 * NS, "later")),
        "10.0.0.2": ((CAPTURED + 9000 * NS, "only later"),),
        "10.0.0.3": ((None, "a service"),),
    }
    report = analyze([str(samples / "self-loop.pcap")], AnalyzeOptions(labels=labels))
    assert report.labels == {"10.0.0.1": "then", "10.0.0.2": "only later", "10.0.0.3": "a service"}
