"""From the site to its instances: each server process placed in its network namespace, with the addresses that lead to it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from analyzer.config import servers
from analyzer.config.corefile import Block
from analyzer.config.instances import Instance
from analyzer.config.parsed import Endpoint, address, is_loopback
from analyzer.config.resolved import Resolved
from analyzer.config.site import GATEWAY, UNKNOWN, Host, NameserverFile, Placed, Site
from analyzer.findings import SourceLine

__all__ = ["find", "place"]

_MAX_INSTANCES = 200  # a site of this size has been given twice, or is no site


def place(site: Site) -> list[Instance]:
    """All instances; assumptions about addresses are added to `site.notes`."""
    nodes = site.nodes()
    found: list[Instance] = []
    for placed in site.corefiles:
        if placed.role == "nodelocaldns":
            hosts = [site.host(placed.host)] if placed.host else nodes
            for host in hosts:
                found += _node_local(site, placed, host)
    for placed in site.corefiles:
        if placed.role != "nodelocaldns":
            found += _elsewhere(site, placed, nodes, found)
    for host in list(site.hosts.values()):
        if host.dnsmasq:
            found += _dnsmasq(site, host, found)
    for host in list(site.hosts.values()):
        if host.resolved is not None:
            found += _resolved(host)
    if len(found) > _MAX_INSTANCES:
        site.notes.append(f"only the first {_MAX_INSTANCES} of {len(found)} instances are looked at")
    return found[:_MAX_INSTANCES]


def _groups(blocks: Sequence[Block]) -> Iterator[tuple[int, tuple[str, ...], list[Block]]]:
    """(port, addresses, blocks) for every set of addresses that the same blocks serve; no addresses: all of the namespace."""
    ports: dict[int, list[Block]] = {}
    for block in blocks:
        for port in dict.fromkeys(key.port for key in block.keys if key.scheme in ("dns", "tls")):
            ports.setdefault(port, []).append(block)
    for port, here in ports.items():
        by_address: dict[str, list[Block]] = {}
        for block in here:
            for literal in block.bind:
                by_address.setdefault(literal, []).append(block)
        by_blocks: dict[tuple[int, ...], list[str]] = {}
        for literal, bound in by_address.items():
            by_blocks.setdefault(tuple(map(id, bound)), []).append(literal)
        for literals in by_blocks.values():
            yield port, tuple(literals), by_address[literals[0]]
        # `bind INTERFACE` and an unset placeholder stand for addresses that are not known: their own namespace's
        free = [block for block in here if not block.bind]
        if free:
            yield port, (), free


def _id(name: str, host: str, port: int, literals: Sequence[str], taken: Iterable[Instance]) -> str:
    base = f"{name}@{host}" + (f":{port}" if port != 53 else "")
    used = {instance.id for instance in taken}
    return base if base not in used else f"{base}[{','.join(literals) or 'all'}]"


def _node_local(site: Site, placed: Placed, host: Host) -> list[Instance]:
    upstream = site.service("kube-dns-upstream")
    found: list[Instance] = []
    for port, literals, blocks in _groups(placed.content.blocks):

        def files(path: str, host: Host = host) -> NameserverFile:
            return host.for_pods("nodelocaldns") if path == "/etc/resolv.conf" else host.file(path)

        decide = servers.coredns(blocks, files, upstream)
        everything = not literals
        found.append(
            Instance(
                _id("nodelocaldns", host.name, port, literals, found), "coredns", placed.role, host.name, host.name, literals,
                everything, port, blocks[0].source, decide, _host_addresses(host) if everything else (), tuple(blocks),
            )
        )  # fmt: skip
    return found


def _host_addresses(host: Host) -> tuple[str, ...]:
    """What a server without `bind` on this host hears: its addresses, and the link-local one that kubelet gives to pods."""
    given = [literal for literal, _ in host.kubelet.cluster_dns] if host.kubelet else []
    return (*host.addresses, *(literal for literal in given if ipaddress.ip_address(literal).is_link_local))


def _elsewhere(site: Site, placed: Placed, nodes: Sequence[Host], earlier: Sequence[Instance]) -> list[Instance]:
    """Any other CoreDNS: cluster DNS in a pod, which owns all of its namespace, or a server on a host's own network."""
    on_host = _on_host(placed)
    if on_host:
        host = site.host(placed.host) if placed.host else nodes[0]
        owned = [*host.addresses, *(literal for literal in [address(placed.host)] if literal)]
    else:
        host = site.hosts.get(placed.host, nodes[0])
        owned = _service_addresses(site, placed, nodes, earlier)
    netns = host.name if on_host else f"pod:{placed.name}"
    found: list[Instance] = []
    for port, literals, blocks in _groups(placed.content.blocks):

        def files(path: str, host: Host = host) -> NameserverFile:
            in_pod = path == "/etc/resolv.conf" and not on_host
            return host.for_pods("coredns") if in_pod else host.file(path)

        name = _id("coredns", host.name if on_host else "pod", port, literals, [*earlier, *found])
        everything = not literals
        found.append(
            Instance(
                name, "coredns", placed.role, netns, host.name, literals, everything, port, blocks[0].source,
                servers.coredns(blocks, files, ()), () if literals and on_host else tuple(owned), tuple(blocks),
            )
        )  # fmt: skip
    return found


def _on_host(placed: Placed) -> bool:
    """A pod cannot know its address before it starts, so `bind ADDRESS` means a host; so does a host without kubernetes."""
    blocks = placed.content.blocks
    bound = any(not is_loopback(literal) for block in blocks for literal in block.bind)
    cluster = any(one.plugin == "kubernetes" for block in blocks for one in block.authorities)
    return bound or (bool(placed.host) and not cluster)


