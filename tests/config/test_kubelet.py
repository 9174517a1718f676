"""KubeletConfiguration and flags."""

from __future__ import annotations

from analyzer.config.kubelet import read


def test_configuration() -> None:
    found = read(
        "kind: KubeletConfiguration\nclusterDNS:\n- 169.254.25.10\nclusterDomain: cluster.local\nresolvConf: /x\n", "f"
    ).content
    assert [(literal, source.line) for literal, source in found.cluster_dns] == [("169.254.25.10", 3)]
    assert (found.cluster_domain, found.resolv_conf) == ("cluster.local.", "/x")
    assert found.resolv_source is not None
    assert found.resolv_source.line == 5


def test_an_empty_resolv_conf_is_a_value() -> None:
    assert read('kind: KubeletConfiguration\nresolvConf: ""\n', "f").content.resolv_conf == ""
    assert read("kind: KubeletConfiguration\n", "f").content.resolv_conf is None


def test_flags() -> None:
    text = 'KUBELET_ARGS="--cluster-dns=169.254.25.10,x --cluster-domain=cluster.local \\\n--resolv-conf=/etc/resolv.conf"\n'
    parsed = read(text, "f")
    assert [literal for literal, _ in parsed.content.cluster_dns] == ["169.254.25.10"]
    assert (parsed.content.cluster_domain, parsed.content.resolv_conf) == ("cluster.local.", "/etc/resolv.conf")
    assert [one.source.line for one in parsed.problems] == [1]


def test_other_kinds_and_bad_addresses() -> None:
    assert [one.source.line for one in read("kind: Pod\n", "f").problems] == [1]
    assert [one.source.line for one in read("kind: KubeletConfiguration\nclusterDNS: [dns]\n", "f").problems] == [2]
