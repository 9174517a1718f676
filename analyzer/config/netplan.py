"""Link settings: netplan's YAML, and systemd-networkd's .network files with their drop-ins (systemd.network(5))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.config.ini import entries
from analyzer.config.parsed import Parsed, Problem, address, endpoint
from analyzer.config.resolvconf import Nameserver
from analyzer.config.resolved import Domain, Link, domains_of
from analyzer.config.yamlnodes import Tree, documents
from analyzer.findings import SourceLine

__all__ = ["merge_links", "read", "read_network"]

_KINDS = ("ethernets", "wifis", "bonds", "bridges", "vlans", "tunnels", "modems", "vrfs", "dummy-devices")


def read(text: str, origin: str) -> Parsed[tuple[Link, ...]]:
    """netplan: per interface `nameservers`, `addresses`, DHCP and what `dhcp4-overrides`/`dhcp6-overrides` refuse of it."""
    trees, problems = documents(text, origin)
    links: list[Link] = []
    for top in trees:
        network = top.get("network")
        if not network:
            problems.append(Problem(top.source, "no `network:` at the top; not netplan"))
        for kind in _KINDS:
            links += [_link(name, node, problems) for name, node in network.get(kind).pairs()]
    return Parsed(origin, "netplan", tuple(links), tuple(problems))


def _link(name: str, node: Tree, problems: list[Problem]) -> Link:
    servers: list[Nameserver] = []
    domains: list[Domain] = []
    for word, source in node.get("nameservers", "addresses").words():
        place = endpoint(word)
        if place:
            servers.append(Nameserver(place, source))
        else:
            problems.append(Problem(source, f"not an address: {word[:80]}", error=True))
    for word, source in node.get("nameservers", "search").words():
        domains += domains_of([word], source)
    dns, names = _dhcp(node, "dhcp4"), _dhcp(node, "dhcp4", "use-domains")
    if node.get("dhcp6").flag():
        dns, names = dns or _dhcp(node, "dhcp6"), names or _dhcp(node, "dhcp6", "use-domains")
    own = [address(word.partition("/")[0]) for word, _ in node.get("addresses").words()]
    # an address with options (`- 192.168.1.23/24: {label: x}`) is a mapping with the address as its key
    own += [address(key.partition("/")[0]) for item in node.get("addresses").items() for key, _ in item.pairs()]
    return Link(name, tuple(servers), tuple(domains), None, dns, names, tuple(one for one in own if one))


def _dhcp(node: Tree, family: str, override: str = "use-dns") -> SourceLine | None:
    """The line that turns DHCP on, where it also brings DNS servers (or, by `override`, domains); else None."""
    on = node.get(family)
    refused = node.get(f"{family}-overrides", override).flag() is False
    return on.source if on.flag() and not refused else None


def read_network(text: str, origin: str) -> Parsed[tuple[Link, ...]]:
    """A .network file or drop-in: `DNS=`, `Domains=`, `DHCP=` with `UseDNS=`, `UseDomains=`, `DNSDefaultRoute=`, `Address=`.

    networkd's own default for `UseDomains=` is no; a distribution may turn it on, which no .network file shows.
    """
    assignments, problems = entries(text, origin)
    link = Link(_match_name(origin))
    dhcp: SourceLine | None = None
    use_dns, use_domains = True, None
    for entry in assignments:
        where, words = (entry.section, entry.key), entry.value.split()
        truth = entry.value.lower() in ("yes", "true", "1", "on")
        if where == ("Match", "Name") and words:
            link = replace(link, name=words[0])
        elif where == ("Network", "DNS"):
            link = replace(
                link, servers=link.servers + _network_servers(words, entry.source, problems) if words else ()
            )
        elif where == ("Network", "Domains"):
            link = replace(link, domains=link.domains + domains_of(words, entry.source) if words else ())
        elif where == ("Network", "DNSDefaultRoute"):
            link = replace(link, default_route=truth)
        elif where == ("Network", "DHCP"):
            dhcp = entry.source if entry.value.lower() in ("yes", "true", "1", "on", "ipv4", "ipv6", "both") else None
        elif entry.key == "UseDNS" and entry.section in ("DHCP", "DHCPv4", "DHCPv6"):
            use_dns = truth
        elif entry.key == "UseDomains" and entry.section in ("DHCP", "DHCPv4", "DHCPv6", "Network"):
            use_domains = entry.source if truth or entry.value.lower() == "route" else None
        elif entry.key == "Address" and entry.section in ("Network", "Address"):
            literal = address(entry.value.partition("/")[0])
            link = replace(link, addresses=link.addresses + ((literal,) if literal else ()))
    link = replace(link, dhcp_dns=dhcp if use_dns else None, dhcp_domains=use_domains if dhcp else None)
    return Parsed(origin, "networkd", (link,), tuple(problems))


def _network_servers(words: Sequence[str], source: SourceLine, problems: list[Problem]) -> tuple[Nameserver, ...]:
    places = [(word, endpoint(word)) for word in words]
    problems += [Problem(source, f"not an address: {word[:80]}", error=True) for word, place in places if place is None]
    return tuple(Nameserver(place, source) for _, place in places if place)


def _match_name(origin: str) -> str:
    """A drop-in belongs to the file whose `.d` directory it lies in."""
    parts = origin.replace("\\", "/").split("/")
    inside = len(parts) > 1 and parts[-2].endswith(".network.d")
    return parts[-2].removesuffix(".d") if inside else parts[-1]


def merge_links(links: Sequence[Link]) -> tuple[Link, ...]:
    """One link per name, later files adding to earlier ones; the same server or domain named twice counts once."""
    merged: dict[str, Link] = {}
    for link in links:
        old = merged.get(link.name, Link(link.name))
        known = {server.endpoint for server in old.servers}
        names = {domain.name for domain in old.domains}
        domains: tuple[Domain, ...] = tuple(domain for domain in link.domains if domain.name not in names)
        merged[link.name] = Link(
            link.name,
            old.servers + tuple(server for server in link.servers if server.endpoint not in known),
            old.domains + domains,
            old.default_route if link.default_route is None else link.default_route,
            old.dhcp_dns or link.dhcp_dns,
            old.dhcp_domains or link.dhcp_domains,
            old.addresses + link.addresses,
        )
    return tuple(merged.values())
