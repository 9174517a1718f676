"""R5: an upstream that is bound by the server itself."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import fixes, found, judge, only, places

STOCK = """\
cluster.local:53 {
    loop
    bind 169.254.20.10 10.96.0.10
    forward . CLUSTER {
        force_tcp
    }
}
.:53 {
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 192.168.1.1
}
"""


def test_the_bound_service_address_goes_round(tmp_path: Path) -> None:
    diagnosis = judge(tmp_path, {"node-local-dns/Corefile": STOCK.replace("CLUSTER", "10.96.0.10")})
    finding = only(diagnosis, "R5")
    assert finding.severity == Severity.CRITICAL
    assert places(finding) == ["Corefile:4", "Corefile:1"]
    assert fixes(finding) == {"Corefile:4": "forward . <KUBE-DNS-UPSTREAM-IP> {"}
    assert [(one.verdict, one.probability) for one in diagnosis.cycles] == [("certain", 1.0)]


def test_the_upstream_service_is_named_if_known(tmp_path: Path) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: kube-dns-upstream\nspec:\n  clusterIP: 10.96.77.1\n"
    files = {"node-local-dns/Corefile": STOCK.replace("CLUSTER", "10.96.0.10"), "svc.yaml": service}
    assert fixes(only(judge(tmp_path, files), "R5")) == {"Corefile:4": "forward . 10.96.77.1 {"}


def test_quiet_on_the_upstream_service(tmp_path: Path) -> None:
    diagnosis = judge(tmp_path, {"node-local-dns/Corefile": STOCK.replace("CLUSTER", "10.96.77.1")})
    assert not found(diagnosis, "R5")
    assert not diagnosis.cycles


def test_quiet_on_another_port_of_its_own(tmp_path: Path) -> None:
    assert not found(judge(tmp_path, {"node-local-dns/Corefile": STOCK.replace("CLUSTER", "10.96.0.10:5353")}), "R5")
