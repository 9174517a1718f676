"""R12: a forwarding block without `loop`."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import CLUSTER, fixes, found, judge, only, places


def test_fires_once_per_block(tmp_path: Path) -> None:
    finding = only(
        judge(tmp_path, {"Corefile": CLUSTER.replace("    loop\n", "").replace("UPSTREAM", "192.0.2.1")}), "R12"
    )
    assert finding.severity == Severity.LOW
    assert places(finding) == ["Corefile:1"]
    assert fixes(finding) == {"Corefile:6": "loop\nforward . 192.0.2.1 {"}


def test_quiet_with_loop_or_without_forward(tmp_path: Path) -> None:
    assert not found(judge(tmp_path / "loop", {"Corefile": CLUSTER.replace("UPSTREAM", "192.0.2.1")}), "R12")
    assert not found(judge(tmp_path / "file", {"Corefile": "example.org {\n    file /zones/example.org\n}\n"}), "R12")
