"""Sites for the tests: texts written into a directory, and what is found in them."""

from __future__ import annotations

from pathlib import Path

from analyzer.config import Diagnosis, diagnose
from analyzer.findings import Finding

DATA = Path(__file__).parent / "data"

NODELOCAL = """\
cluster.local:53 {
    cache {
        success 9984 30
        denial 9984 30
    }
    loop
    bind 169.254.25.10
    forward . 10.233.0.3 {
        force_tcp
    }
}
.:53 {
    cache 30
    loop
    bind 169.254.25.10
    forward . UPSTREAM
}
"""
CLUSTER = """\
.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . UPSTREAM {
        prefer_udp
        max_concurrent 1000
    }
    cache 30
    loop
}
"""
KUBELET = """\
kind: KubeletConfiguration
clusterDNS: [169.254.25.10]
clusterDomain: cluster.local
resolvConf: RESOLV
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write the texts below `folder` under their relative paths."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def judge(folder: Path, files: dict[str, str]) -> Diagnosis:
    """Write the texts and diagnose the whole folder."""
    return diagnose([str(write(folder, files))])


def found(diagnosis: Diagnosis, rule: str) -> list[Finding]:
    return [one for one in diagnosis.findings if one.id == rule]


def only(diagnosis: Diagnosis, rule: str) -> Finding:
    """The one finding of a rule."""
    matching = found(diagnosis, rule)
    assert len(matching) == 1, [one.title for one in diagnosis.findings]
    return matching[0]


def places(finding: Finding) -> list[str]:
    """`file name:line` of a finding's lines, without the directories."""
    return [f"{Path(source.file).name}:{source.line}" for source in finding.sources]


def fixes(finding: Finding) -> dict[str, str]:
    """Fix lines by `file name:line`."""
    return {Path(fix.where).name: fix.text for fix in finding.fix}
