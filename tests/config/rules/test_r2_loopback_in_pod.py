"""R2: a loopback address in a pod is the server itself."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import CLUSTER, KUBELET, NODELOCAL, fixes, found, judge, only, places


def test_the_stub_in_a_pod_is_coredns_itself(tmp_path: Path) -> None:
    files = {
        "Corefile": CLUSTER.replace("UPSTREAM", "/etc/resolv.conf"),
        "etc/resolv.conf": "nameserver 127.0.0.53\noptions edns0 trust-ad\n",
    }
    diagnosis = judge(tmp_path, files)
    finding = only(diagnosis, "R2")
    assert finding.severity == Severity.CRITICAL
    assert places(finding) == ["Corefile:6", "resolv.conf:1"]
    assert fixes(finding)["kubelet configuration"] == "resolvConf: /run/systemd/resolve/resolv.conf"
    assert [(one.verdict, one.path) for one in diagnosis.cycles] == [("certain", "coredns@pod -> coredns@pod")]


def test_kubelet_line_is_the_place_of_the_fix(tmp_path: Path) -> None:
    files = {
        "Corefile": CLUSTER.replace("UPSTREAM", "/etc/resolv.conf"),
        "etc/resolv.conf": "nameserver 127.0.0.53\n",
        "var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/etc/resolv.conf"),
    }
    assert fixes(only(judge(tmp_path, files), "R2"))["config.yaml:4"] == "resolvConf: /run/systemd/resolve/resolv.conf"


def test_quiet_on_the_host_network(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
        "etc/resolv.conf": "nameserver 127.0.0.53\n",
    }
    diagnosis = judge(tmp_path, files)
    assert not found(diagnosis, "R2")
    assert not diagnosis.cycles


def test_quiet_with_the_uplink_file(tmp_path: Path) -> None:
    files = {
        "Corefile": CLUSTER.replace("UPSTREAM", "/etc/resolv.conf"),
        "run/systemd/resolve/resolv.conf": "nameserver 192.168.1.1\n",
        "var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/run/systemd/resolve/resolv.conf"),
    }
    diagnosis = judge(tmp_path, files)
    assert not found(diagnosis, "R2")
    assert not diagnosis.cycles
