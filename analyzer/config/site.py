"""The site: hosts with their files, and the answer to "what does FILE say on this host, for this reader?"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from analyzer.config.corefile import Corefile
from analyzer.config.dnsmasq import Dnsmasq
from analyzer.config.inputs import Entry, Inputs
from analyzer.config.kubelet import Kubelet
from analyzer.config.kubespray import Kubespray
from analyzer.config.manifests import Manifests, Service
from analyzer.config.netplan import merge_links
from analyzer.config.parsed import Endpoint, Problem, address, is_loopback
from analyzer.config.resolvconf import MAXNS, Nameserver, ResolvConf
from analyzer.config.resolved import Domain, Link, Resolved, Status, merge
from analyzer.config.zones import normal
from analyzer.findings import SourceLine

__all__ = ["GATEWAY", "NODE", "UNKNOWN", "UPLINK", "Host", "NameserverFile", "Placed", "Site", "build"]

NODE = "node"
GATEWAY = "gateway"
UNKNOWN = "dhcp"  # stands for the address of a server that only DHCP tells
UPLINK = "/run/systemd/resolve/resolv.conf"
STUB = "/run/systemd/resolve/stub-resolv.conf"


@dataclass(frozen=True, slots=True)
class NameserverFile:
    """What a nameserver file says: `known` False where nothing that was given shows its content; `via` tells how it was found."""

    content: ResolvConf
    via: str
    known: bool = True


@dataclass(slots=True)
class Host:
    """One machine: what its files say about its addresses, its links and its resolvers."""

    name: str
    addresses: list[str] = field(default_factory=list)
    resolved: Resolved | None = None
    links: tuple[Link, ...] = ()
    files: dict[str, ResolvConf] = field(default_factory=dict)
    roles: dict[str, ResolvConf] = field(default_factory=dict)
    kubelet: Kubelet | None = None
    dnsmasq: Dnsmasq | None = None
    dnsmasq_source: SourceLine | None = None

    def link_servers(self) -> list[Nameserver]:
        return [server for link in self.links for server in link.servers]

    def uplink(self) -> NameserverFile:
        """resolved's own list of all servers: the file if it was given, else global, then every link, without repeats."""
        if "uplink" in self.roles:
            return NameserverFile(self.roles["uplink"], UPLINK)
        now = self.resolved or Resolved()
        servers = list(now.servers) + self.link_servers()
        via = "put together from resolved.conf and the links"
        if not servers:
            servers = list(now.fallback)
        unique = {server.endpoint: server for server in reversed(servers)}
        ordered = [server for server in servers if unique[server.endpoint] is server]
        domains = [*now.domains, *(domain for link in self.links for domain in link.domains)]
        named = [domain for domain in domains if not domain.route_only]
        search = tuple(dict.fromkeys(domain.name for domain in named))
        where = next((domain.source for domain in reversed(named)), None)
        return NameserverFile(
            ResolvConf(tuple(ordered), search, where), via, known=self.resolved is not None or bool(self.links)
        )

    def file(self, path: str) -> NameserverFile:
        """The content of a resolv.conf at `path` of this host."""
        if path == UPLINK:
            return self.uplink()
        if path == STUB:
            stub = Nameserver(Endpoint("127.0.0.53"), SourceLine(STUB, 1, "nameserver 127.0.0.53"))
            return NameserverFile(ResolvConf((stub,), self.uplink().content.search), STUB)
        if path in self.files:
            return NameserverFile(self.files[path], path)
        if path == "/etc/resolv.conf" and "node" in self.roles:
            return NameserverFile(self.roles["node"], path)
        if path == "/etc/resolv.conf" and self.resolved is not None:
            # without the file itself: every tool that writes resolved.conf's servers for nodes points it at the uplink file
            return replace(self.uplink(), via="/etc/resolv.conf taken as resolved's uplink file")
        return NameserverFile(ResolvConf(), path, known=False)

    def for_pods(self, reader: str) -> NameserverFile:
        """/etc/resolv.conf of a pod with dnsPolicy Default: kubelet's `resolvConf` cut to three nameservers."""
        if reader in self.roles:
            return NameserverFile(self.roles[reader], f"resolv.conf of {reader}")
        path = self.kubelet.resolv_conf if self.kubelet and self.kubelet.resolv_conf is not None else None
        if path is None:
            # kubeadm and Kubespray set resolvConf to the uplink file wherever systemd-resolved runs
            given = self.resolved is not None or bool(self.links) or "uplink" in self.roles
            prefer_node = "node" in self.roles and not given
            path = UPLINK if given and not prefer_node else "/etc/resolv.conf"
        found = self.file(path) if path else NameserverFile(ResolvConf(), 'resolvConf: ""')
        cut = found.content.nameservers[:MAXNS]
        return NameserverFile(replace(found.content, nameservers=cut), f"{path or 'no file'}, by kubelet", found.known)


