"""Where a name's registrable part ends: public suffixes, top-level domains, reverse zones, names reserved for local use.

All functions take labels as a message carries them, leftmost first, in any case, without the root.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analyzer.dns.names import label_text

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["LOCAL_ZONES", "SPECIAL_USE", "is_tld", "registrable", "reverse_labels", "same_below", "suffix_list_version"]

LOCAL_ZONES: Final = frozenset(
    [
        "10.in-addr.arpa",  # RFC 6303 section 4.1: RFC 1918 zones
        *(f"{n}.172.in-addr.arpa" for n in range(16, 32)),
        "168.192.in-addr.arpa",
        "0.in-addr.arpa",  # section 4.2: RFC 5735, RFC 5737
        "127.in-addr.arpa",
        "254.169.in-addr.arpa",
        "2.0.192.in-addr.arpa",
        "100.51.198.in-addr.arpa",
        "113.0.203.in-addr.arpa",
        "255.255.255.255.in-addr.arpa",
        f"{'0.' * 32}ip6.arpa",  # section 4.3: unspecified and loopback
        f"1.{'0.' * 31}ip6.arpa",
        "d.f.ip6.arpa",  # section 4.4: locally assigned
        *(f"{n}.e.f.ip6.arpa" for n in "89ab"),  # section 4.5: link-local
        "8.b.d.0.1.0.0.2.ip6.arpa",  # section 4.6: documentation
        *(f"{n}.100.in-addr.arpa" for n in range(64, 128)),  # RFC 7793: shared address space
    ]
)
"""Reverse zones that a resolver should answer itself (RFC 6303, RFC 7793); queries for them have no business outside."""

SPECIAL_USE: Final = {
    "alt": "RFC 9476",
    "example": "RFC 6761",
    "home.arpa": "RFC 8375",
    "invalid": "RFC 6761",
    "internal": "ICANN reserved it for private use in 2024",
    "ipv4only.arpa": "RFC 8880",
    "local": "RFC 6762",
    "localhost": "RFC 6761",
    "onion": "RFC 7686",
    "resolver.arpa": "RFC 9462",
    "service.arpa": "RFC 9665",
    "test": "RFC 6761",
}
"""Names set apart by standards, and by which one; without the reverse zones and example.com, .net, .org."""


@functools.cache
def _icann() -> PublicSuffixList:
    # Imported here: it takes its time, which a run that groups no names need not pay. Given A-labels, it encodes nothing.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList("\n".join(_lines()), accept_unknown=False, accept_encoded_idn=False)


@functools.cache
def _lines() -> tuple[str, ...]:
    """Every rule of the ICANN section, in A-labels."""
    from publicsuffixlist import PSLFILE

    icann = Path(PSLFILE).read_text(encoding="utf-8").split("===BEGIN PRIVATE DOMAINS===")[0]
    rules = (line.strip() for line in icann.splitlines())
    return tuple(_a_labels(rule) for rule in rules if rule and not rule.startswith("//"))


def _a_labels(rule: str) -> str:
    if rule.isascii():
        return rule
    mark = rule[: len(rule) - len(rule.lstrip("!*."))]
    return mark + rule.removeprefix(mark).encode("idna").decode()


@functools.cache
def _rules() -> dict[str, bool]:
    """What every rule ends in; True where any label below it makes a public suffix."""
    found: dict[str, bool] = {}
    for rule in _lines():
        labels = rule.lstrip("!").removeprefix("*.").split(".")
        for at in range(len(labels)):
            found.setdefault(".".join(labels[at:]), False)
        if rule.startswith("*."):
            found[".".join(labels)] = True
    return found


def suffix_list_version() -> str:
    """The version line of the bundled Public Suffix List, e.g. `2026-10-22_08-36-41_UTC`; empty where it has none."""
    from publicsuffixlist import PSLFILE

    with Path(PSLFILE).open(encoding="utf-8") as lines:
        return next((line.split("VERSION:")[1].strip() for line in lines if "VERSION:" in line), "")


def is_tld(label: bytes) -> bool:
    """Whether the label is a top-level domain delegated in the root (as of the bundled list) or `arpa`."""
    return label_text(label.lower()) in _rules()


def registrable(labels: Sequence[bytes]) -> int | None:
    """How many labels the registrable domain has (public suffix and one more; ICANN section of the Public Suffix List).

    None where the name is itself a public suffix, or lies under no known one.
    """
    tail, _ = _tail(labels)
    found = _private(tail) if tail else None
    return found.count(".") + 1 if found else None


def same_below(labels: Sequence[bytes]) -> bool:
    """Whether `registrable` gives the same for every name below this one."""
    return _tail(labels)[1]


def _tail(labels: Sequence[bytes]) -> tuple[str, bool]:
    """As many labels from the right as rules can speak of (empty: no rule speaks of this name), and whether that is all."""
    rules, tail = _rules(), ""
    for label in reversed(labels):
        # An octet that needs an escape stands in no rule, so such a label is as good as any other.
        text = label_text(label.lower())
        longer = f"{'x' if chr(92) in text else text}.{tail}".removesuffix(".")
        deeper = longer in rules or rules.get(tail, False)
        if not deeper:
            return (longer if tail else ""), True
        tail = longer
    return tail, False


@functools.lru_cache(maxsize=65_536)
def _private(name: str) -> str | None:
    return _icann().privatesuffix(name)


def reverse_labels(labels: Sequence[bytes]) -> int | None:
    """How many labels of a reverse name its group has: its RFC 1918 block, else the /16; for IPv6 the /48.

    10.in-addr.arpa has three, 16.172.in-addr.arpa (sixteen such zones make the block, RFC 6303) and 168.192.in-addr.arpa
    four, as any other /16; a shorter name is its own group. None for a name outside in-addr.arpa and ip6.arpa.
    """
    tail = [label.lower() for label in labels[-3:]]
    if tail[-2:] == [b"in-addr", b"arpa"]:
        return min(len(labels), 3 if tail[0] == b"10" else 4)
    if tail[-2:] == [b"ip6", b"arpa"]:
        return min(len(labels), 2 + 12)
    return None
