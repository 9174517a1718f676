"""R7: a suffix outside the cluster in search lists."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import KUBELET, fixes, found, judge, only, places


def site(**files: str) -> dict[str, str]:
    return {"var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/run/systemd/resolve/resolv.conf"), **files}


def test_dhcp_domain_reaches_the_pods(tmp_path: Path) -> None:
    files = site() | {
        "etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n",
        "gw/etc/dnsmasq.conf": "domain=example.org\nlisten-address=192.168.1.1\nserver=1.1.1.1\nno-resolv\n",
    }
    finding = only(judge(tmp_path, files), "R7")
    assert finding.subject.value == "example.org."
    assert places(finding) == ["dnsmasq.conf:1"]
    assert finding.numbers["queries_per_dead_name"] == 10, (
        "3 cluster suffixes, this one and the name itself, A and AAAA"
    )
    assert fixes(finding)["dnsmasq.conf:1"] == "domain=example.org\ndhcp-option=15"


def test_quiet_where_the_link_refuses_dhcp_domains(tmp_path: Path) -> None:
    files = site() | {
        "etc/netplan/a.yaml": (
            "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n      dhcp4-overrides: {use-domains: false}\n"
        ),
        "gw/etc/dnsmasq.conf": "domain=example.org\nlisten-address=192.168.1.1\nserver=1.1.1.1\nno-resolv\n",
    }
    assert not found(judge(tmp_path, files), "R7")


def test_a_suffix_is_taken_out_of_the_list(tmp_path: Path) -> None:
    files = site() | {
        "etc/systemd/resolved.conf": "[Resolve]\nDNS=192.168.1.1\nDomains=svc.cluster.local corp.example lan\n"
    }
    findings = found(judge(tmp_path, files), "R7")
    assert {one.subject.value: fixes(one)["resolved.conf:3"] for one in findings} == {
        "corp.example.": "Domains=svc.cluster.local lan",
        "lan.": "Domains=svc.cluster.local corp.example",
    }


def test_a_pods_own_file_counts(tmp_path: Path) -> None:
    text = "search a.svc.cluster.local svc.cluster.local cluster.local example.org\nnameserver 10.96.0.10\noptions ndots:NUMBER\n"
    high, low = tmp_path / "high", tmp_path / "low"
    kubelet = "kind: KubeletConfiguration\nclusterDomain: cluster.local\n"
    finding = only(judge(high, {"pod/resolv.conf": text.replace("NUMBER", "2"), "kubelet.yaml": kubelet}), "R7")
    assert finding.severity == Severity.MEDIUM
    assert fixes(finding)["resolv.conf:1"] == "search a.svc.cluster.local svc.cluster.local cluster.local"
    assert not found(judge(low, {"pod/resolv.conf": text.replace("NUMBER", "1"), "kubelet.yaml": kubelet}), "R7")
