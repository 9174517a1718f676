"""What a file is and whose."""

from __future__ import annotations

import pytest

from analyzer.config.roles import format_of, host_folders, host_of, logical_path, role_of_corefile, role_of_resolvconf


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/etc/resolv.conf", "", "resolv.conf"),
        ("x/resolv.conf.node1", "nameserver 1.1.1.1\n", "resolv.conf"),
        ("etc/systemd/resolved.conf", "", "resolved"),
        ("etc/systemd/resolved.conf.d/dns.conf", "", "resolved"),
        ("etc/systemd/network/10-eth0.network.d/a.conf", "", "networkd"),
        ("etc/netplan/50.yaml", "", "netplan"),
        ("etc/dnsmasq.d/k8s", "", "dnsmasq"),
        ("Corefile.base", "", "corefile"),
        ("coredns.yaml", "apiVersion: v1\nkind: ConfigMap\n", "kubernetes"),
        ("config.yaml", "kind: KubeletConfiguration\n", "kubelet"),
        ("kubelet.service.d/10.conf", "ExecStart=kubelet --resolv-conf=/x\n", "kubelet"),
        ("group_vars/all.yml", "resolvconf_mode: none\n", "kubespray"),
        ("status.txt", "Global\n   DNS Servers: 1.1.1.1\n", "resolvectl"),
        ("mine", "forward . 1.1.1.1 {\n}\n", "corefile"),
        ("mine.conf", "no-resolv\n", "dnsmasq"),
        ("README.md", "# DNS\n", None),
    ],
)
def test_formats(path: str, text: str, expected: str | None) -> None:
    assert format_of(path, text) == expected


def test_roles_of_resolv_conf() -> None:
    pod = "search a.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
    node = "search default.svc.cluster.local svc.cluster.local example.org\noptions ndots:2\n"
    assert role_of_resolvconf("x.conf", pod) == "pod"
    assert role_of_resolvconf("etc/resolv.conf", node) == "node"
    assert role_of_resolvconf("run/systemd/resolve/resolv.conf", "") == "uplink"
    assert role_of_resolvconf("run/systemd/resolve/stub-resolv.conf", "") == "stub"
    assert role_of_resolvconf("nodelocaldns/resolv.conf", "") == "nodelocaldns"


def test_roles_of_corefiles() -> None:
    assert role_of_corefile("Corefile", ".:53 {\n  bind 169.254.20.10\n}\n") == "nodelocaldns"
    assert role_of_corefile("cm.yaml", "", "node-local-dns") == "nodelocaldns"
    assert role_of_corefile("cm.yaml", "", "nodelocaldns") == "nodelocaldns"
    assert role_of_corefile("Corefile", ".:53 {\n}\n", "coredns") == "coredns"


def test_hosts_and_paths() -> None:
    files = ["node1/etc/resolv.conf", "etc/resolv.conf", "nodes/node2/run/systemd/resolve/resolv.conf", "README"]
    folders = host_folders(files)
    assert [host_of(name, folders) for name in files] == ["node1", "", "node2", ""]
    assert host_of("node1/Corefile", folders) == "node1"
    assert host_of("node3/Corefile", folders) == ""
    assert logical_path("copy/node1/etc/systemd/resolved.conf") == "/etc/systemd/resolved.conf"
    assert logical_path("my.conf") == "my.conf"