@dataclass(frozen=True, slots=True)
class Placed:
    """A Corefile with its role and the host that it was given for (empty: the whole cluster)."""

    content: Corefile
    role: str
    host: str
    name: str


@dataclass(slots=True)
class Site:
    """All hosts, Corefiles, Services and Kubespray variables; `notes` are assumptions, printed with the result."""

    hosts: dict[str, Host] = field(default_factory=dict)
    corefiles: list[Placed] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    kubespray: Kubespray | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resolvconfs: list[tuple[str, ResolvConf, str]] = field(default_factory=list)

    def nodes(self) -> list[Host]:
        """Hosts that run cluster workloads: all but those known only for their dnsmasq."""
        found = [
            host
            for host in self.hosts.values()
            if host.kubelet or host.resolved or host.roles or host.files or host.links
        ]
        plain = [host for host in found if host.dnsmasq is None or host.kubelet or host.name == NODE]
        return plain or [self.host(NODE)]

    def host(self, name: str) -> Host:
        return self.hosts.setdefault(name, Host(name))

    @property
    def cluster_domain(self) -> str:
        """kubelet's clusterDomain, else the first zone of a `kubernetes` line, else a node-local block's, else Kubespray's."""
        for host in self.hosts.values():
            if host.kubelet and host.kubelet.cluster_domain:
                return host.kubelet.cluster_domain
        for placed in self.corefiles:
            for block in placed.content.blocks:
                for authority in block.authorities:
                    if authority.plugin == "kubernetes":
                        return authority.zones[0]
        zones = [key.zone for placed in self.corefiles for block in placed.content.blocks for key in block.keys]
        zones += [name for _, conf, _ in self.resolvconfs for name in conf.search if name.startswith("cluster.")]
        found = [zone for zone in zones if zone != "." and not zone.endswith("arpa.")]
        if self.kubespray:
            return self.kubespray.domain
        return next((zone for zone in found if zone == "cluster.local."), found[0] if found and self.corefiles else "")

    def service(self, *names: str) -> list[str]:
        return [literal for service in self.services if service.name in names for literal in service.addresses]


def build(inputs: Inputs) -> Site:
    """Lay every entry at its host; what cannot be told apart by host belongs to one node and one gateway."""
    site = Site(problems=list(inputs.problems))
    resolved: dict[str, list[Resolved]] = {}
    links: dict[str, list[Link]] = {}
    # running state last: a server that a file names keeps the file's line
    for entry in sorted(inputs.entries, key=lambda entry: isinstance(entry.content, Status)):
        _lay(site, entry, resolved, links)
    for name, parts in resolved.items():
        site.host(name).resolved = merge(parts)
    for name, found in links.items():
        host = site.host(name)
        host.links = merge_links(found)
        host.addresses += [literal for link in host.links for literal in link.addresses]
    _from_kubespray(site)
    _from_dhcp(site)
    return site


def _host_name(entry: Entry, default: str) -> tuple[str, str | None]:
    """The host's name, and its address where `@HOST` is one."""
    return entry.host or default, address(entry.host) if entry.host else None


def _lay(site: Site, entry: Entry, resolved: dict[str, list[Resolved]], links: dict[str, list[Link]]) -> None:
    content = entry.content
    name, literal = _host_name(entry, GATEWAY if isinstance(content, Dnsmasq) else NODE)
    if isinstance(content, Corefile):
        site.corefiles.append(Placed(content, entry.role, entry.host, entry.name))
        return
    if isinstance(content, Manifests):
        site.services += content.services
        return
    if isinstance(content, Kubespray):
        old = site.kubespray.values if site.kubespray else {}
        site.kubespray = Kubespray({**old, **content.values})
        return
    host = site.host(name)
    if literal:
        host.addresses.append(literal)
    if isinstance(content, ResolvConf):
        host.files[entry.path] = content
        host.roles[entry.role] = content
        site.resolvconfs.append((entry.role, content, entry.name))
    elif isinstance(content, Resolved):
        resolved.setdefault(name, []).append(content)
    elif isinstance(content, Status):
        _status(host, content, resolved.setdefault(name, []), links.setdefault(name, []))
    elif isinstance(content, Kubelet):
        host.kubelet = _kubelet(host.kubelet, content)
    elif isinstance(content, Dnsmasq):
        _dnsmasq(host, content, entry)
    elif isinstance(content, tuple):
        links.setdefault(name, []).extend(link for link in content if isinstance(link, Link))


def _status(host: Host, content: Status, parts: list[Resolved], links: list[Link]) -> None:
    """Running state adds what the files do not say; a server that a file names keeps the file's line."""
    known = {server.endpoint for part in parts for server in part.servers}
    servers = tuple(server for server in content.resolved.servers if server.endpoint not in known)
    named = {domain.name for part in parts for domain in part.domains}
    domains = tuple(domain for domain in content.resolved.domains if domain.name not in named)
    parts.append(Resolved(servers, (), domains))
    links += content.links


