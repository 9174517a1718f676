"""Instances in their namespaces, and who hears whom."""

from __future__ import annotations

from pathlib import Path

from analyzer.config import diagnose
from analyzer.config.parsed import Endpoint
from analyzer.config.placing import find
from tests.config.sites import CLUSTER, KUBELET, NODELOCAL, judge, write


def test_instances_are_sets_of_addresses_with_equal_blocks(tmp_path: Path) -> None:
    text = (
        ".:53 {\n bind 169.254.20.10 10.96.0.10\n forward . 192.0.2.1\n loop\n}\n"
        "lan:53 {\n bind 169.254.20.10\n forward . 192.0.2.2\n loop\n}\n"
        ".:5353 {\n bind 169.254.20.10\n forward . 192.0.2.3\n loop\n}\n"
    )
    instances = judge(tmp_path, {"nodelocal/Corefile": text}).graph.instances
    assert [(one.port, one.listens, len(one.blocks)) for one in instances] == [
        (53, ("169.254.20.10",), 2),
        (53, ("10.96.0.10",), 1),
        (5353, ("169.254.20.10",), 1),
    ]
    assert len({one.id for one in instances}) == 3


def test_loopback_stays_in_its_namespace(tmp_path: Path) -> None:
    files = {
        "Corefile": CLUSTER,
        "Corefile.nodelocal": NODELOCAL,
        "etc/systemd/resolved.conf": "[Resolve]\nDNS=192.0.2.1\n",
    }
    graph = judge(tmp_path, files).graph
    by_role = {one.role: one for one in graph.instances}
    stub = Endpoint("127.0.0.53")
    assert find(graph.instances, by_role["nodelocaldns"], stub) is by_role["resolved"]
    assert find(graph.instances, by_role["coredns"], stub) is by_role["coredns"]
    assert find(graph.instances, by_role["coredns"], Endpoint("169.254.25.10")) is by_role["nodelocaldns"]
    assert find(graph.instances, by_role["nodelocaldns"], Endpoint("10.233.0.3")) is by_role["coredns"]
    assert find(graph.instances, by_role["nodelocaldns"], Endpoint("10.233.0.3", 5353)) is None


def test_link_local_addresses_do_not_reach_other_machines(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL,
        "gw/etc/dnsmasq.conf": "no-resolv\nserver=169.254.25.10\nlisten-address=192.168.1.1\n",
    }
    graph = judge(tmp_path, files).graph
    gateway = next(one for one in graph.instances if one.software == "dnsmasq")
    assert find(graph.instances, gateway, Endpoint("169.254.25.10")) is None


def test_services_lead_to_the_pods(tmp_path: Path) -> None:
    service = "kind: Service\nmetadata: {name: coredns}\nspec: {clusterIP: 10.96.0.10}\n"
    endpoints = "kind: Endpoints\nmetadata: {name: coredns}\nsubsets: [{addresses: [{ip: 10.244.0.5}]}]\n"
    (one,) = judge(tmp_path, {"Corefile": CLUSTER, "svc.yaml": f"{service}---\n{endpoints}"}).graph.instances
    assert one.owned == ("10.96.0.10", "10.244.0.5")


def test_a_gateway_is_guessed_only_from_one_private_address(tmp_path: Path) -> None:
    gateway = {"gw/etc/dnsmasq.conf": "no-resolv\nserver=1.1.1.1\n"}
    one = judge(tmp_path / "one", gateway | {"Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "192.168.1.1")})
    assert [each.owned for each in one.graph.instances if each.software == "dnsmasq"] == [("192.168.1.1",)]
    assert any("192.168.1.1" in note for note in one.notes)
    two = judge(
        tmp_path / "two", gateway | {"Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "192.168.1.1 192.168.1.2")}
    )
    assert [each.owned for each in two.graph.instances if each.software == "dnsmasq"] == [()]


def test_every_node_runs_node_local_dns(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
        "node1/etc/resolv.conf": "nameserver 169.254.25.10\n",
        "node2/etc/resolv.conf": "nameserver 192.168.1.1\n",
    }
    diagnosis = judge(tmp_path, files)
    assert sorted(one.netns for one in diagnosis.graph.instances) == ["node1", "node2"]
    assert [one.path for one in diagnosis.cycles] == ["nodelocaldns@node1 -> nodelocaldns@node1"]


def test_the_address_of_an_argument_is_the_instances(tmp_path: Path) -> None:
    write(tmp_path, {"a": CLUSTER.replace("UPSTREAM", "192.168.1.1"), "b": "no-resolv\nserver=10.0.0.9\n"})
    diagnosis = diagnose([f"coredns@10.0.0.9={tmp_path / 'a'}", f"dnsmasq@192.168.1.1={tmp_path / 'b'}"])
    assert [one.verdict for one in diagnosis.cycles] == ["certain"]


def test_coredns_on_a_hosts_own_network(tmp_path: Path) -> None:
    """The lab's two-hop loop: CoreDNS of node1 and the gateway's dnsmasq as each other's server."""
    files = {
        "node1/Corefile": ". {\n  loop\n  forward . 192.168.1.1\n}\n",
        "node1/etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0:\n      addresses: [192.168.1.23/24]\n",
        "gw/etc/dnsmasq.conf": "no-resolv\nlisten-address=192.168.1.1\nserver=192.168.1.23\n",
    }
    bound = {
        "Corefile": ". {\n  loop\n  bind 192.168.1.23\n  forward . 192.168.1.1\n}\n",
        "gw/etc/dnsmasq.conf": files["gw/etc/dnsmasq.conf"],
    }
    for name, given in (("all", files), ("bound", bound)):
        diagnosis = judge(tmp_path / name, given)
        (cycle,) = diagnosis.cycles
        assert cycle.verdict == "certain"
        assert cycle.fatal == 1.0
        assert not any(one.netns.startswith("pod:") for one in diagnosis.graph.instances)


def test_node_local_dns_without_bind_hears_what_kubelet_tells_pods(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": ". {\n  loop\n  forward . 169.254.25.10 192.168.1.1\n}\n",
        "kubelet.yaml": KUBELET.replace("RESOLV", "/etc/resolv.conf"),
    }
    assert [(one.verdict, one.probability) for one in judge(tmp_path, files).cycles] == [("probabilistic", 0.5)]
