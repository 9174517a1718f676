"""The loop finding: verdict, numbers, and where the circle is cut."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import CLUSTER, KUBELET, NODELOCAL, fixes, found, judge, only, places


def test_two_parties_on_one_node(tmp_path: Path) -> None:
    """dnsmasq on the node and node-local DNS as each other's server; link-local, so it can only be the same machine."""
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "127.0.0.1"),
        "etc/dnsmasq.conf": "no-resolv\nlisten-address=127.0.0.1\nbind-interfaces\nserver=169.254.25.10\n",
    }
    diagnosis = judge(tmp_path, files)
    finding = only(diagnosis, "config-loop")
    assert (finding.kind, finding.severity) == ("certain", Severity.CRITICAL)
    assert finding.subject.value == "dnsmasq@node -> nodelocaldns@node -> dnsmasq@node"
    assert places(finding) == ["dnsmasq.conf:4", "Corefile.nodelocal:16"]
    assert fixes(finding)["dnsmasq.conf:4"] == "# server=169.254.25.10"
    assert fixes(finding)["Corefile.nodelocal:16"] == "forward . <LAN-DNS>"


def test_dns_loop_detect_softens_it(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "127.0.0.1"),
        "etc/dnsmasq.conf": "no-resolv\nlisten-address=127.0.0.1\nbind-interfaces\nserver=169.254.25.10\ndns-loop-detect\n",
    }
    finding = only(judge(tmp_path, files), "config-loop")
    assert finding.severity == Severity.MEDIUM
    assert "dns-loop-detect" in finding.excluded[0]


def test_through_systemd_resolved(tmp_path: Path) -> None:
    """The lab's case: CoreDNS -> 127.0.0.53 -> 169.254.25.10; asked beside a link server it still comes back each time."""
    for number, link in enumerate(("", "DNS Servers: 192.168.1.1")):
        files = {
            "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "127.0.0.53"),
            "etc/systemd/resolved.conf": "[Resolve]\nDNS=169.254.25.10\n",
            "resolvectl.txt": f"Link 2 (eth0)\n    {link}\n",
        }
        (cycle,) = judge(tmp_path / str(number), files).cycles
        assert (cycle.verdict, cycle.instances) == ("certain", ("nodelocaldns@node", "resolved@node"))


def test_sequential_makes_it_failure_only(tmp_path: Path) -> None:
    forward = "192.168.1.1 169.254.25.10 {\n        policy sequential\n    }"
    diagnosis = judge(tmp_path, {"Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", forward)})
    finding = only(diagnosis, "config-loop")
    assert (finding.kind, finding.severity) == ("failure-only", Severity.MEDIUM)
    assert fixes(finding)["Corefile.nodelocal:16"] == "forward . 192.168.1.1 {"


def test_kubelet_resolv_conf_decides(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
        "etc/resolv.conf": "nameserver 169.254.25.10\n",
        "etc/kubernetes/resolv.conf": "nameserver 192.168.1.1\n",
    }
    good = files | {"var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/etc/kubernetes/resolv.conf")}
    bad = files | {"var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/etc/resolv.conf")}
    assert not found(judge(tmp_path / "good", good), "config-loop")
    assert only(judge(tmp_path / "bad", bad), "config-loop").kind == "certain"


def test_the_cluster_dns_alone_is_clean(tmp_path: Path) -> None:
    assert not found(judge(tmp_path, {"Corefile": CLUSTER.replace("UPSTREAM", "192.168.1.1")}), "config-loop")
