"""R10: a searched suffix that dnsmasq answers without an SOA."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import KUBELET, NODELOCAL, fixes, found, judge, only, places


def site(gateway: str, search: str = "example.org") -> dict[str, str]:
    return {
        "var/lib/kubelet/config.yaml": KUBELET.replace("RESOLV", "/etc/resolv.conf"),
        "etc/resolv.conf": f"search {search}\nnameserver 192.168.1.1\n",
        "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "192.168.1.1"),
        "gw/etc/dnsmasq.conf": f"no-resolv\nserver=1.1.1.1\nlisten-address=192.168.1.1\n{gateway}\n",
    }


def test_fires_on_local(tmp_path: Path) -> None:
    finding = only(judge(tmp_path, site("local=/example.org/")), "R10")
    assert finding.severity == Severity.MEDIUM
    assert places(finding) == ["dnsmasq.conf:4", "resolv.conf:1"]
    (where, text), *_ = fixes(finding).items()
    assert where == "Corefile.nodelocal:12, inside the block"
    assert text.splitlines()[0] == "template IN ANY cluster.local.example.org {"
    assert "IN SOA" in text


def test_fires_on_address_of_a_parent(tmp_path: Path) -> None:
    assert found(judge(tmp_path, site("address=/org/192.168.1.9")), "R10")


def test_quiet_where_an_authority_is_asked(tmp_path: Path) -> None:
    assert not found(judge(tmp_path, site("local=/org/\nserver=/example.org/192.168.1.2")), "R10")


def test_quiet_where_nobody_searches_it(tmp_path: Path) -> None:
    assert not found(judge(tmp_path, site("local=/example.org/", search="svc.cluster.local")), "R10")
