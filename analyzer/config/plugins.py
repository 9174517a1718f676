"""What CoreDNS' plugins do with a name: who answers it here (and ends the walk), and where `forward` sends the rest.

Order is plugin.cfg's, not the Corefile's: template, hosts, the data plugins (kubernetes, file, ...), then forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analyzer.config.lexer import Directive
from analyzer.config.parsed import Endpoint, Problem, endpoint
from analyzer.config.zones import normal, reverse_zones, under
from analyzer.findings import SourceLine

__all__ = ["ORDER", "Authority", "Cache", "Forward", "authorities", "caches", "forwards"]

ORDER: tuple[str, ...] = tuple(
    "root metadata geoip cancel tls quic timeouts multisocket reload nsid bufsize bind debug trace ready health pprof"
    " prometheus errors log dnstap local dns64 acl any chaos loadbalance tsig cache rewrite header dnssec autopath"
    " minimal template transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary etcd loop"
    " forward grpc erratic whoami on sign view nomad import".split()
)
_DATA = ("template", "hosts", "route53", "azure", "clouddns", "k8s_external", "kubernetes", "file", "auto")
_DATA_LAST = ("secondary", "etcd", "nomad", "erratic", "whoami")
_POLICIES = frozenset({"random", "round_robin", "sequential"})
_FORWARD_OPTIONS = frozenset(
    "force_tcp prefer_udp expire max_fails max_connect_attempts tls tls_servername policy health_check max_concurrent"
    " except next failover max_idle_conns max_age read_timeout doh_method resolver failfast_all_unhealthy_upstreams".split()
)
_MAX_UPSTREAMS = 15  # plugin/forward refuses more


@dataclass(frozen=True, slots=True)
class Forward:
    """`forward FROM TO...`; `to` mixes addresses and the files whose nameservers are meant, each used as one word."""

    zone: str
    to: tuple[Endpoint | str, ...]
    source: SourceLine
    excepted: tuple[str, ...] = ()
    policy: str = "random"
    proto: str = "udp"
    max_concurrent: int = 0

    def takes(self, name: str) -> bool:
        return under(name, self.zone) and not any(under(name, zone) for zone in self.excepted)


@dataclass(frozen=True, slots=True)
class Authority:
    """A plugin that answers for `zones` itself; `through` lists the zones whose misses go on to the next plugin."""

    plugin: str
    zones: tuple[str, ...]
    source: SourceLine
    through: tuple[str, ...] = ()
    whole: bool = True

    def ends(self, name: str) -> bool:
        """Whether no name like this leaves: `whole` is False for plugins that pick single names or types."""
        inside = any(under(name, zone) for zone in self.zones)
        return inside and self.whole and not any(under(name, zone) for zone in self.through)


@dataclass(frozen=True, slots=True)
class Cache:
    """`cache`: the highest TTL (seconds) of answers and of denials, and the line that sets the latter."""

    source: SourceLine
    success: int = 3600
    denial: int = 1800
    denial_source: SourceLine | None = None


def _body(line: Directive) -> Iterable[Directive]:
    return [inner for inner in line.body or () if inner.words]


def _zones(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(zone for word in words for zone in (reverse_zones(word) if "/" in word else None) or [normal(word)])


def forwards(lines: Sequence[Directive], problems: list[Problem]) -> tuple[Forward, ...]:
    """Every `forward` of a block, in order: the first that takes a name sends it."""
    found = []
    for line in lines:
        if line.name not in ("forward", "proxy", "grpc"):
            if line.name not in ORDER:
                problems.append(Problem(line.source, f"plugin {line.name} is not known; what it does is not modelled"))
            continue
        if len(line.arguments) < 2:
            problems.append(Problem(line.source, f"{line.name} needs a zone and where to send it", error=True))
            continue
        found.append(_forward(line, problems))
    return tuple(found)


def _forward(line: Directive, problems: list[Problem]) -> Forward:
    zone, *targets = line.arguments
    excepted: list[str] = []
    policy, proto, limit = "random", "tls" if line.name == "grpc" else "udp", 0
    for option in _body(line):
        if option.name == "except":
            excepted += _zones(option.arguments)
        elif option.name == "policy" and option.arguments:
            policy = option.arguments[0]
        elif option.name == "force_tcp":
            proto = "tcp"
        elif option.name == "max_concurrent" and option.arguments and option.arguments[0].isdecimal():
            limit = int(option.arguments[0][:12])
        elif option.name not in _FORWARD_OPTIONS:
            problems.append(Problem(option.source, f"unknown option {option.name} of {line.name}"))
    if policy not in _POLICIES:
        problems.append(Problem(line.source, f"unknown policy {policy}; read as random", error=True))
        policy = "random"
    if len(targets) > _MAX_UPSTREAMS:
        problems.append(
            Problem(line.source, f"more than {_MAX_UPSTREAMS} upstreams; CoreDNS does not start", error=True)
        )
    to: list[Endpoint | str] = []
    for target in targets[:_MAX_UPSTREAMS]:
        place = endpoint(target)
        if place and proto == "tcp" and place.proto == "udp":
            place = Endpoint(place.address, place.port, "tcp")
        if place is None and not target.startswith(("/", ".", "__PILLAR__")):
            problems.append(Problem(line.source, f"{target} is neither an address nor a file in reach"))
        to.append(place or target)
    from_zones = _zones([zone])
    return Forward(from_zones[0], tuple(to), line.source, tuple(excepted), policy, proto, limit)


def authorities(lines: Sequence[Directive], zones: tuple[str, ...], problems: list[Problem]) -> tuple[Authority, ...]:
    """The plugins of a block that answer by themselves, in plugin.cfg's order."""
    found = [_authority(line, zones) for line in lines if line.name in _DATA or line.name in _DATA_LAST]
    if any(line.name == "rewrite" for line in lines):
        source = next(line.source for line in lines if line.name == "rewrite")
        problems.append(Problem(source, "rewrite changes names before they are routed; not modelled"))
    return tuple(sorted(found, key=lambda one: ORDER.index(one.plugin)))


