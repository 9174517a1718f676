"""R6: the cluster DNS forwards to node-local DNS.

## What it detects

A CoreDNS on the pod network has an address of node-local DNS among its upstreams, mostly because the node's
resolv.conf, which its pod gets, names it.

## What you feel

Each outside name is looked up through two caches; reverse names that fall through go round between the two.

## Evidence

The `forward` line, the line that names the address, and the node-local instance.

## Not to be confused with

Node-local DNS that forwards the cluster domain to the cluster DNS: that direction is right.

## Fix

Name the LAN's resolver in the cluster DNS' `forward`, or give kubelet a resolv.conf without the node-local address.

## References

kubespray docs/advanced/dns-stack.md (upstream_dns_servers).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.parsed import is_loopback
from analyzer.config.placing import find
from analyzer.config.rewriting import forwarding_to, without
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Severity, Subject

__all__ = ["ID", "check"]

ID = "R6"


def check(graph: Graph) -> Iterator[Finding]:
    for instance in graph.instances:
        if instance.software != "coredns" or instance.role != "coredns":
            continue
        asks = instance.decide(".").asks
        bad = [
            ask
            for ask in asks
            if (heard := find(graph.instances, instance, ask.endpoint)) and heard.role == "nodelocaldns"
        ]
        if not bad:
            continue
        literal = bad[0].endpoint.address
        keep = [ask.endpoint.address for ask in asks if ask not in bad and not is_loopback(ask.endpoint.address)]
        forward, *lists = bad[0].sources
        yield finding(
            ID,
            "cluster-to-node-local",
            Severity.MEDIUM,
            f"{instance.id} forwards to node-local DNS at {literal}",
            Subject("server", instance.id),
            [source for ask in bad for source in ask.sources],
            [forwarding_to(forward, keep), *(without(line, [literal]) for line in lists if line.text)],
            numbers={"share": round(sum(ask.probability for ask in bad), 6)},
        )
