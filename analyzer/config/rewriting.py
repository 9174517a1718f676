"""The line that should stand instead of another: without an address, or with other targets; fit to paste into a root shell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.config.parsed import address
from analyzer.config.zones import is_safe
from analyzer.findings import Fix, SourceLine

__all__ = ["LAN", "forwarding_to", "instead", "lan_or", "safe_zone", "without", "without_name"]

LAN = "<LAN-DNS>"  # stands where the address of an outside resolver is not known
_HARMLESS = re.compile(r"[A-Za-z0-9_.:/=#@,\[\]{}~ \t*-]*")


def instead(source: SourceLine, text: str) -> Fix:
    """Put `text` where `source` stands."""
    return Fix(source.place, text)


def lan_or(addresses: Sequence[str]) -> str:
    """The addresses as words, or the placeholder for the one that has to be filled in."""
    return " ".join(dict.fromkeys(addresses)) or LAN


def safe_zone(zone: str) -> str:
    """A zone name without its final dot for a fix line, or a placeholder if it holds anything unusual."""
    return (zone.rstrip(".") or ".") if is_safe(zone) else "<NAME>"


def forwarding_to(source: SourceLine, addresses: Sequence[str]) -> Fix:
    """The `forward` line with other targets; its zone and an opened brace stay."""
    words = source.text.split()
    zone = words[1] if len(words) > 1 and is_safe(words[1]) else "."
    brace = " {" if words[-1:] == ["{"] else ""
    return instead(source, f"forward {zone} {lan_or(addresses)}{brace}")


def without(source: SourceLine, unwanted: Sequence[str]) -> Fix:
    """The line without these addresses; commented out if no other address is left in it."""
    if not _HARMLESS.fullmatch(source.text):
        return instead(source, "# delete this line")
    key, equals, value = source.text.partition("=")
    words = re.split(r"[\s,]+", value if equals else source.text)
    kept = [
        word
        for word in words
        if address(word.strip("[]-").partition("#")[0]) and address(word.strip("[]")) not in unwanted
    ]
    if not kept:
        return instead(source, f"# {source.text}")
    if equals:
        return instead(source, f"{key}={' '.join(kept)}")
    if "[" in source.text:
        return instead(source, f"{source.text.partition('[')[0]}[{', '.join(word.strip('[]') for word in kept)}]")
    return instead(source, " ".join([words[0], *kept]))


def without_name(source: SourceLine, suffix: str) -> Fix:
    """The line without this search suffix, in whatever list it stands; commented out if the list is empty then."""
    if not _HARMLESS.fullmatch(source.text):
        return instead(source, "# delete this suffix")
    bare = re.escape(suffix.rstrip("."))
    text = re.sub(rf"(?<![\w.-]){bare}\.?(?![\w.-])", "", source.text, flags=re.IGNORECASE)
    text = re.sub(r"\[[\s,]*", "[", re.sub(r",\s*(?=,|\])", "", re.sub(r"[ \t]{2,}", " ", text))).strip()
    empty = text in ("search", "domain", "-", "search:") or text.endswith(("=", "[]"))
    return instead(source, f"# {source.text}" if empty else text)
