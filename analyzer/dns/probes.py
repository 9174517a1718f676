"""Names that servers ask for to find forwarding loops."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["HINFO", "TXT", "probe_kind"]

HINFO: Final = 13
TXT: Final = 16
_COREDNS: Final = re.compile(r"\d{1,19}\.\d{1,19}(?:\.(.+))?")
_DNSMASQ: Final = re.compile(r"[0-9a-f]{8}\.test")


def probe_kind(name: str, qtype: int) -> tuple[str, str] | None:
    """("coredns", zone) for `<n>.<n>.<zone>` HINFO (CoreDNS plugin/loop), ("dnsmasq", "test") for `<8 hex>.test` TXT
    (dnsmasq --dns-loop-detect), None for every other question.

    `name` is in lower case without final dot; the zone has one.
    """
    if qtype == TXT:
        return ("dnsmasq", "test") if _DNSMASQ.fullmatch(name) else None
    match = _COREDNS.fullmatch(name) if qtype == HINFO else None
    if match is None:
        return None
    return "coredns", f"{match[1]}." if match[1] else "."
