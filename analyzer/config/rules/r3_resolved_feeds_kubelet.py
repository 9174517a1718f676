"""R3: the node-local address is a global server of systemd-resolved, whose file kubelet hands to pods.

## What it detects

resolved.conf has `DNS=` with an address that node-local DNS listens on, kubelet's `resolvConf` is
/run/systemd/resolve/resolv.conf (set, or by default where resolved runs), and a CoreDNS of the site forwards to its
resolv.conf.

## What you feel

The official remedy for loops ("use /run/systemd/resolve/resolv.conf") changes nothing: resolved writes its global
servers into that file too.

## Evidence

The `DNS=` line, kubelet's line, and the `forward` lines that read the file.

## Not to be confused with

`DNS=` with the LAN's resolver; a kubelet with a file of its own. `Domains=~cluster.local` beside the address does not
take it out of resolved's file.

## Fix

Delete the address from `DNS=`; or kubelet `resolvConf: /etc/kubernetes/resolv.conf` with only the LAN's resolver.

## References

kubespray roles/kubernetes/preinstall/templates/resolved.conf.j2; kubelet configuration reference (resolvConf).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.instances import Instance
from analyzer.config.rewriting import LAN, instead, without
from analyzer.config.site import UPLINK
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Fix, Severity, SourceLine, Subject

__all__ = ["ID", "check"]

ID = "R3"


def check(graph: Graph) -> Iterator[Finding]:
    bound = {literal: one.id for one in graph.instances if one.role == "nodelocaldns" for literal in one.listens}
    for host in graph.site.hosts.values():
        path = host.kubelet.resolv_conf if host.kubelet and host.kubelet.resolv_conf else UPLINK
        listed = [one for one in (host.resolved.servers if host.resolved else ()) if one.endpoint.address in bound]
        readers = [line for one in graph.instances if one.host == host.name for line in _file_lines(one)]
        if not listed or path != UPLINK or not readers:
            continue
        literal = listed[0].endpoint.address
        kubelet = host.kubelet.resolv_source if host.kubelet else None
        fix = [without(listed[0].source, [literal])]
        lan = next((one.endpoint.address for one in host.link_servers() if one.endpoint.address not in bound), LAN)
        if kubelet:
            fix.append(instead(kubelet, "resolvConf: /etc/kubernetes/resolv.conf"))
            fix.append(Fix("/etc/kubernetes/resolv.conf", f"nameserver {lan}"))
        yield finding(
            ID,
            "resolved-global",
            Severity.MEDIUM,
            f"{literal} ({bound[literal]}) is a global server of systemd-resolved on {host.name}, and pods get resolved's file",
            Subject("server", bound[literal]),
            [*(one.source for one in listed), *([kubelet] if kubelet else []), *readers],
            fix,
            references=("kubernetes-sigs/kubespray#9948",),
        )


def _file_lines(instance: Instance) -> list[SourceLine]:
    """The `forward` lines of an instance that read its /etc/resolv.conf."""
    words = ("/etc/resolv.conf", "__PILLAR__UPSTREAM__SERVERS__")
    return [one.source for block in instance.blocks for one in block.forwards if any(word in one.to for word in words)]
