"""The second word of the DNS header (RFC 1035 section 4.1.1, RFC 4035 section 3.2): its bits and fields.

The functions take one number or an array of them and give the same shape back.
"""

from __future__ import annotations

import enum
from typing import Any, Final, TypeVar

from numpy.typing import NDArray

__all__ = ["QR", "RCODE_MASK", "Flag", "opcode", "rcode", "words"]

T = TypeVar("T", int, NDArray[Any])


class Flag(enum.IntFlag):
    """Header bits by their names in the RFCs, highest first."""

    QR = 0x8000  # response
    AA = 0x0400  # authoritative answer
    TC = 0x0200  # truncated
    RD = 0x0100  # recursion desired
    RA = 0x0080  # recursion available
    Z = 0x0040  # reserved, must be zero
    AD = 0x0020  # authentic data
    CD = 0x0010  # checking disabled


QR: Final = 0x8000
RCODE_MASK: Final = 0x000F


def opcode(flags: T) -> T:
    """The operation code, 0 to 15."""
    return (flags >> 11) & 15


def rcode(flags: T) -> T:
    """The header's response code, 0 to 15, without the extended bits of EDNS."""
    return flags & RCODE_MASK


def words(flags: int) -> list[str]:
    """Names of the set bits, highest first, as tools print them: `qr aa rd ra`."""
    return [flag.name.lower() for flag in Flag if flags & flag and flag.name]