def _authority(line: Directive, zones: tuple[str, ...]) -> Authority:
    own = list(line.arguments)
    if line.name == "template":
        return _template(line, own, zones)
    if line.name in ("file", "hosts", "auto"):
        # the first word is the zone file or hosts table; `auto` has none before its zones
        own = own[1:] if line.name == "file" or (line.name == "hosts" and own[:1] and _is_path(own[0])) else own
    served = _zones(own) or zones
    through: tuple[str, ...] = ()
    for inner in _body(line):
        if inner.name == "fallthrough":
            through = _zones(inner.arguments) or (".",)
    return Authority(line.name, served, line.source, through)


def _is_path(word: str) -> bool:
    return "/" in word and reverse_zones(word) is None


def _template(line: Directive, own: list[str], zones: tuple[str, ...]) -> Authority:
    """A template ends a zone only if it takes every type and name: no `match`, class IN or ANY, type ANY."""
    body = list(_body(line))
    whole = (
        len(own) >= 2
        and own[1].upper() == "ANY"
        and own[0].upper() in ("IN", "ANY")
        and not any(inner.name == "match" for inner in body)
    )
    through = next((_zones(inner.arguments) or (".",) for inner in body if inner.name == "fallthrough"), ())
    return Authority("template", _zones(own[2:]) or zones, line.source, through, whole)


def caches(lines: Sequence[Directive]) -> Cache | None:
    """The `cache` line of a block: `cache [TTL] [ZONES...]` with `success CAPACITY [TTL]` and `denial CAPACITY [TTL]`."""
    line = next((line for line in lines if line.name == "cache"), None)
    if line is None:
        return None
    ttl = _number(line.arguments[:1])
    success, denial, where = (ttl or 3600), (ttl or 1800), (line.source if ttl else None)
    for inner in _body(line):
        value = _number(inner.arguments[1:2])
        if inner.name == "success" and value is not None:
            success = value
        elif inner.name == "denial" and value is not None:
            denial, where = value, inner.source
    return Cache(line.source, success, denial, where)


def _number(words: Sequence[str]) -> int | None:
    return int(words[0][:9]) if words and words[0].isdecimal() else None
