"""R1: the file lists the server's own address."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import NODELOCAL, fixes, found, judge, only, places


def test_fires_on_the_own_address(tmp_path: Path) -> None:
    diagnosis = judge(
        tmp_path,
        {
            "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
            "etc/resolv.conf": "nameserver 169.254.25.10\nnameserver 192.168.1.1\n",
        },
    )
    finding = only(diagnosis, "R1")
    assert finding.severity == Severity.HIGH
    assert finding.numbers == {"share": 0.5, "upstreams": 2}
    assert places(finding) == ["Corefile.nodelocal:16", "resolv.conf:1"]
    assert fixes(finding) == {
        "Corefile.nodelocal:16": "forward . 192.168.1.1",
        "resolv.conf:1": "# nameserver 169.254.25.10",
    }


def test_quiet_on_the_lan_alone(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
        "etc/resolv.conf": "nameserver 192.168.1.1\n",
    }
    assert not found(judge(tmp_path, files), "R1")


def test_kubespray_variables_are_enough(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
        "inventory/group_vars/k8s_cluster/k8s-cluster.yml": "resolvconf_mode: host_resolvconf\nenable_nodelocaldns: true\n",
    }
    finding = only(judge(tmp_path, files), "R1")
    assert fixes(finding)["k8s-cluster.yml:1"] == "resolvconf_mode: none"
