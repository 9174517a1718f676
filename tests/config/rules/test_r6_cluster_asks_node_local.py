"""R6: the cluster DNS asks node-local DNS."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import CLUSTER, NODELOCAL, fixes, found, judge, only, places


def site(node: str) -> dict[str, str]:
    return {
        "Corefile": CLUSTER.replace("UPSTREAM", "/etc/resolv.conf"),
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "192.168.1.1"),
        "etc/resolv.conf": node,
    }


def test_fires_through_the_nodes_file(tmp_path: Path) -> None:
    finding = only(judge(tmp_path, site("nameserver 169.254.25.10\nnameserver 192.168.1.1\n")), "R6")
    assert finding.severity == Severity.MEDIUM
    assert finding.numbers == {"share": 0.5}
    assert places(finding) == ["Corefile:6", "resolv.conf:1"]
    assert fixes(finding)["Corefile:6"] == "forward . 192.168.1.1 {"


def test_quiet_on_the_lan(tmp_path: Path) -> None:
    assert not found(judge(tmp_path, site("nameserver 192.168.1.1\n")), "R6")
