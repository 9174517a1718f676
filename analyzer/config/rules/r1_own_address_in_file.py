"""R1: the nameserver file that node-local DNS forwards to lists its own address.

## What it detects

A CoreDNS on the host's network whose `forward` names a file (`/etc/resolv.conf`), where that file, as kubelet gives it to
the pod, holds an address that this same server listens on.

## What you feel

Crash loops at random (`[FATAL] plugin/loop: Loop`), double load, memory that runs out when the gateway stalls.

## Evidence

The `forward` line, the line that brings the address into the file, and its share of the upstreams.

## Not to be confused with

A loopback address in a pod's file (R2); an own address written into the `forward` line itself (R5).

## Fix

Name the LAN's resolver in the `forward` line; Kubespray: `upstream_dns_servers`.

## References

kubernetes-sigs/kubespray#9948; coredns/coredns#1712; kubespray docs/advanced/dns-stack.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.instances import Ask, Instance
from analyzer.config.rewriting import forwarding_to, instead, without
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Severity, Subject

__all__ = ["ID", "check"]

ID = "R1"


def check(graph: Graph) -> Iterator[Finding]:
    for instance in graph.instances:
        if instance.software != "coredns" or instance.role != "nodelocaldns":
            continue
        decision = instance.decide(".")
        own = [ask for ask in decision.asks if len(ask.sources) > 1 and ask.endpoint.address in instance.addresses]
        if own:
            yield _found(graph, instance, own, [ask for ask in decision.asks if ask not in own])


def _found(graph: Graph, instance: Instance, own: list[Ask], others: list[Ask]) -> Finding:
    literal = own[0].endpoint.address
    share = sum(ask.probability for ask in own if not ask.on_failure)
    forward, *lists = own[0].sources
    keep = [ask.endpoint.address for ask in others if ask.sources[-1].text]
    fix = [forwarding_to(forward, keep), *(without(line, [literal]) for line in lists if line.text)]
    play = graph.site.kubespray
    line = play.line("resolvconf_mode") if play else None
    if line:
        fix.append(instead(line, "resolvconf_mode: none"))
    return finding(
        ID,
        "own-address",
        Severity.HIGH,
        f"{instance.id} forwards to a file that lists its own address {literal}",
        Subject("server", instance.id),
        [source for ask in own for source in ask.sources],
        fix,
        numbers={"share": round(share, 6), "upstreams": len(own) + len(others)},
        references=("kubernetes-sigs/kubespray#9948", "coredns/coredns#1712"),
    )
