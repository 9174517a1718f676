"""R4: the LAN's dnsmasq sends names into the cluster."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import CLUSTER, NODELOCAL, fixes, found, judge, only, places

SITE = {
    "Corefile": CLUSTER.replace("UPSTREAM", "192.168.1.1"),
    "Corefile.nodelocal": NODELOCAL.replace("UPSTREAM", "192.168.1.1"),
}


def gateway(*lines: str) -> dict[str, str]:
    return SITE | {"gw/etc/dnsmasq.conf": "\n".join(("listen-address=192.168.1.1", "no-resolv", *lines)) + "\n"}


def test_everything_to_the_cluster_is_a_two_party_loop(tmp_path: Path) -> None:
    diagnosis = judge(tmp_path, gateway("server=10.233.0.3"))
    finding = only(diagnosis, "R4")
    assert (finding.kind, finding.severity) == ("default", Severity.HIGH)
    assert places(finding) == ["dnsmasq.conf:3"]
    assert fixes(finding)["dnsmasq.conf:3"] == "# server=10.233.0.3"
    assert fixes(finding)["dnsmasq.conf"] == "no-resolv\nserver=<LAN-DNS>\ndns-loop-detect"
    assert ("certain", ("coredns@pod", "dnsmasq@gw")) in [(one.verdict, one.instances) for one in diagnosis.cycles]


def test_one_zone_is_a_hint_and_no_loop(tmp_path: Path) -> None:
    diagnosis = judge(tmp_path, gateway("server=/cluster.local/10.233.0.3", "server=1.1.1.1"))
    finding = only(diagnosis, "R4")
    assert (finding.kind, finding.severity) == ("zone", Severity.LOW)
    assert not diagnosis.cycles


def test_quiet_on_an_outside_resolver(tmp_path: Path) -> None:
    diagnosis = judge(tmp_path, gateway("server=1.1.1.1"))
    assert not found(diagnosis, "R4")
    assert not diagnosis.cycles
