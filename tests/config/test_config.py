"""The room as a whole: the incident's own configuration, its repair, and what the cross-check with traffic gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.config import RULES, diagnose, predicted_edges
from analyzer.errors import InputError
from analyzer.findings import Severity
from tests.config.sites import CLUSTER, DATA, KUBELET, NODELOCAL, fixes, judge, only, places

INCIDENT = str(DATA / "incident")


def test_the_incident_is_predicted_probabilistic() -> None:
    diagnosis = diagnose([INCIDENT])
    (cycle,) = diagnosis.cycles
    assert cycle.verdict == "probabilistic"
    assert cycle.instances == ("nodelocaldns@node",)
    # random over two upstreams, one of them itself: k/(k-1) = 2 arrivals, (1/2)^2 of the starts end
    assert (cycle.probability, cycle.arrivals, cycle.fatal) == (0.5, 2.0, 0.25)
    assert {one.name for one in cycle.classes} == {".", "example.org.", "svc.cluster.local.example.org."}


def test_the_incident_names_lines_and_their_replacement() -> None:
    loop = only(diagnose([INCIDENT]), "config-loop")
    assert loop.severity == Severity.HIGH
    assert places(loop) == ["nodelocaldns.yaml:51", "resolved.conf:3"]
    assert fixes(loop)["nodelocaldns.yaml:51"] == "forward . 192.168.1.1"
    assert fixes(loop)["resolved.conf:3"] == "# DNS=169.254.25.10"
    assert "upstream_dns_servers: [192.168.1.1]" in [fix.text for fix in loop.fix]
    assert loop.first is None
    assert loop.first_frame is None


def test_the_incident_breaks_these_rules_and_no_other() -> None:
    assert sorted(one.id for one in diagnose([INCIDENT]).findings) == ["R1", "R11", "R3", "R7", "config-loop"]


def test_the_repaired_configuration_is_clean() -> None:
    diagnosis = diagnose([str(DATA / "incident_fixed")])
    assert diagnosis.graph.instances
    assert diagnosis.cycles == ()
    assert diagnosis.findings == ()
    assert diagnosis.problems == ()


@pytest.mark.parametrize(
    "link",
    [
        {
            "status.resolvectl.txt": "Global\n  DNS Servers: 169.254.25.10\n\nLink 2 (eth0)\n  DNS Servers: 192.168.1.1\n"
        },
        {"etc/systemd/network/eth0.network": "[Match]\nName=eth0\n[Network]\nDNS=192.168.1.1\n"},
        {
            "etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n",
            "gw/etc/dnsmasq.conf": "no-resolv\nserver=1.1.1.1\ndhcp-option=option:dns-server,192.168.1.1\ndhcp-range=192.168.1.50,192.168.1.99\n",
        },
        {"etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n"},
    ],
    ids=["resolvectl", "networkd", "dhcp-by-dnsmasq", "dhcp-unknown"],
)
def test_the_link_server_may_come_from_anywhere(tmp_path: Path, link: dict[str, str]) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
        "etc/systemd/resolved.conf": "[Resolve]\nDNS=169.254.25.10\nCache=no-negative\n",
        "var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/run/systemd/resolve/resolv.conf"),
    }
    diagnosis = judge(tmp_path, files | link)
    assert [(one.verdict, one.probability) for one in diagnosis.cycles] == [("probabilistic", 0.5)]


def test_without_a_link_server_the_loop_is_certain(tmp_path: Path) -> None:
    diagnosis = judge(
        tmp_path,
        {
            "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
            "etc/systemd/resolved.conf": "[Resolve]\nDNS=169.254.25.10\n",
        },
    )
    assert [(one.verdict, one.arrivals, one.fatal) for one in diagnosis.cycles] == [("certain", None, 1.0)]
    assert only(diagnosis, "config-loop").severity == Severity.CRITICAL


def test_reverse_names_go_round_between_both_caches(tmp_path: Path) -> None:
    """Names that the kubernetes plugin lets fall through reach node-local DNS, which sends them back to the cluster DNS."""
    reverse = NODELOCAL.replace("cluster.local:53", "cluster.local:53 in-addr.arpa:53 ip6.arpa:53")
    diagnosis = judge(
        tmp_path,
        {
            "Corefile.nodelocal": reverse.replace("UPSTREAM", "192.168.1.1"),
            "Corefile.coredns": CLUSTER.replace("UPSTREAM", "/etc/resolv.conf"),
            "etc/resolv.conf": "nameserver 169.254.25.10\nnameserver 192.168.1.1\n",
        },
    )
    (cycle,) = diagnosis.cycles
    assert cycle.instances == ("coredns@pod", "nodelocaldns@node")
    assert cycle.probability == pytest.approx(0.5)
    assert {one.label for one in cycle.classes} == {"reverse v4", "reverse v6"}


def test_predicted_edges_carry_addresses_zones_and_chances() -> None:
    edges = predicted_edges(diagnose([INCIDENT]))
    own = [edge for edge in edges if edge.origin_id == "nodelocaldns@node"]
    # the node's own address is a source too: node-local DNS asks outside from it
    assert all(edge.origin == ("169.254.25.10", "192.168.1.23") for edge in own)
    assert ("169.254.25.10", ".", 0.5) in [(edge.target[0], edge.zone, edge.probability) for edge in own]
    assert ("192.168.1.1", ".", 0.5) in [(edge.target[0], edge.zone, edge.probability) for edge in own]
    assert ("10.233.0.3", "cluster.local.", 1.0) in [(edge.target[0], edge.zone, edge.probability) for edge in own]
    assert "example.org." not in [edge.zone for edge in own], "covered by the root"


def test_every_rule_is_documented_under_the_headings() -> None:
    assert {f"R{number}" for number in range(1, 13)} | {"config-loop", "pillar-left-over"} == set(RULES)
    for text in RULES.values():
        headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
        assert headings == [
            "What it detects", "What you feel", "Evidence", "Not to be confused with", "Fix", "References",
        ]  # fmt: skip


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a regular file"):
        diagnose([str(tmp_path / "absent.conf")])


def test_a_stock_kubeadm_cluster_with_node_local_dns_has_no_loop() -> None:
    """`kubectl get -o yaml` of three ConfigMaps and two Services, and the node's own file."""
    folder = DATA / "kubeadm"
    diagnosis = diagnose([str(folder / "cluster.yaml"), f"uplink={folder / 'uplink.resolv.conf'}"])
    assert diagnosis.cycles == ()
    assert {(one.id, one.severity) for one in diagnosis.findings} == {("pillar-left-over", Severity.INFO)}
    assert diagnosis.problems == ()
    ways = {(edge.origin, edge.target) for edge in diagnosis.graph.edges}
    assert ("nodelocaldns@node", "coredns@pod") in ways
    assert ("coredns@pod", "192.168.1.1") in ways


def test_the_same_cluster_with_the_stub_file_loops_in_the_pod(tmp_path: Path) -> None:
    text = (
        (DATA / "kubeadm" / "cluster.yaml").read_text().replace("/run/systemd/resolve/resolv.conf", "/etc/resolv.conf")
    )
    diagnosis = judge(tmp_path, {"cluster.yaml": text, "etc/resolv.conf": "nameserver 127.0.0.53\n"})
    assert only(diagnosis, "R2").severity == Severity.CRITICAL
    assert ("certain", ("coredns@pod",)) in [(one.verdict, one.instances) for one in diagnosis.cycles]
