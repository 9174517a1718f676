"""What each kind of server does with a name: CoreDNS by block and plugin, dnsmasq by longest zone, resolved by scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer.config.corefile import Block
from analyzer.config.dnsmasq import Dnsmasq, Local
from analyzer.config.instances import Ask, Decision, weighted
from analyzer.config.parsed import Endpoint
from analyzer.config.plugins import ORDER, Forward
from analyzer.config.resolvconf import Nameserver
from analyzer.config.resolved import Domain
from analyzer.config.site import Host, NameserverFile
from analyzer.config.zones import depth, under
from analyzer.findings import SourceLine

__all__ = ["coredns", "dnsmasq", "expand", "resolved"]

_CLUSTER_DNS = "__PILLAR__CLUSTER__DNS__"
_UPSTREAMS = "__PILLAR__UPSTREAM__SERVERS__"

FileReader = Callable[[str], NameserverFile]
Target = tuple[Endpoint, tuple[SourceLine, ...]]


def coredns(blocks: Sequence[Block], files: FileReader, cluster_dns: Sequence[str]) -> Callable[[str], Decision]:
    """Longest zone of the blocks that this address serves; in it the data plugins first, then the first `forward` that fits.

    `files` shows what a nameserver file holds for this server; `cluster_dns` is what node-cache puts for its placeholder.
    """

    def decide(name: str) -> Decision:
        best: tuple[int, Block, str] | None = None
        for block in blocks:
            for key in block.keys:
                if under(name, key.zone) and (best is None or depth(key.zone) > best[0]):
                    best = (depth(key.zone), block, key.zone)
        if best is None:
            return Decision(".", None, ends="REFUSED: no server block has the zone")
        _, block, zone = best
        forward_rank = ORDER.index("forward")
        ends = next((one for one in block.authorities if one.ends(name)), None)
        chosen = next((one for one in block.forwards if one.takes(name)), None)
        if ends and (chosen is None or ORDER.index(ends.plugin) < forward_rank):
            return Decision(zone, ends.source, ends=f"answered by {ends.plugin}", block=block)
        if chosen is None:
            return Decision(zone, block.source, ends="no plugin takes it further", block=block)
        targets = expand(chosen, files, cluster_dns)
        missing = "" if targets else "where it forwards to is not known"
        return Decision(
            zone, chosen.source, weighted(targets, chosen.policy), missing, chosen.policy, block, not targets
        )

    return decide


def expand(forward: Forward, files: FileReader, cluster_dns: Sequence[str]) -> list[Target]:
    """The addresses behind a forward's words: each file counts with all its nameservers, itself included."""
    proto = forward.proto if forward.proto == "tcp" else "udp"
    found: list[Target] = []
    for word in forward.to:
        if isinstance(word, Endpoint):
            found.append((word, (forward.source,)))
        elif word == _CLUSTER_DNS:
            found += [(Endpoint(literal, 53, proto), (forward.source,)) for literal in cluster_dns]
        elif not word.startswith("__PILLAR__") or word == _UPSTREAMS:
            path = "/etc/resolv.conf" if word == _UPSTREAMS else word
            for server in files(path).content.nameservers:
                place = Endpoint(server.endpoint.address, server.endpoint.port, proto)
                found.append((place, (forward.source, server.source)))
    return found


def dnsmasq(rules: Dnsmasq, host: Host, own: Callable[[str], bool]) -> Callable[[str], Decision]:
    """The longest zone; without a server for it the resolv-file's; its own addresses are skipped, as dnsmasq does itself."""
    policy = "all" if "all-servers" in rules.flags else "sequential" if "strict-order" in rules.flags else "fastest"

    def decide(name: str) -> Decision:
        found = rules.route(name)
        if isinstance(found, Local):
            return Decision(found.zone, found.source, ends=f"answered by {found.key}=, without an SOA")
        zone = found[0].zone if found else "."
        targets: list[Target] = [(one.to.endpoint, (one.source,)) for one in found if one.to]
        if zone == "." and "no-resolv" not in rules.flags:
            targets += _resolv_files(rules, host)
        targets = [one for one in targets if not own(one[0].address)]
        if not targets:
            return Decision(zone, None, ends="REFUSED or outside what was given: no server is known")
        return Decision(zone, targets[0][1][0], weighted(targets, policy), policy=policy)

    return decide


def _resolv_files(rules: Dnsmasq, host: Host) -> list[Target]:
    paths: Sequence[tuple[str, SourceLine | None]] = rules.resolv_files or [("/etc/resolv.conf", None)]
    return [
        (server.endpoint, (server.source,) if source is None else (source, server.source))
        for path, source in paths
        for server in host.file(path).content.nameservers
    ]


def resolved(host: Host, own: Callable[[str], bool]) -> Callable[[str], Decision]:
    """Scopes (global, each link) by the longest domain that fits, else the default ones; scopes in parallel, servers in turn."""
    now = host.resolved
    scopes: list[tuple[Sequence[Nameserver], Sequence[Domain], bool]] = []
    if now:
        scopes.append((now.servers or _foreign(host), now.domains, True))
    for link in host.links:
        only_routes = bool(link.domains) and all(domain.route_only for domain in link.domains)
        default = link.default_route if link.default_route is not None else not only_routes
        scopes.append((link.servers, link.domains, default))
    if now and not any(servers for servers, _, _ in scopes):
        scopes.append((now.fallback, (), True))

    def decide(name: str) -> Decision:
        ranks = [
            max((depth(one.name) for one in domains if under(name, one.name)), default=-1) for _, domains, _ in scopes
        ]
        best = max((rank for rank, scope in zip(ranks, scopes, strict=True) if scope[0]), default=-1)
        asks: list[Ask] = []
        for rank, (servers, _, default) in zip(ranks, scopes, strict=True):
            if rank == best if best >= 0 else default:
                targets = [(one.endpoint, (one.source,)) for one in servers if not own(one.endpoint.address)]
                asks += weighted(targets, "sequential")
        if not asks:
            return Decision(".", None, ends="no DNS server is known")
        return Decision(".", asks[0].sources[0], tuple(asks), policy="all scopes at once")

    return decide


def _foreign(host: Host) -> Sequence[Nameserver]:
    """Without DNS= resolved takes the servers of an /etc/resolv.conf that it did not write itself."""
    conf = host.roles.get("node")
    return conf.nameservers if conf and not conf.by_resolved else ()
