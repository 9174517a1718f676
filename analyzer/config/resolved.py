"""systemd-resolved: resolved.conf with its drop-ins (resolved.conf(5)), and what `resolvectl status` prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from analyzer.config.ini import entries
from analyzer.config.parsed import Parsed, Problem, endpoint, lines_of
from analyzer.config.resolvconf import Nameserver
from analyzer.config.zones import normal
from analyzer.findings import SourceLine

__all__ = ["Domain", "Link", "Resolved", "Status", "merge", "read", "read_status"]

_OTHER_KEYS = frozenset(
    "LLMNR MulticastDNS DNSSEC DNSOverTLS CacheFromLocalhost ReadEtcHosts ResolveUnicastSingleLabel StaleRetentionSec"
    " RefuseRecordTypes".split()
)
_STATUS = re.compile(r"\s*(?:Link (?P<index>\d+) \((?P<name>[^)]*)\)|(?P<word>Global))\s*$")
_FIELDS = frozenset(
    "DNS Servers|DNS Domain|Current DNS Server|Fallback DNS Servers|Current Scopes|Protocols|resolv.conf mode|Default Route"
    "|DefaultRoute setting|LLMNR setting|MulticastDNS setting|DNSOverTLS setting|DNSSEC setting|DNSSEC supported|DNSSEC NTA".split(
        "|"
    )
)


@dataclass(frozen=True, slots=True)
class Domain:
    """A search domain, or with `route_only` (`~name`) a domain that only routes lookups to the servers beside it."""

    name: str
    route_only: bool
    source: SourceLine


@dataclass(frozen=True, slots=True)
class Link:
    """The DNS settings of one network link; `default_route` None means resolved decides by the domains."""

    name: str
    servers: tuple[Nameserver, ...] = ()
    domains: tuple[Domain, ...] = ()
    default_route: bool | None = None
    dhcp_dns: SourceLine | None = None
    dhcp_domains: SourceLine | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """The global scope. `resets` names the lists that an empty assignment cleared: a drop-in drops what came before."""

    servers: tuple[Nameserver, ...] = ()
    fallback: tuple[Nameserver, ...] = ()
    domains: tuple[Domain, ...] = ()
    cache: str = ""
    cache_source: SourceLine | None = None
    stub: bool = True
    stub_extra: tuple[str, ...] = ()
    resets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Status:
    """`resolvectl status`: the global scope and each link, as running now."""

    resolved: Resolved = field(default_factory=Resolved)
    links: tuple[Link, ...] = ()


def _servers(words: Sequence[str], source: SourceLine, problems: list[Problem]) -> tuple[Nameserver, ...]:
    found = []
    for word in words:
        place = endpoint(word)
        if place is None:
            problems.append(Problem(source, f"not an address: {word}"))
        else:
            found.append(Nameserver(place, source))
    return tuple(found)


def domains_of(words: Sequence[str], source: SourceLine) -> tuple[Domain, ...]:
    """`Domains=` words: `~` marks a routing domain, `~.` the default route."""
    return tuple(Domain(normal(word.removeprefix("~")), word.startswith("~"), source) for word in words)


def read(text: str, origin: str) -> Parsed[Resolved]:
    """One resolved.conf or drop-in; use `merge` to lay drop-ins over it."""
    assignments, problems = entries(text, origin)
    now = Resolved()
    for entry in assignments:
        words = entry.value.split()
        if entry.section != "Resolve":
            problems.append(Problem(entry.source, f"section [{entry.section}] is not read by systemd-resolved"))
        elif entry.key in ("DNS", "FallbackDNS", "Domains") and not words:
            empty = {"DNS": "servers", "FallbackDNS": "fallback", "Domains": "domains"}[entry.key]
            now = replace(_cleared(now, empty), resets=now.resets | {empty})
        elif entry.key == "DNS":
            now = replace(now, servers=now.servers + _servers(words, entry.source, problems))
        elif entry.key == "FallbackDNS":
            now = replace(now, fallback=now.fallback + _servers(words, entry.source, problems))
        elif entry.key == "Domains":
            now = replace(now, domains=now.domains + domains_of(words, entry.source))
        elif entry.key == "Cache":
            now = replace(now, cache=entry.value.lower(), cache_source=entry.source)
        elif entry.key == "DNSStubListener":
            now = replace(now, stub=entry.value.lower() not in ("no", "false", "0", "off"))
        elif entry.key == "DNSStubListenerExtra":
            place = endpoint(entry.value.split(":", 1)[-1] if entry.value[:4] in ("udp:", "tcp:") else entry.value)
            now = replace(now, stub_extra=now.stub_extra + ((place.address,) if place else ()))
        elif entry.key not in _OTHER_KEYS:
            problems.append(Problem(entry.source, f"unknown key {entry.key}"))
    return Parsed(origin, "resolved.conf", now, tuple(problems))


def _cleared(now: Resolved, name: str) -> Resolved:
    if name == "servers":
        return replace(now, servers=())
    return replace(now, fallback=()) if name == "fallback" else replace(now, domains=())


def merge(parts: Sequence[Resolved]) -> Resolved:
    """Lay drop-ins, in their order, over the main file: lists grow unless a part resets them, single values are replaced."""
    now = Resolved()
    for part in parts:
        for name in part.resets:
            now = _cleared(now, name)
        now = Resolved(
            now.servers + part.servers,
            now.fallback + part.fallback,
            now.domains + part.domains,
            part.cache or now.cache,
            part.cache_source or now.cache_source,
            now.stub and part.stub,
            now.stub_extra + part.stub_extra,
        )
    return now


def read_status(text: str, origin: str) -> Parsed[Status]:
    """The text of `resolvectl status` (or `systemd-resolve --status`): `Key: value` with continued values below it."""
    problems: list[Problem] = []
    links: list[Link] = []
    now, link, key = Resolved(), None, ""
    for line in lines_of(text, origin, comment=""):
        head = _STATUS.match(line.text)
        if head:
            if link:
                links.append(link)
            link, key = (None if head.group("word") else Link(head.group("name"))), ""
            continue
        # only known keys: an IPv6 server on a continuation line holds colons as well
        name, colon, value = line.text.partition(":")
        if colon and name.strip() in _FIELDS:
            key = name.strip()
        else:
            value = line.text
            unknown = colon and endpoint(value.split()[0]) is None
            if unknown or not key:
                problems.append(Problem(line.source, "not part of `resolvectl status`"))
                key = ""
        words = value.split()
        if key == "DNS Servers":
            servers = _servers(words, line.source, problems)
            now, link = _more(now, link, servers, ())
        elif key == "DNS Domain":
            now, link = _more(now, link, (), domains_of(words, line.source))
        elif key in ("Protocols", "DefaultRoute setting") and link:
            link = _default_route(link, key, words)
    if link:
        links.append(link)
    return Parsed(origin, "resolvectl", Status(now, tuple(links)), tuple(problems))


def _more(
    now: Resolved, link: Link | None, servers: tuple[Nameserver, ...], domains: tuple[Domain, ...]
) -> tuple[Resolved, Link | None]:
    if link:
        return now, replace(link, servers=link.servers + servers, domains=link.domains + domains)
    return replace(now, servers=now.servers + servers, domains=now.domains + domains), None


def _default_route(link: Link, key: str, words: Sequence[str]) -> Link:
    if key == "DefaultRoute setting" and words:
        return replace(link, default_route=words[0] == "yes")
    if "+DefaultRoute" in words or "-DefaultRoute" in words:
        return replace(link, default_route="+DefaultRoute" in words)
    return link
