"""R4: the LAN's dnsmasq forwards to node or cluster DNS.

## What it detects

A dnsmasq that is not on the node itself sends names to an instance of the site (node-local or cluster DNS): kind
`default` where all names go there, `zone` where one zone does.

## What you feel

With `default`: queries that the cluster sends to the LAN come back, in bursts every 2 s, ending REFUSED or SERVFAIL.
With `zone`: names leave the LAN only as long as the cluster answers them.

## Evidence

The `server=` lines and the instance that they lead to.

## Not to be confused with

A dnsmasq on the node that serves pods (its own loop shows as `config-loop`).

## Fix

`no-resolv`, `server=` with an outside resolver, `dns-loop-detect`; for a zone keep the line only if the cluster is
authoritative for it.

## References

dnsmasq(8) --server, --dns-loop-detect; coredns/coredns#2391.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.placing import find
from analyzer.config.rewriting import LAN, instead, safe_zone, without
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Fix, Severity, Subject

__all__ = ["ID", "check"]

ID = "R4"


def check(graph: Graph) -> Iterator[Finding]:
    for instance in graph.instances:
        if instance.software != "dnsmasq" or any(
            one.netns == instance.netns and one.software == "coredns" for one in graph.instances
        ):
            continue
        for server in instance.rules.servers if instance.rules else ():
            target = find(graph.instances, instance, server.to.endpoint) if server.to else None
            if target is None or target.software != "coredns" or server.to is None:
                continue
            default = server.zone == "."
            upstream = [Fix(server.source.file, f"no-resolv\nserver={LAN}\ndns-loop-detect")] if default else []
            ends = [] if default else [instead(server.source, f"local=/{safe_zone(server.zone)}/")]
            yield finding(
                ID,
                "default" if default else "zone",
                Severity.HIGH if default else Severity.LOW,
                f"{instance.id} forwards {'everything' if default else server.zone} to {target.id}",
                Subject("server", instance.id),
                [server.source],
                [*([without(server.source, [server.to.endpoint.address])] if default else ends), *upstream],
                numbers={"zone": server.zone, "target": server.to.endpoint.address},
                references=("coredns/coredns#2391",),
            )
