"""R5: node-local DNS forwards to an address that it binds itself.

## What it detects

A `forward` line of node-local DNS names, as an address, one of its own `bind` addresses. The stock manifest binds
169.254.20.10 and the kube-dns Service address; `__PILLAR__CLUSTER__DNS__` then must be another Service's.

## What you feel

Every name of that zone goes round: `[FATAL] plugin/loop` for the zone at every start.

## Evidence

The `forward` line and the server's addresses.

## Not to be confused with

An own address that comes out of a nameserver file (R1).

## Fix

Forward to the `kube-dns-upstream` Service's address, which has the same pods behind it.

## References

kubernetes/dns README (node-cache -upstreamsvc); Kubernetes documentation, NodeLocal DNSCache.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.instances import Instance
from analyzer.config.parsed import Endpoint
from analyzer.config.rewriting import forwarding_to
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Severity, Subject

__all__ = ["ID", "check"]

ID = "R5"


def check(graph: Graph) -> Iterator[Finding]:
    for instance in graph.instances:
        if instance.role != "nodelocaldns":
            continue
        for block in instance.blocks:
            for forward in block.forwards:
                own = [one for one in forward.to if isinstance(one, Endpoint) and _is_own(instance, one)]
                if own:
                    others = [one.address for one in forward.to if isinstance(one, Endpoint) and one not in own]
                    service = graph.site.service("kube-dns-upstream")
                    zone = block.keys[0].zone
                    yield finding(
                        ID,
                        "bound-upstream",
                        Severity.CRITICAL if not others else Severity.HIGH,
                        f"{instance.id} forwards {zone} to {own[0].address}, which it binds itself",
                        Subject("server", instance.id),
                        [forward.source, block.source],
                        [
                            forwarding_to(
                                forward.source, others or service or (["<KUBE-DNS-UPSTREAM-IP>"] if zone != "." else [])
                            )
                        ],
                        numbers={"zone": zone, "share": round(len(own) / len(forward.to), 6)},
                        references=("https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/",),
                    )


def _is_own(instance: Instance, place: Endpoint) -> bool:
    return place.port == instance.port and place.address in instance.listens
