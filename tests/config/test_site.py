"""Hosts, and what a nameserver file says on one."""

from __future__ import annotations

from pathlib import Path

from analyzer.config.inputs import gather
from analyzer.config.site import Site, build
from tests.config.sites import KUBELET, write


def site(folder: Path, files: dict[str, str]) -> Site:
    return build(gather([str(write(folder, files))]))


def servers(made: Site, host: str = "node", reader: str = "nodelocaldns") -> list[str]:
    return [one.endpoint.address for one in made.hosts[host].for_pods(reader).content.nameservers]


RESOLVED = {"etc/systemd/resolved.conf": "[Resolve]\nDNS=169.254.25.10\n"}
LINK = {
    "etc/netplan/a.yaml": "network:\n  ethernets:\n    e:\n      nameservers: {addresses: [192.168.1.1], search: [lan]}\n"
}


def test_the_uplink_file_holds_global_then_link_servers(tmp_path: Path) -> None:
    made = site(tmp_path, RESOLVED | LINK)
    assert servers(made) == ["169.254.25.10", "192.168.1.1"]
    assert made.hosts["node"].uplink().content.search == ("lan.",)


def test_a_given_uplink_file_wins(tmp_path: Path) -> None:
    files = RESOLVED | LINK | {"run/systemd/resolve/resolv.conf": "nameserver 9.9.9.9\n"}
    assert servers(site(tmp_path, files)) == ["9.9.9.9"]


def test_fallback_servers_count_only_alone(tmp_path: Path) -> None:
    fallback = {"etc/systemd/resolved.conf": "[Resolve]\nFallbackDNS=9.9.9.9\n"}
    assert servers(site(tmp_path / "alone", fallback)) == ["9.9.9.9"]
    assert servers(site(tmp_path / "link", fallback | LINK)) == ["192.168.1.1"]


def test_kubelet_names_the_file_and_cuts_it_to_three(tmp_path: Path) -> None:
    text = "".join(f"nameserver 192.0.2.{number}\n" for number in range(1, 6))
    files = RESOLVED | {
        "etc/kubernetes/resolv.conf": text,
        "kubelet.yaml": KUBELET.replace("RESOLV", "/etc/kubernetes/resolv.conf"),
    }
    assert servers(site(tmp_path, files)) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


def test_an_empty_resolv_conf_of_kubelet_gives_no_server(tmp_path: Path) -> None:
    assert servers(site(tmp_path, RESOLVED | LINK | {"kubelet.yaml": KUBELET.replace("RESOLV", '""')})) == []


def test_a_file_that_was_not_given_is_not_known(tmp_path: Path) -> None:
    made = site(tmp_path, RESOLVED | {"kubelet.yaml": KUBELET.replace("RESOLV", "/elsewhere")})
    assert not made.hosts["node"].for_pods("nodelocaldns").known


def test_drop_ins_are_laid_over_the_file(tmp_path: Path) -> None:
    files = RESOLVED | {"etc/systemd/resolved.conf.d/10.conf": "[Resolve]\nDNS=\nDNS=192.168.1.1\n"}
    assert servers(site(tmp_path, files)) == ["192.168.1.1"]


def test_running_state_keeps_the_lines_of_the_files(tmp_path: Path) -> None:
    status = "Global\n  DNS Servers: 169.254.25.10\n              1.1.1.1\n"
    made = site(tmp_path, RESOLVED | {"resolvectl.txt": status})
    lines = [
        (one.endpoint.address, Path(one.source.file).name) for one in made.hosts["node"].uplink().content.nameservers
    ]
    assert lines == [("169.254.25.10", "resolved.conf"), ("1.1.1.1", "resolvectl.txt")]


def test_the_cluster_domain(tmp_path: Path) -> None:
    assert site(tmp_path / "none", RESOLVED).cluster_domain == ""
    kubernetes = {"Corefile": ". {\n  kubernetes k.example in-addr.arpa\n}\n"}
    assert site(tmp_path / "core", kubernetes).cluster_domain == "k.example."
    kubelet = {"kubelet.yaml": KUBELET.replace("cluster.local", "c.example")}
    assert site(tmp_path / "kubelet", kubernetes | kubelet).cluster_domain == "c.example."
