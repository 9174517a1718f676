"""The one shape that every parser of this room hands back, and the addresses that configuration lines name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from analyzer.findings import SourceLine

__all__ = [
    "MAX_LINES",
    "Endpoint",
    "Line",
    "Opener",
    "Parsed",
    "Problem",
    "address",
    "endpoint",
    "is_loopback",
    "lines_of",
    "no_files",
]

MAX_LINES = 100_000  # far above any hand-written configuration; `kubectl get cm -A -o yaml` may be long
Content = TypeVar("Content", covariant=True)  # noqa: PLC0105 - the parsers read better without _co
_MAX_TEXT = 300  # characters of a line that are kept as evidence
_SCHEME = re.compile(r"(dns|tls|https|grpc|tcp|udp)://", re.IGNORECASE)

Opener = Callable[[str], Sequence[tuple[str, str]]]
"""Answers an include pattern with (name, text) of the files that it matches and that may be read."""


def no_files(_pattern: str) -> Sequence[tuple[str, str]]:
    """The opener that has no files."""
    return ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that was not understood (`error` False) or is understood and wrong (`error` True), with the reason."""

    source: SourceLine
    why: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Content]):
    """What one text says: `format` names the parser, `content` its own dataclass, `problems` what it could not read."""

    origin: str
    format: str
    content: Content
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Where a query goes: a canonical IP literal (no zone id), the port, and `udp`, `tcp` or `tls`."""

    address: str
    port: int = 53
    proto: str = "udp"


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line: its text without comment and surrounding blanks, and where it stands."""

    text: str
    source: SourceLine


def lines_of(text: str, origin: str, comment: str = "#") -> Iterator[Line]:
    """The lines that say something; a line that starts with one of the `comment` characters says nothing."""
    for number, raw in enumerate(text.splitlines()[:MAX_LINES], 1):
        stripped = raw.strip().lstrip("\ufeff")
        if stripped and stripped[0] not in comment:
            yield Line(stripped, SourceLine(origin, number, stripped[:_MAX_TEXT]))


def address(text: str) -> str | None:
    """The canonical form of an IPv4 or IPv6 literal, brackets and zone id taken off; None if it is none."""
    literal = text.strip().strip("[]").split("%", 1)[0]
    try:
        return str(ipaddress.ip_address(literal))
    except ValueError:
        return None


def is_loopback(text: str) -> bool:
    """Whether the canonical address stays inside its network namespace (127/8, ::1); no address is none."""
    return address(text) is not None and ipaddress.ip_address(text).is_loopback


def endpoint(text: str) -> Endpoint | None:
    """`[scheme://]address[:port|#port|@port]`, the forms of CoreDNS, dnsmasq and systemd; None if it names no address.

    `1.1.1.1`, `1.1.1.1:5353`, `tls://9.9.9.9`, `[fd00::1]:53`, `192.168.1.1#5300@eth0`, `9.9.9.9#dns.quad9.net`.
    """
    scheme = _SCHEME.match(text)
    proto = scheme.group(1).lower() if scheme else "udp"
    port = {"tls": 853, "https": 443, "grpc": 443}.get(proto, 53)
    proto = {"dns": "udp", "https": "tls", "grpc": "tls"}.get(proto, proto)
    rest = text[scheme.end() :] if scheme else text
    rest, _, after = rest.partition("#")
    rest, _, _ = rest.partition("@")
    after, _, _ = after.partition("@")
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(\d{1,5}))?", rest)
    if bracketed:
        rest, number = bracketed.group(1), bracketed.group(2)
    elif rest.count(":") == 1:
        rest, _, number = rest.partition(":")
    else:
        number = None
    number = number or (after if after.isdigit() else None)
    literal = address(rest)
    if literal is None or (number and not (number.isdecimal() and len(number) < 6 and 0 < int(number) < 65536)):
        return None
    return Endpoint(literal, int(number) if number else port, proto)