def _service_addresses(site: Site, placed: Placed, nodes: Sequence[Host], earlier: Sequence[Instance]) -> list[str]:
    """By `coredns@ADDRESS=`, by Services, else whom the node-local cache asks for the cluster domain, else clusterDNS."""
    given = [literal for literal in [address(placed.host)] if literal]
    given += site.service("coredns", "kube-dns", "rke2-coredns-rke2-coredns", "kube-dns-upstream")
    if given:
        return list(dict.fromkeys(given))
    bound = {literal for instance in earlier for literal in instance.listens}
    domain = site.cluster_domain
    asked = [ask.endpoint.address for one in earlier if domain for ask in one.decide(domain).asks]
    asked += [literal for host in nodes if host.kubelet for literal, _ in host.kubelet.cluster_dns]
    found = [literal for literal in dict.fromkeys(asked) if literal not in bound and not is_loopback(literal)]
    if found:
        site.notes.append(f"{placed.name}: taken to be the cluster DNS at {found[0]}")
    return found[:1]


def _dnsmasq(site: Site, host: Host, earlier: Sequence[Instance]) -> list[Instance]:
    rules = host.dnsmasq
    if rules is None or rules.port == 0:
        return []
    listens = tuple(literal for literal in rules.listen if literal not in ("0.0.0.0", "::"))
    everything = not listens
    local = _same_machine(host, site, earlier)
    netns = local.name if local else host.name
    owned = list(dict.fromkeys([*host.addresses, *(local.addresses if local else [])]))
    if everything and not owned and not local:
        owned = _assumed(site, host, earlier)
    decide = servers.dnsmasq(rules, local or host, partial(_own, listens, everything, tuple(owned)))
    source = host.dnsmasq_source or SourceLine(host.name, 1)
    name = _id("dnsmasq", netns, rules.port, listens, earlier)
    return [
        Instance(
            name,
            "dnsmasq",
            "dnsmasq",
            netns,
            netns,
            listens,
            everything,
            rules.port,
            source,
            decide,
            tuple(owned),
            rules=rules,
        )
    ]


def _same_machine(host: Host, site: Site, earlier: Sequence[Instance]) -> Host | None:
    """A dnsmasq without a host of its own that asks a link-local address bound on a node can only run on that node."""
    rules = host.dnsmasq
    if host.name != GATEWAY or rules is None:
        return None
    asked = {one.to.endpoint.address for one in rules.servers if one.to}
    for instance in earlier:
        local = [
            literal for literal in instance.listens if ipaddress.ip_address(literal).is_link_local and literal in asked
        ]
        if local:
            site.notes.append(f"dnsmasq asks {local[0]}, which is link-local to {instance.netns}: taken to run there")
            return site.host(instance.netns)
    return None


def _assumed(site: Site, host: Host, earlier: Sequence[Instance]) -> list[str]:
    """The one private address that is asked and that nobody known listens on is taken for the gateway's dnsmasq."""
    taken = {literal for instance in earlier for literal in instance.addresses}
    asked: list[str] = []
    for node in site.nodes():
        if node is not host:
            asked += [
                one.endpoint.address
                for one in (*node.for_pods("nodelocaldns").content.nameservers, *node.link_servers())
            ]
    asked += [ask.endpoint.address for one in earlier for ask in one.decide(".").asks]
    private = [
        literal
        for literal in dict.fromkeys(asked)
        if literal != UNKNOWN and literal not in taken and not is_loopback(literal)
        and ipaddress.ip_address(literal).is_private and not ipaddress.ip_address(literal).is_link_local
    ]  # fmt: skip
    if len(private) != 1:
        return []
    site.notes.append(f"dnsmasq of {host.name}: taken to be {private[0]} (say dnsmasq@ADDRESS=FILE if it is not)")
    return private


def _own(listens: Sequence[str], everything: bool, owned: Sequence[str], literal: str) -> bool:
    return literal in listens or (everything and (literal in owned or is_loopback(literal)))


def _resolved(host: Host) -> list[Instance]:
    now = host.resolved or Resolved()
    stub = ("127.0.0.53", "127.0.0.54") if now.stub else ()
    listens = (*stub, *now.stub_extra)
    if not listens:
        return []
    decide = servers.resolved(host, partial(_own, stub, False, ()))
    lines = [one.source for one in (*now.servers, *host.link_servers())]
    source = lines[0] if lines else SourceLine("resolved.conf", 1)
    return [
        Instance(
            f"resolved@{host.name}",
            "systemd-resolved",
            "resolved",
            host.name,
            host.name,
            listens,
            False,
            53,
            source,
            decide,
        )
    ]


def find(instances: Sequence[Instance], asker: Instance, place: Endpoint) -> Instance | None:
    """Who hears a query of `asker`: its own namespace first (the kernel's own addresses), a pod's node next, then anybody."""
    literal = place.address
    if literal == UNKNOWN:
        return None
    inside = is_loopback(literal)
    near = [one for one in instances if one.netns == asker.netns and one.port == place.port]
    tests: list[tuple[list[Instance], Callable[[Instance], bool]]] = [
        (near, lambda one: literal in one.listens),
        (near, lambda one: one.hears(literal, loopback=inside)),
    ]
    if not inside:
        node = [one for one in instances if one.netns == asker.host and one.port == place.port]
        tests.append((node, lambda one: one.hears(literal, loopback=False)))
        if not ipaddress.ip_address(literal).is_link_local:
            tests.append(
                ([one for one in instances if one.port == place.port], lambda one: one.hears(literal, loopback=False))
            )
    for group, hears in tests:
        for one in group:
            if hears(one):
                return one
    return None
