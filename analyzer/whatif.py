"""What a change would save: `ndots=N`, `fqdn`, `drop-search=SUFFIX`, `no-aaaa`, `negative-ttl=N`, alone or together.

The rules as they are written; what follows from them is counted in `measures.search_whatif`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analyzer.errors import UsageError
from analyzer.measures.search_replay import Leg, Rules, WhatIf
from analyzer.measures.search_whatif import usual, what_if

__all__ = ["Leg", "WhatIf", "parse", "usual", "what_if"]


def parse(texts: Iterable[str]) -> Rules:
    """Rules from `--what-if` values; several may stand in one value, parted by commas or spaces. Raises UsageError."""
    found: dict[str, Any] = {}
    drop: list[str] = []
    for word in " ".join(texts).replace(",", " ").split():
        name, _, value = word.partition("=")
        if name == "fqdn" and not value:
            found["fqdn"] = True
        elif name == "no-aaaa" and not value:
            found["no_aaaa"] = True
        elif name == "drop-search" and value.strip("."):
            drop.append(value.strip(".").lower())
        elif name in ("ndots", "negative-ttl") and value.isascii() and value.isdecimal() and len(value) < 7:
            found["ndots" if name == "ndots" else "negative_ttl_s"] = int(value)
        else:
            raise UsageError(
                f"--what-if {word!r}: one of ndots=N, fqdn, drop-search=SUFFIX, no-aaaa, negative-ttl=SECONDS is meant"
            )
    if not found and not drop:
        raise UsageError("--what-if needs one of ndots=N, fqdn, drop-search=SUFFIX, no-aaaa, negative-ttl=SECONDS")
    return Rules(**found, drop=tuple(drop))
