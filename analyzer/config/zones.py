"""Zone names as the configurations write them: one normal form, ancestry, and reverse zones from address blocks."""

from __future__ import annotations

import ipaddress
import re

__all__ = ["depth", "is_safe", "normal", "reverse_name", "reverse_zones", "under"]

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_MAX_ZONES = 256  # a /9 block of IPv4 is 128 zones of one octet; more than a whole octet is never needed


def normal(text: str) -> str:
    """Lower case with the final dot; `` and `.` are the root. Leading `*.` and dots (dnsmasq's habit) are dropped."""
    name = text.strip().lower().removeprefix("*").strip(".")
    return f"{name}." if name else "."


def under(name: str, zone: str) -> bool:
    """Whether the normal `name` is `zone` or lies below it."""
    return zone == "." or name == zone or name.endswith("." + zone)


def depth(zone: str) -> int:
    """Labels of a normal zone; 0 for the root."""
    return 0 if zone == "." else zone.count(".")


def reverse_name(literal: str) -> str:
    """The normal PTR name of an address."""
    return ipaddress.ip_address(literal).reverse_pointer + "."


def reverse_zones(block: str) -> list[str] | None:
    """The reverse zones that cover `address/length`, split at the next label border; None if it is no address block."""
    try:
        network = ipaddress.ip_network(block.strip(), strict=False)
    except ValueError:
        return None
    step = 8 if network.version == 4 else 4
    length = -(-network.prefixlen // step) * step
    labels = length // step
    total = network.max_prefixlen // step
    zones = []
    for subnet in network.subnets(new_prefix=length):
        parts = subnet.network_address.reverse_pointer.split(".")
        zones.append(".".join(parts[total - labels :]) + ".")
        if len(zones) == _MAX_ZONES:
            break
    return zones


def is_safe(name: str) -> bool:
    """Whether a name may stand in a line that is pasted into a root shell: letters, digits, hyphen, underscore, dots."""
    return name == "." or _SAFE.fullmatch(name) is not None
