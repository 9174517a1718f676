"""dnsmasq.conf (dnsmasq(8)), with `conf-file` and `conf-dir`: where names go, where they end, what DHCP hands out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from analyzer.config.parsed import Line, Opener, Parsed, Problem, address, endpoint, lines_of, no_files
from analyzer.config.resolvconf import Nameserver
from analyzer.config.zones import normal, reverse_zones, under
from analyzer.findings import SourceLine

__all__ = ["Dnsmasq", "Local", "Server", "read"]

MAX_FILES = 64
_PRIVATE_REVERSE = tuple(
    zone
    for block in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "fd00::/8",
        "fe80::/10",
    )
    for zone in reverse_zones(block) or ()
)
_FLAGS = {
    "no-resolv": "no-resolv",
    "bind-interfaces": "bind-interfaces",
    "bind-dynamic": "bind-interfaces",
    "all-servers": "all-servers",
    "strict-order": "strict-order",
    "dns-loop-detect": "dns-loop-detect",
    "bogus-priv": "bogus-priv",
    "domain-needed": "domain-needed",
    "filter-AAAA": "filter-AAAA",
    "filter-aaaa": "filter-AAAA",
    "filter-A": "filter-A",
}
_KNOWN = frozenset(
    "addn-hosts alias all-servers auth-server auth-ttl auth-zone bind-dynamic bogus-nxdomain cache-size caa-record cname"
    " conntrack dhcp-authoritative dhcp-boot dhcp-broadcast dhcp-fqdn dhcp-host dhcp-hostsfile dhcp-ignore"
    " dhcp-ignore-names dhcp-leasefile dhcp-lease-max dhcp-mac dhcp-match dhcp-name-match dhcp-no-override dhcp-option-force"
    " dhcp-range dhcp-rapid-commit dhcp-relay dhcp-script dhcp-sequential-ip dhcp-ttl dhcp-userclass dhcp-vendorclass"
    " dns-forward-max dns-rr dnssec dnssec-check-unsigned dynamic-host edns-packet-max enable-ra enable-tftp"
    " except-interface expand-hosts fast-dns-retry filterwin2k group host-record hostsdir interface-name ipset"
    " keep-in-foreground local-service local-ttl localise-queries localmx log-async log-debug log-dhcp log-facility"
    " log-queries max-cache-ttl max-ttl min-cache-ttl min-port mx-host mx-target nftset no-0x20-encode no-daemon"
    " no-dhcp-interface no-hosts no-negcache no-poll no-ping no-round-robin ptr-record pid-file port-limit proxy-dnssec"
    " pxe-prompt pxe-service quiet-dhcp quiet-dhcp6 quiet-ra quiet-tftp query-port ra-param read-ethers rebind-domain-ok"
    " rebind-localhost-ok selfmx servers-file shared-network srv-host stop-dns-rebind synth-domain tftp-root"
    " trust-anchor txt-record use-stale-cache user".split()
)


@dataclass(frozen=True, slots=True)
class Server:
    """`server=/zone/address`: names under `zone` go to `to`; None is `#`, back to the default servers."""

    zone: str
    to: Nameserver | None
    source: SourceLine


@dataclass(frozen=True, slots=True)
class Local:
    """A zone that ends here, answered without an SOA: `key` is `local`, `server`, `address` or `bogus-priv`."""

    zone: str
    key: str
    source: SourceLine


@dataclass(slots=True)
class Dnsmasq:
    """All files of one dnsmasq together. `dhcp` maps option numbers (6, 15, 119, 3) to values and their line."""

    servers: list[Server] = field(default_factory=list)
    locals_: list[Local] = field(default_factory=list)
    listen: list[str] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)
    resolv_files: list[tuple[str, SourceLine]] = field(default_factory=list)
    flags: dict[str, SourceLine] = field(default_factory=dict)
    dhcp: dict[int, tuple[tuple[str, ...], SourceLine]] = field(default_factory=dict)
    domain: tuple[str, SourceLine] | None = None
    neg_ttl: int | None = None
    port: int = 53
    dhcp_ranges: list[SourceLine] = field(default_factory=list)

    def route(self, name: str) -> Local | list[Server]:
        """The longest matching zone decides: it ends here, or the servers that are asked (empty: none but defaults)."""
        zones = [one.zone for one in self.servers if under(name, one.zone)]
        ends = [one for one in self.locals_ if under(name, one.zone)]
        best = max(ends, key=lambda one: len(one.zone), default=None)
        longest = max(zones, key=len, default="")
        # a server line for the same zone beats `local=`: it names somebody who knows
        if best and len(best.zone) > len(longest):
            return best
        found = [one for one in self.servers if one.zone == longest]
        if longest != "." and any(one.to is None for one in found):
            found = [one for one in self.servers if one.zone == "."]
        return found


_DHCP_NAMES = {"router": 3, "dns-server": 6, "dns-servers": 6, "domain-name": 15, "domain-search": 119}


def read(text: str, origin: str, opener: Opener = no_files) -> Parsed[Dnsmasq]:
    """Read one file and what it includes; `opener` finds `conf-file=` and `conf-dir=` (a directory as `DIR/*`)."""
    state = _Reading(opener)
    state.take(text, origin)
    return Parsed(origin, "dnsmasq.conf", state.found, tuple(state.problems))


class _Reading:
    """Applies lines to one Dnsmasq, each key by the method that its name has in `_ACTIONS`."""

    def __init__(self, opener: Opener) -> None:
        self.found = Dnsmasq()
        self.problems: list[Problem] = []
        self.opener = opener
        self.seen: set[str] = set()

    def take(self, text: str, origin: str) -> None:
        if origin in self.seen or len(self.seen) >= MAX_FILES:
            return
        self.seen.add(origin)
        for line in lines_of(text, origin):
            body = _uncommented(line.text)
            key, has_value, value = body.partition("=")
            self._apply(key.strip(), value.strip() if has_value else "", line)

    def _apply(self, key: str, value: str, line: Line) -> None:
        action = _ACTIONS.get(key)
        if key in _FLAGS:
            self.found.flags[_FLAGS[key]] = line.source
            if key == "bogus-priv":
                self.found.locals_ += [Local(zone, key, line.source) for zone in _PRIVATE_REVERSE]
        elif action:
            action(self, key, value, line.source)
        elif key not in _KNOWN:
            self.problems.append(Problem(line.source, f"unknown option {key[:60]}"))

    def include(self, key: str, value: str, source: SourceLine) -> None:
        where, *patterns = value.split(",")
        files = list(self.opener(where if key == "conf-file" else f"{where.rstrip('/')}/*"))
        if not files:
            self.problems.append(Problem(source, f"{where} was not given or may not be read"))
        for name, text in files:
            if key == "conf-file" or _in_directory(name, patterns):
                self.take(text, name)

    def server(self, key: str, value: str, source: SourceLine) -> None:
        if key == "rev-server":
            block, _, target = value.partition(",")
            zones: Sequence[str] = reverse_zones(block) or ()
        else:
            *parts, target = value.split("/") if value.startswith("/") else [value]
            # an empty zone (`server=//1.1.1.1`) is for names without a dot, which no class here has
            zones = [normal(part) for part in parts[1:] if part] if parts else ["."]
            if parts and not zones:
                return
        if not zones:
            self.problems.append(Problem(source, f"not understood: {key}={value[:80]}"))
            return
        target = target.partition("@")[0]
        if target == "#":
            self.found.servers += [Server(zone, None, source) for zone in zones]
        elif not target:
            self.found.locals_ += [Local(zone, key, source) for zone in zones]
        elif place := endpoint(target):
            self.found.servers += [Server(zone, Nameserver(place, source), source) for zone in zones]
        else:
            self.problems.append(Problem(source, f"not an address: {target[:80]}"))

    def ends(self, key: str, value: str, source: SourceLine) -> None:
        parts = value.split("/")
        if len(parts) < 3:
            self.problems.append(Problem(source, f"not understood: {key}={value[:80]}"))
        self.found.locals_ += [Local(normal(zone.strip("#")), key, source) for zone in parts[1:-1]]

    def listen(self, _key: str, value: str, source: SourceLine) -> None:
        for word in value.split(","):
            literal = address(word)
            if literal:
                self.found.listen.append(literal)
            else:
                self.problems.append(Problem(source, f"not an address: {word[:80]}"))

    def interface(self, _key: str, value: str, _source: SourceLine) -> None:
        self.found.interfaces += value.split(",")

    def resolv_file(self, _key: str, value: str, source: SourceLine) -> None:
        self.found.resolv_files.append((value or "/etc/resolv.conf", source))

    def option(self, _key: str, value: str, source: SourceLine) -> None:
        words = [word.strip() for word in value.split(",")]
        while words and words[0].startswith(("tag:", "vendor:", "encap:", "vi-encap:")):
            del words[0]
        number = _DHCP_NAMES.get(words[0].removeprefix("option:")) if words else None
        if words and words[0].isdecimal():
            number = int(words[0][:4])
        if number is not None and "tag:" not in value:
            self.found.dhcp[number] = (tuple(words[1:]), source)

    def domain(self, _key: str, value: str, source: SourceLine) -> None:
        name = value.partition(",")[0]
        if name and name != "#" and "," not in value:
            self.found.domain = (normal(name), source)

    def number(self, key: str, value: str, source: SourceLine) -> None:
        if not value.isdecimal():
            self.problems.append(Problem(source, f"{key} needs a number"))
        elif key == "neg-ttl":
            self.found.neg_ttl = int(value[:9])
        else:
            self.found.port = int(value[:9])

    def dhcp_range(self, _key: str, _value: str, source: SourceLine) -> None:
        self.found.dhcp_ranges.append(source)


def _uncommented(text: str) -> str:
    """dnsmasq takes ` #` (a hash after a blank) as the start of a comment; `1.1.1.1#53` stays whole."""
    return text.split(" #", 1)[0].split("\t#", 1)[0].strip()


def _in_directory(name: str, patterns: Iterable[str]) -> bool:
    """`conf-dir=DIR,.bak` skips an ending, `conf-dir=DIR,*.conf` keeps one; editors' leftovers are skipped always."""
    short = name.replace("\\", "/").rsplit("/", 1)[-1]
    keep = [pattern[1:] for pattern in patterns if pattern.startswith("*")]
    drop = [pattern for pattern in patterns if not pattern.startswith("*")]
    if short.startswith((".", "#")) or short.endswith("~") or any(short.endswith(ending) for ending in drop):
        return False
    return not keep or any(short.endswith(ending) for ending in keep)


_Action = Callable[[_Reading, str, str, SourceLine], None]
_ACTIONS: dict[str, _Action] = {
    "server": _Reading.server,
    "rev-server": _Reading.server,
    "local": _Reading.server,
    "address": _Reading.ends,
    "conf-file": _Reading.include,
    "conf-dir": _Reading.include,
    "listen-address": _Reading.listen,
    "interface": _Reading.interface,
    "resolv-file": _Reading.resolv_file,
    "dhcp-option": _Reading.option,
    "domain": _Reading.domain,
    "neg-ttl": _Reading.number,
    "port": _Reading.number,
    "dhcp-range": _Reading.dhcp_range,
}
