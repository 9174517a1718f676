"""R3: resolved's own file brings the node-local address to pods."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import KUBELET, NODELOCAL, fixes, found, judge, only, places

RESOLVED = "[Resolve]\nDNS=169.254.25.10 9.9.9.9\n"


def site(forward: str, resolv: str, resolved: str = RESOLVED) -> dict[str, str]:
    return {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", forward),
        "etc/systemd/resolved.conf": resolved,
        "var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", resolv),
    }


def test_fires_where_pods_get_the_uplink_file(tmp_path: Path) -> None:
    finding = only(judge(tmp_path, site("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")), "R3")
    assert finding.severity == Severity.MEDIUM
    assert places(finding) == ["resolved.conf:2", "config.yaml:4", "Corefile.nodelocal:16"]
    assert fixes(finding)["resolved.conf:2"] == "DNS=9.9.9.9"
    assert fixes(finding)["config.yaml:4"] == "resolvConf: /etc/kubernetes/resolv.conf"


def test_quiet_where_kubelet_has_its_own_file(tmp_path: Path) -> None:
    files = site("/etc/resolv.conf", "/etc/kubernetes/resolv.conf") | {
        "etc/kubernetes/resolv.conf": "nameserver 192.168.1.1\n"
    }
    assert not found(judge(tmp_path, files), "R3")


def test_quiet_where_nobody_reads_the_file(tmp_path: Path) -> None:
    assert not found(judge(tmp_path, site("192.168.1.1", "/run/systemd/resolve/resolv.conf")), "R3")


def test_quiet_with_another_global_server(tmp_path: Path) -> None:
    files = site("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "[Resolve]\nDNS=192.168.1.1\n")
    assert not found(judge(tmp_path, files), "R3")


def test_a_routing_domain_does_not_take_the_address_out(tmp_path: Path) -> None:
    files = site("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", RESOLVED + "Domains=~cluster.local\n")
    assert found(judge(tmp_path, files), "R3")
