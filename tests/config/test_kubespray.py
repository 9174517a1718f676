"""Kubespray's variables."""

from __future__ import annotations

from analyzer.config.kubespray import read


def test_defaults() -> None:
    found = read("kube_version: v1.29\n", "f").content
    assert (found.mode, found.nodelocal, found.domain) == ("host_resolvconf", "169.254.25.10", "cluster.local.")


def test_values_and_jinja() -> None:
    text = 'resolvconf_mode: none\nenable_nodelocaldns: false\ncluster_name: k.example\ndns_domain: "{{ cluster_name }}"\nupstream_dns_servers:\n- 192.168.1.1\n'
    found = read(text, "f").content
    assert (found.mode, found.nodelocal, found.domain) == ("none", None, "k.example.")
    assert [(word, source.line) for word, source in found.values["upstream_dns_servers"]] == [("192.168.1.1", 6)]