def _kubelet(old: Kubelet | None, new: Kubelet) -> Kubelet:
    """A configuration file and flags together; the one read later fills in and overrides."""
    if old is None:
        return new
    return Kubelet(
        new.cluster_dns or old.cluster_dns,
        new.cluster_domain or old.cluster_domain,
        new.domain_source or old.domain_source,
        old.resolv_conf if new.resolv_conf is None else new.resolv_conf,
        new.resolv_source or old.resolv_source,
    )


def _dnsmasq(host: Host, content: Dnsmasq, entry: Entry) -> None:
    if host.dnsmasq is None:
        host.dnsmasq, host.dnsmasq_source = content, SourceLine(entry.name, 1)
        return
    old = host.dnsmasq
    old.servers += content.servers
    old.locals_ += content.locals_
    old.listen += content.listen
    old.interfaces += content.interfaces
    old.resolv_files += content.resolv_files
    old.flags.update(content.flags)
    old.dhcp.update(content.dhcp)
    old.dhcp_ranges += content.dhcp_ranges
    old.domain = content.domain or old.domain


def _from_kubespray(site: Site) -> None:
    """What Kubespray's templates would write, where the written files themselves were not given."""
    play = site.kubespray
    if play is None or any(host.resolved or "node" in host.roles for host in site.hosts.values()):
        return
    source, nodelocal = play.line("resolvconf_mode") or play.line("nodelocaldns_ip"), play.nodelocal
    if play.mode != "host_resolvconf" or nodelocal is None:
        return
    line = source or SourceLine("group_vars", 0, "resolvconf_mode: host_resolvconf (default)")
    node = site.host(NODE)
    names = [
        f"default.svc.{play.domain}",
        f"svc.{play.domain}",
        *(word for word, _ in play.values.get("searchdomains", [])),
    ]
    node.roles["node"] = ResolvConf(
        (Nameserver(Endpoint(nodelocal), line), *_play_servers(play, "nameservers")), tuple(map(normal, names)), line
    )
    site.notes.append(f"{line.place}: resolvconf_mode host_resolvconf puts {nodelocal} into the nodes' own resolv.conf")


def _play_servers(play: Kubespray, *keys: str) -> Iterable[Nameserver]:
    for key in keys:
        for word, source in play.values.get(key, []):
            literal = address(word)
            if literal:
                yield Nameserver(Endpoint(literal), source)


def _from_dhcp(site: Site) -> None:
    """Links that take DNS or domains by DHCP get what the one known dnsmasq hands out, else one unknown server."""
    servers = [host for host in site.hosts.values() if host.dnsmasq]
    for host in site.hosts.values():
        givers = [one for one in servers if one is not host]
        host.links = tuple(
            _with_dhcp(link, givers[0] if len(givers) == 1 else None, site.notes.append) for link in host.links
        )


def _with_dhcp(link: Link, giver: Host | None, note: Callable[[str], None]) -> Link:
    if link.dhcp_domains and giver:
        have = {domain.name for domain in link.domains}
        link = replace(link, domains=link.domains + tuple(one for one in _dhcp_domains(giver) if one.name not in have))
    if link.dhcp_dns is None or link.servers:
        return link
    found = _dhcp_servers(giver) if giver else []
    if not found:
        note(
            f"{link.dhcp_dns.place}: link {link.name} gets its DNS servers by DHCP; which is not known, one is assumed"
        )
        found = [UNKNOWN]
    return replace(link, servers=tuple(Nameserver(Endpoint(literal), link.dhcp_dns) for literal in found))


def _dhcp_domains(giver: Host) -> list[Domain]:
    """Option 15 as set, else dnsmasq's own `domain=`, which it sends as option 15; then option 119."""
    rules = giver.dnsmasq or Dnsmasq()
    words, source = rules.dhcp.get(15, ((), None))
    found = [Domain(normal(words[0]), False, source)] if source and words and words[0] else []
    if 15 not in rules.dhcp and rules.domain:
        found.append(Domain(rules.domain[0], False, rules.domain[1]))
    words, source = rules.dhcp.get(119, ((), None))
    return found + [Domain(normal(word), False, source) for word in words if source and word]


def _dhcp_servers(giver: Host) -> list[str]:
    """Option 6 as set, else dnsmasq itself."""
    rules = giver.dnsmasq or Dnsmasq()
    words, _ = rules.dhcp.get(6, ((), None))
    found = [literal for literal in map(address, words) if literal and literal != "0.0.0.0"]
    own = [literal for literal in [*rules.listen, *giver.addresses] if not is_loopback(literal)]
    return found or own[:1]
