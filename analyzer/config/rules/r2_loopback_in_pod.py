"""R2: CoreDNS in a pod forwards to a loopback address.

## What it detects

A CoreDNS on the pod network with an address of 127.0.0.0/8 or ::1 among its upstreams, by a nameserver file or directly.

## What you feel

CoreDNS crash-loops with `[FATAL] plugin/loop: Loop (127.0.0.1:… -> :53)`.

## Evidence

The `forward` line and the line that names the loopback address (on Ubuntu 127.0.0.53, systemd-resolved's stub).

## Not to be confused with

A node-local CoreDNS on the host's network with `bind`: there 127.0.0.53 is the real stub. In a pod's namespace every
address is CoreDNS itself.

## Fix

kubelet `resolvConf: /run/systemd/resolve/resolv.conf`, the file without the stub; or name the resolver in `forward`.

## References

CoreDNS plugin/loop README (troubleshooting); kubernetes/kubeadm#273.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.config.graph import Graph
from analyzer.config.parsed import is_loopback
from analyzer.config.rewriting import forwarding_to, instead
from analyzer.config.site import UPLINK
from analyzer.config.verdicts import finding
from analyzer.findings import Finding, Fix, Severity, Subject

__all__ = ["ID", "check"]

ID = "R2"


def check(graph: Graph) -> Iterator[Finding]:
    for instance in graph.instances:
        if not instance.netns.startswith("pod:"):
            continue
        decision = instance.decide(".")
        bad = [ask for ask in decision.asks if is_loopback(ask.endpoint.address)]
        if not bad:
            continue
        forward = bad[0].sources[0]
        host = graph.site.hosts[instance.host]
        keep = [ask.endpoint.address for ask in decision.asks if ask not in bad]
        fix = [forwarding_to(forward, keep or [one.endpoint.address for one in host.uplink().content.nameservers])]
        if len(bad[0].sources) > 1:
            line = host.kubelet.resolv_source if host.kubelet else None
            text = f"resolvConf: {UPLINK}"
            fix.insert(0, instead(line, text) if line else Fix("kubelet configuration", text))
        yield finding(
            ID,
            "loopback-upstream",
            Severity.CRITICAL if len(bad) == len(decision.asks) else Severity.HIGH,
            f"{instance.id} forwards to {bad[0].endpoint.address}, which in its pod is itself",
            Subject("server", instance.id),
            [source for ask in bad for source in ask.sources],
            fix,
            references=("https://coredns.io/plugins/loop/#troubleshooting",),
        )
