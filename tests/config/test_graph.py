"""Name classes, edges and search lists."""

from __future__ import annotations

from pathlib import Path

from tests.config.sites import CLUSTER, KUBELET, NODELOCAL, judge


def test_classes(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "192.168.1.1"),
        "kubelet.yaml": KUBELET.replace("RESOLV", "/etc/resolv.conf"),
        "etc/resolv.conf": "search example.org svc.cluster.local\nnameserver 192.168.1.1\n",
        "gw/etc/dnsmasq.conf": "no-resolv\nlocal=/lan/\nserver=/corp.example/192.0.2.1\nlisten-address=192.168.1.1\nbogus-priv\n",
    }
    graph = judge(tmp_path, files).graph
    assert [one.name for one in graph.classes] == [
        ".",
        "cluster.local.",
        "example.org.",
        "svc.cluster.local.example.org.",
        "1.1.168.192.in-addr.arpa.",
        "1." + "0." * 28 + "0.d.f.ip6.arpa.",
        "corp.example.",
        "lan.",
    ]
    ends = {name: decision.ends for (instance, name), decision in graph.decisions.items() if instance == "dnsmasq@gw"}
    assert "bogus-priv" in ends["reverse v4"]
    assert "local" in ends["zone lan."]


def test_search_lists_as_kubelet_builds_them(tmp_path: Path) -> None:
    files = {
        "kubelet.yaml": KUBELET.replace("RESOLV", "/etc/resolv.conf"),
        "etc/resolv.conf": "search default.svc.cluster.local svc.cluster.local example.org\nnameserver 169.254.25.10\n",
    }
    pods, node = judge(tmp_path, files).searches
    assert pods.suffixes == (
        "<ns>.svc.cluster.local.", "svc.cluster.local.", "cluster.local.", "default.svc.cluster.local.", "example.org.",
    )  # fmt: skip
    assert (pods.ndots, pods.servers) == (5, ("169.254.25.10",))
    assert (node.who, node.ndots) == ("node", 1)


def test_equal_targets_are_one_edge_with_the_sum(tmp_path: Path) -> None:
    conf = "nameserver 192.168.1.1\nnameserver 192.168.1.1\nnameserver 192.168.1.2\n"
    files = {"Corefile": CLUSTER.replace("UPSTREAM", "/etc/resolv.conf"), "etc/resolv.conf": conf}
    graph = judge(tmp_path, files).graph
    edges = {edge.address: edge for edge in graph.edges if edge.name_class.label == "."}
    assert {name: round(edge.probability, 3) for name, edge in edges.items()} == {
        "192.168.1.1": 0.667,
        "192.168.1.2": 0.333,
    }
    assert [source.line for source in edges["192.168.1.1"].sources] == [6, 1, 2]


def test_a_file_that_was_not_given_is_said(tmp_path: Path) -> None:
    files = {
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "/etc/resolv.conf"),
        "kubelet.yaml": KUBELET.replace("RESOLV", "/etc/kubernetes/resolv.conf"),
    }
    missing = judge(tmp_path / "missing", files)
    assert len([note for note in missing.notes if "was not given" in note]) == 1
    given = judge(tmp_path / "given", files | {"etc/kubernetes/resolv.conf": "nameserver 192.168.1.1\n"})
    assert not [note for note in given.notes if "was not given" in note]
