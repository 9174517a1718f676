"""kubelet: KubeletConfiguration (kubelet.config.k8s.io/v1beta1) and the command line flags that mean the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.config.parsed import Parsed, Problem, address, lines_of
from analyzer.config.yamlnodes import documents
from analyzer.config.zones import normal
from analyzer.findings import SourceLine

__all__ = ["Kubelet", "read"]

_FLAG = re.compile(r"--(cluster-dns|cluster-domain|resolv-conf)[=\s]+[\"']?([^\s\"']*)")


@dataclass(frozen=True, slots=True)
class Kubelet:
    """What kubelet writes into pods: `cluster_dns` addresses, the domain, and the host file that they build on."""

    cluster_dns: tuple[tuple[str, SourceLine], ...] = ()
    cluster_domain: str = ""
    domain_source: SourceLine | None = None
    resolv_conf: str | None = None
    resolv_source: SourceLine | None = None


def read(text: str, origin: str) -> Parsed[Kubelet]:
    """YAML or JSON with `kind: KubeletConfiguration` (also inside a ConfigMap's text), or lines with kubelet flags."""
    if re.search(r"--(cluster-dns|cluster-domain|resolv-conf)\b", text):
        return _flags(text, origin)
    trees, problems = documents(text, origin)
    found = Kubelet()
    for top in trees:
        if top.get("kind").text not in ("", "KubeletConfiguration"):
            problems.append(Problem(top.source, f"kind {top.get('kind').text} is not a KubeletConfiguration"))
            continue
        servers = []
        for word, source in top.get("clusterDNS").words():
            literal = address(word)
            if literal:
                servers.append((literal, source))
            else:
                problems.append(Problem(source, f"clusterDNS: not an address: {word[:80]}", error=True))
        domain, resolv = top.get("clusterDomain"), top.get("resolvConf")
        found = Kubelet(
            tuple(servers),
            normal(domain.text) if domain.text else "",
            domain.source if domain else None,
            resolv.text if resolv else None,
            resolv.source if resolv else None,
        )
    return Parsed(origin, "kubelet", found, tuple(problems))


def _flags(text: str, origin: str) -> Parsed[Kubelet]:
    servers: list[tuple[str, SourceLine]] = []
    values: dict[str, tuple[str, SourceLine]] = {}
    problems = []
    for line in lines_of(text, origin):
        for flag, value in _FLAG.findall(line.text):
            if flag != "cluster-dns":
                values[flag] = (value, line.source)
                continue
            for word in value.split(","):
                literal = address(word)
                if literal:
                    servers.append((literal, line.source))
                else:
                    problems.append(Problem(line.source, f"--cluster-dns: not an address: {word[:80]}", error=True))
    domain, domain_source = values.get("cluster-domain", ("", None))
    resolv, resolv_source = values.get("resolv-conf", (None, None))
    found = Kubelet(tuple(servers), normal(domain) if domain else "", domain_source, resolv, resolv_source)
    return Parsed(origin, "kubelet", found, tuple(problems))
