"""Filter expressions as libpcap reads them, with every name replaced by what local tables say it is.

libpcap asks the resolver for any word that stands where a host may stand, and a tool that reads DNS captures must not
cause DNS traffic. So the words are found here, by the rules of libpcap's scanner (pcap-filter(7)), and replaced: hosts from
/etc/hosts and what the caller adds, ports from /etc/services. What is in no table is an error; nothing is looked up.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from analyzer.errors import FilterError

__all__ = ["local_hosts", "resolved"]

HOSTS: Final = Path("/etc/hosts")

_QUALIFIERS: Final = {  # what a word after them names
    **dict.fromkeys("host src dst".split(), "host"),
    **dict.fromkeys("ra ta addr1 addr2 addr3 addr4 address1 address2 address3 address4".split(), "ether"),
    **dict.fromkeys("proto protochain".split(), "protocol"),
    **dict.fromkeys(
        "type subtype dir direction on ifname rset ruleset rnr rulenum srnr subrulenum reason action".split(), "word"
    ),
    "port": "port",
    "portrange": "portrange",
    "net": "net",
    "gateway": "gateway",
}
_LINKS: Final = frozenset("link ether ppp slip fddi tr wlan".split())
_FAMILIES: Final = {"ip": 4, "arp": 4, "rarp": 4, "ip6": 6, "icmp6": 6}
_KEYWORDS: Final = frozenset(
    """
    sctp tcp udp icmp igmp igrp pim vrrp carp radio ah esp atalk aarp decnet lat sca moprc mopdl iso esis es-is isis is-is
    l1 l2 iih lsp snp csnp psnp clnp stp ipx netbeui mask less greater byte broadcast multicast and or not len length
    inbound outbound ifindex vlan mpls pppoed pppoes geneve vxlan lane llc metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci
    connectmsg metaconnect fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls icmptype icmpcode icmp6type
    icmp6code tcpflags tcp-fin tcp-syn tcp-rst tcp-push tcp-ack tcp-urg tcp-ece tcp-cwr icmp-echoreply icmp-unreach
    icmp-sourcequench icmp-redirect icmp-echo icmp-routeradvert icmp-routersolicit icmp-timxceed icmp-paramprob icmp-tstamp
    icmp-tstampreply icmp-ireq icmp-ireqreply icmp-maskreq icmp-maskreply icmp6-destinationunreach icmp6-packettoobig
    icmp6-timeexceeded icmp6-parameterproblem icmp6-echo icmp6-echoreply icmp6-multicastlistenerquery
    icmp6-multicastlistenerreportv1 icmp6-multicastlistenerdone icmp6-routersolicit icmp6-routeradvert icmp6-neighborsolicit
    icmp6-neighboradvert icmp6-redirect icmp6-routerrenum icmp6-nodeinformationquery icmp6-nodeinformationresponse
    icmp6-ineighbordiscoverysolicit icmp6-ineighbordiscoveryadvert icmp6-multicastlistenerreportv2
    icmp6-homeagentdiscoveryrequest icmp6-homeagentdiscoveryreply icmp6-mobileprefixsolicit icmp6-mobileprefixadvert
    icmp6-certpathsolicit icmp6-certpathadvert icmp6-multicastrouteradvert icmp6-multicastroutersolicit
    icmp6-multicastrouterterm
    """.split()
)
_NUMBER: Final = r"(?:0[xX][0-9A-Fa-f]+|[0-9]+)"
_SHAPES: Final = [  # the longest match counts, the earlier of two equally long ones
    ("number", re.compile(r"[0-9A-Fa-f]{1,2}([:.-])(?:[0-9A-Fa-f]{1,2}\1){4}[0-9A-Fa-f]{1,2}")),
    ("number", re.compile(r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}|[0-9A-Fa-f]{12}|\$[0-9A-Fa-f]{1,2}")),
    ("number", re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,3}}")),
    ("ipv6", re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:]")),
    ("word", re.compile(r"[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?")),
    ("escaped", re.compile(r"\\[^ !()\n\t]+")),
    ("space", re.compile(r"\s+")),
    ("sign", re.compile(r"&&|\|\||.", re.DOTALL)),
]


def local_hosts(text: str) -> dict[str, tuple[str, ...]]:
    """Names in a hosts file (hosts(5)) and their addresses; lines that are none are passed over."""
    found: dict[str, dict[str, None]] = {}
    for line in text.splitlines():
        address, *names = line.split("#")[0].split() or [""]
        try:
            ipaddress.ip_address(address.split("%")[0])
        except ValueError:
            continue
        for name in names:
            found.setdefault(name.lower(), {})[address.split("%")[0]] = None
    return {name: tuple(addresses) for name, addresses in found.items()}


def resolved(expression: str, hosts: Mapping[str, Sequence[str]] | None = None) -> str:
    """The expression with numbers for names. `hosts` come before /etc/hosts. Raises FilterError for a name in no table."""
    if "\0" in expression:
        raise FilterError("a filter holds no NUL")
    return "".join(_Resolver(hosts or {}).words(expression))


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(expression):
        kind, text = "", ""
        for shape, pattern in _SHAPES:
            match = pattern.match(expression, at)
            if match and len(match[0]) > len(text) and (shape != "ipv6" or _is_ipv6(match[0])):
                kind, text = shape, match[0]
        yield ("number" if kind == "ipv6" else kind), text
        at += len(text)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


class _Resolver:
    """Walks an expression and knows, at each word, what libpcap would take it for."""

    def __init__(self, hosts: Mapping[str, Sequence[str]]) -> None:
        self._hosts = hosts
        self._etc: dict[str, tuple[str, ...]] | None = None
        self._names = "host"  # what a word would name here
        self._family = 0  # 4 or 6 after `ip`, `ip6` and the like
        self._link = False  # after `ether` and the like: hosts are MAC addresses
        self._head = False  # within the qualifiers of one primitive
        self._list = 0  # parentheses open around a list of names, as in `host (a or b)`

    def words(self, expression: str) -> Iterator[str]:
        """The expression's pieces, names replaced."""
        brackets, before = 0, ""
        for kind, text in _tokens(expression):
            brackets += (text == "[") - (text == "]")
            if kind == "space":
                yield text
                continue
            if kind == "word" and (text in _QUALIFIERS or text in _LINKS or text in _FAMILIES or text in _KEYWORDS):
                self._keyword(text, before)
                yield text
            elif kind in ("word", "escaped") and not brackets:
                self._head = False
                yield self._name(text.removeprefix("\\"), text, before)
            else:
                self._list += text == "(" and (self._head or self._list > 0)
                self._list -= text == ")" and self._list > 0
                self._head = False
                yield text
            before = text

    def _keyword(self, word: str, before: str) -> None:
        if word in ("and", "or", "not"):
            # `src or dst` is one qualifier; otherwise the next word begins another primitive, with the same meaning
            self._head = self._head and word == "or" and before in ("src", "dst")
            return
        if not self._head:
            self._head, self._family, self._link = True, 0, False
            self._names = "host" if word in _QUALIFIERS or word in _LINKS or word in _FAMILIES else self._names
        self._family = _FAMILIES.get(word, self._family)
        self._link = self._link or word in _LINKS
        self._names = _QUALIFIERS.get(word, self._names)

    def _name(self, name: str, text: str, before: str) -> str:
        if self._names == "word":
            self._names = "host"  # one word only: whatever follows is no interface name
            return text
        if self._names == "protocol":
            return text  # libpcap looks into its own tables and /etc/protocols
        if self._names in ("port", "portrange"):
            return _port(name, self._names)
        if self._names == "net":
            raise FilterError(f"unknown network {name!r} (give the address)")
        if self._names == "gateway":
            raise FilterError(f"gateway {name!r}: say ether host MAC and not host ADDRESS instead")
        if self._link or self._names == "ether":
            raise FilterError(f"unknown Ethernet host {name!r} (give the address)")
        found = self._addresses(name)
        if len(found) == 1:
            return found[0]
        if self._list and before in ("and", "&&", "not", "!"):  # lists do not nest, and "and" binds no closer than "or"
            raise FilterError(f"host {name!r} has several addresses; write it outside the list")
        joined = " or ".join(found)
        return joined if self._list else f"({joined})"

    def _addresses(self, name: str) -> list[str]:
        if self._etc is None:
            self._etc = local_hosts(HOSTS.read_text(errors="replace")) if HOSTS.is_file() else {}
        key = name.lower()
        found = [ipaddress.ip_address(a) for a in dict.fromkeys([*self._hosts.get(key, ()), *self._etc.get(key, ())])]
        fitting = [str(a) for a in found if self._family in (0, a.version)]
        if not fitting:
            missing = "host" if not found else f"IPv{self._family} host"
            raise FilterError(f"unknown {missing} {name!r} (dnsloupe asks no DNS; give the address)")
        return fitting


def _port(name: str, kind: str) -> str:
    ends = name.split("-") if kind == "portrange" else [name]
    return "-".join(end if end.isdigit() else str(_service(end)) for end in ends)


def _service(name: str) -> int:
    for protocol in ("udp", "tcp"):
        try:
            return socket.getservbyname(name, protocol)
        except OSError:
            continue
    raise FilterError(f"unknown port {name!r} (give the number)")
