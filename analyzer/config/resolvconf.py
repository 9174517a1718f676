"""resolv.conf (resolv.conf(5)): the nameservers, the search list and the options of glibc's stub resolver."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.config.parsed import Endpoint, Parsed, Problem, address, lines_of
from analyzer.config.zones import normal
from analyzer.findings import SourceLine

__all__ = ["MAXDNSRCH", "MAXNS", "MAX_SEARCH_CHARACTERS", "Nameserver", "ResolvConf", "read"]

MAXNS = 3  # resolv.h: glibc, and kubelet after it, use the first three nameservers
MAXDNSRCH = 6  # glibc before 2.26: six suffixes of at most 256 characters together
MAX_SEARCH_CHARACTERS = 256
_OPTIONS = frozenset(
    "debug ndots timeout attempts rotate no-aaaa no-check-names inet6 ip6-bytestring ip6-dotint no-ip6-dotint edns0"
    " single-request single-request-reopen no-tld-query use-vc no-reload trust-ad".split()
)


@dataclass(frozen=True, slots=True)
class Nameserver:
    """One server that a client or forwarder asks, and the line that names it."""

    endpoint: Endpoint
    source: SourceLine


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """`search` holds normal names in order; `ndots` is 1 unless set (capped at 15); `options` in the file's order."""

    nameservers: tuple[Nameserver, ...] = ()
    search: tuple[str, ...] = ()
    search_source: SourceLine | None = None
    options: tuple[str, ...] = ()
    options_source: SourceLine | None = None
    by_resolved: str = ""

    @property
    def ndots(self) -> int:
        found = [option[6:] for option in self.options if option.startswith("ndots:")]
        return min(int(found[-1][:9]), 15) if found and found[-1].isdecimal() else 1


def read(text: str, origin: str) -> Parsed[ResolvConf]:
    """Read a resolv.conf as glibc does: the last `search` or `domain` wins, options add up."""
    servers: list[Nameserver] = []
    problems: list[Problem] = []
    search: tuple[str, ...] = ()
    search_source: SourceLine | None = None
    options: list[str] = []
    options_source: SourceLine | None = None
    for line in lines_of(text, origin, comment="#;"):
        keyword, *values = line.text.split()
        if keyword == "nameserver":
            literal = address(values[0]) if values else None
            if literal:
                servers.append(Nameserver(Endpoint(literal), line.source))
            else:
                problems.append(Problem(line.source, "nameserver without an IP address", error=True))
        elif keyword in ("search", "domain"):
            chosen = values if keyword == "search" else values[:1]
            search, search_source = tuple(dict.fromkeys(normal(name) for name in chosen)), line.source
        elif keyword == "options":
            options += values
            options_source = options_source or line.source
            odd = [value for value in values if value.split(":", 1)[0] not in _OPTIONS]
            if odd:
                problems.append(Problem(line.source, f"unknown option {' '.join(odd)}"))
        elif keyword != "sortlist":
            problems.append(Problem(line.source, "not a resolv.conf keyword"))
    found = ResolvConf(tuple(servers), search, search_source, tuple(options), options_source, _resolved_kind(text))
    return Parsed(origin, "resolv.conf", found, tuple(problems))


def _resolved_kind(text: str) -> str:
    """`uplink` or `stub` where systemd-resolved wrote the file, from the comment that it heads each with; else empty."""
    head = text[:4096]
    if "man:systemd-resolved" not in head:
        return ""
    return "stub" if "stub resolver" in head and "nameserver 127.0.0.53" in text else "uplink"
