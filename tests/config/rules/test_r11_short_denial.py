"""R11: a short denial TTL beside a search list that makes denials."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import KUBELET, NODELOCAL, fixes, found, judge, only, places


def site(ttl: int, search: str) -> dict[str, str]:
    return {
        "var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/etc/resolv.conf"),
        "etc/resolv.conf": f"search {search}\nnameserver 192.168.1.1\n",
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "192.168.1.1").replace(
            "denial 9984 30", f"denial 9984 {ttl}"
        ),
    }


def test_both_sides_of_the_cap(tmp_path: Path) -> None:
    finding = only(judge(tmp_path / "5", site(5, "example.org")), "R11")
    assert finding.severity == Severity.INFO
    assert places(finding) == ["Corefile.nodelocal:4"]
    assert fixes(finding) == {"Corefile.nodelocal:4": "denial 9984 30"}
    assert not found(judge(tmp_path / "6", site(6, "example.org")), "R11")


def test_quiet_without_an_outside_suffix(tmp_path: Path) -> None:
    assert not found(judge(tmp_path, site(5, "svc.cluster.local")), "R11")
