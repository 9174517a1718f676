"""Which lines to change to open a forwarding loop, chosen by who takes part."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from analyzer.detectors import Evidence
from analyzer.findings import Fix

__all__ = ["loop_fixes"]


def loop_fixes(evidence: Evidence, parties: Sequence[Sequence[int]], stubs: Sequence[int] = ()) -> tuple[Fix, ...]:
    """Fixes for a loop of the given parties (address ids; the first is the one that the loop was seen at).

    `stubs` are loopback addresses that the loop runs through.
    """
    texts = [[evidence.context.addresses.text(address) for address in party] for party in parties]
    every = {address for party in texts for address in party}
    outside = _outside(evidence, every)
    loopback = next((evidence.context.addresses.text(stub) for stub in stubs), "")
    own = next((a for a in texts[0] if not _is(a, "is_loopback")), texts[0][0])
    local = next((a for a in texts[0] if _is(a, "is_link_local")), own)
    if len(parties) == 1 and not loopback:
        return (*_self_fixes(local, outside), _KEEP)
    if loopback:
        return (*_stub_fixes(loopback, local, outside), _KEEP)
    others = [next((a for a in party if not _is(a, "is_loopback")), party[0]) for party in texts[1:]]
    return (*_ring_fixes(own, others, outside), _KEEP)


_KEEP = Fix("Corefile", "loop    # keep the plugin: it finds the loop again at the next start")


def _self_fixes(local: str, outside: str) -> tuple[Fix, ...]:
    return (
        Fix("nodelocaldns ConfigMap, Corefile, block .:53", f"forward . {outside}    # instead of /etc/resolv.conf"),
        Fix("kubespray inventory", f"upstream_dns_servers: [{outside}]"),
        Fix("kubespray inventory, instead", "resolvconf_mode: none"),
        Fix("/etc/systemd/resolved.conf", f"# delete the line\nDNS={local}"),
        Fix(
            "kubelet configuration",
            f"resolvConf: /etc/kubernetes/resolv.conf    # a file that holds only: nameserver {outside}",
        ),
    )


def _stub_fixes(stub: str, local: str, outside: str) -> tuple[Fix, ...]:
    return (
        Fix("Corefile, block .:53", f"forward . {outside}    # instead of {stub} or a file that lists it"),
        Fix("/etc/systemd/resolved.conf", f"# delete the line\nDNS={local}"),
        Fix(
            "kubelet configuration", "resolvConf: /run/systemd/resolve/resolv.conf    # for CoreDNS in the pod network"
        ),
    )


def _ring_fixes(own: str, others: Sequence[str], outside: str) -> tuple[Fix, ...]:
    back = others[-1]
    return (
        Fix(f"dnsmasq.conf on {back}", f"no-resolv\nserver={outside}    # an outside resolver; remove server={own}"),
        Fix(f"dnsmasq.conf on {back}", "dns-loop-detect"),
        Fix(f"Corefile on {own}, block .:53", f"forward . {outside}    # if {others[0]} has to keep asking {own}"),
    )


def _outside(evidence: Evidence, inside: set[str]) -> str:
    """An upstream that takes no part in the loop and is not the cluster's own DNS, if one was asked; else a placeholder."""
    cluster = {evidence.context.addresses.text(ident) for ident in evidence.results["clusterdomain"].servers}
    for forwarder in evidence.results["roles"].forwarders:
        if inside & set(forwarder.addresses):
            for upstream in forwarder.upstreams:
                if upstream not in inside | cluster:
                    return str(upstream)
    return "<OUTSIDE-RESOLVER>"


def _is(address: str, what: str) -> bool:
    try:
        return bool(getattr(ipaddress.ip_address(address), what))
    except ValueError:
        return False
