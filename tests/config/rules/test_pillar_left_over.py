"""Placeholders of the NodeLocal DNSCache manifest."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import fixes, found, judge, only, places

BLOCK = """\
__PILLAR__DNS__DOMAIN__:53 {
    loop
    bind __PILLAR__LOCAL__DNS__
    forward . __PILLAR__CLUSTER__DNS__
}
"""


def test_each_placeholder_with_its_line(tmp_path: Path) -> None:
    findings = found(judge(tmp_path, {"node-local-dns/Corefile": BLOCK}), "pillar-left-over")
    assert {(one.kind, one.severity, *places(one)) for one in findings} == {
        ("unfilled", Severity.HIGH, "Corefile:1"),
        ("unfilled", Severity.HIGH, "Corefile:3"),
        ("runtime", Severity.MEDIUM, "Corefile:4"),
    }
    assert {text for one in findings for text in fixes(one).values()} == {
        "cluster.local:53 {", "bind 169.254.20.10", "forward . <KUBE-DNS-UPSTREAM-IP>",
    }  # fmt: skip


def test_coredns_itself_fills_in_nothing(tmp_path: Path) -> None:
    finding = only(
        judge(tmp_path, {"Corefile": ". {\n    loop\n    forward . __PILLAR__UPSTREAM__SERVERS__\n}\n"}),
        "pillar-left-over",
    )
    assert finding.kind == "unfilled"


def test_quiet_when_filled(tmp_path: Path) -> None:
    filled = BLOCK.replace("__PILLAR__DNS__DOMAIN__", "cluster.local").replace(
        "__PILLAR__LOCAL__DNS__", "169.254.20.10"
    )
    filled = filled.replace("__PILLAR__CLUSTER__DNS__", "10.96.77.1")
    assert not found(judge(tmp_path, {"node-local-dns/Corefile": filled}), "pillar-left-over")


def test_the_stock_manifest_is_only_worth_knowing(tmp_path: Path) -> None:
    """node-cache fills its two in from the ConfigMap, and the value offered is never the address that it binds."""
    corefile = "    .:53 {\n        loop\n        bind 169.254.20.10 10.96.0.10\n        forward . __PILLAR__CLUSTER__DNS__\n    }\n"
    manifest = f"kind: ConfigMap\nmetadata:\n  name: node-local-dns\ndata:\n  Corefile: |\n{corefile}"
    service = "---\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: ADDRESS}\n"
    bound = service.replace("NAME", "kube-dns").replace("ADDRESS", "10.96.0.10")
    upstream = service.replace("NAME", "kube-dns-upstream").replace("ADDRESS", "10.96.77.7")
    diagnosis = judge(tmp_path, {"all.yaml": manifest + bound + upstream})
    finding = only(diagnosis, "pillar-left-over")
    assert finding.severity == Severity.INFO
    assert fixes(finding) == {"all.yaml:9": "forward . 10.96.77.7"}
    assert not diagnosis.cycles
