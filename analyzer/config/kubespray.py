"""Kubespray's group_vars: what its templates will write into resolved.conf and the node-local Corefile.

Sources: kubespray roles/kubernetes/preinstall/templates/resolved.conf.j2, docs/advanced/dns-stack.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.config.parsed import Parsed, address
from analyzer.config.yamlnodes import documents
from analyzer.config.zones import normal
from analyzer.findings import SourceLine

__all__ = ["KEYS", "Kubespray", "read"]

KEYS = frozenset(
    {
        "resolvconf_mode", "upstream_dns_servers", "enable_nodelocaldns", "nodelocaldns_ip", "dns_domain", "cluster_name",
        "searchdomains", "nameservers", "ndots",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kubespray:
    """The variables that decide the DNS of a node, each with its line where it is set."""

    values: dict[str, list[tuple[str, SourceLine]]]

    def first(self, key: str) -> str:
        found = self.values.get(key)
        return found[0][0] if found else ""

    def line(self, key: str) -> SourceLine | None:
        found = self.values.get(key)
        return found[0][1] if found else None

    @property
    def mode(self) -> str:
        """`resolvconf_mode`; Kubespray's default is host_resolvconf."""
        return self.first("resolvconf_mode") or "host_resolvconf"

    @property
    def nodelocal(self) -> str | None:
        """The node-local address, None where `enable_nodelocaldns` is off."""
        if self.first("enable_nodelocaldns").lower() in ("false", "no", "off"):
            return None
        return address(self.first("nodelocaldns_ip") or "169.254.25.10")

    @property
    def domain(self) -> str:
        """`dns_domain`, which defaults to `cluster_name`; a Jinja expression counts as not set."""
        words = (self.first("dns_domain"), self.first("cluster_name"))
        return next((normal(word) for word in words if word and "{" not in word), "cluster.local.")


def read(text: str, origin: str) -> Parsed[Kubespray]:
    """One group_vars file; variables that do not concern DNS are passed over."""
    trees, problems = documents(text, origin)
    values = {key: node.words() for tree in trees for key, node in tree.pairs() if key in KEYS}
    return Parsed(
        origin, "kubespray", Kubespray({key: words for key, words in values.items() if words}), tuple(problems)
    )
