"""Where records begin and end in a capture stream, so that files can be begun anywhere: what came before, and whole records."""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["Splitter"]

_PCAP: Final = {  # magic numbers of pcap: byte order, octets of a record's header
    b"\xd4\xc3\xb2\xa1": ("<", 16),
    b"\xa1\xb2\xc3\xd4": (">", 16),
    b"\x4d\x3c\xb2\xa1": ("<", 16),
    b"\xa1\xb2\x3c\x4d": (">", 16),
    b"\x34\xcd\xb2\xa1": ("<", 24),
    b"\xa1\xb2\xcd\x34": (">", 24),
}
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_HEAD_BLOCKS: Final = frozenset((1, 4, 10))  # interfaces, names, secrets: what later records lean on
_LARGEST: Final = 1 << 26


class Splitter:
    """Cuts pcap or pcapng. `head` is what a file must begin with for the records that follow to be readable."""

    def __init__(self) -> None:
        self.head = b""
        self.section = 0  # counts up where a new section makes `head` begin anew
        self.broken = False
        self._carry = b""
        self._order, self._size = "<", 0  # octets of a pcap record's header, 0 for pcapng

    @property
    def format(self) -> str:
        """`pcap`, `pcapng`, or nothing yet."""
        return "" if not self.head else "pcap" if self._size else "pcapng"

    def feed(self, octets: bytes) -> bytes:
        """The records that are whole now; head blocks are taken out of them."""
        data = self._carry + octets if self._carry else octets
        if self.broken:
            return b""
        at = 0 if self.head else self._begin(data)
        if at is None:
            self._carry = data
            return b""
        out, at = self._pcap(data, at) if self._size else self._pcapng(data, at)
        self._carry = data[at:]
        return out

    def whole(self, records: bytes, room: int) -> int:
        """Octets of the records that fit into `room` (of the first one where that is larger); `records` as `feed` gave them."""
        at = 0
        length_at = struct.Struct(self._order + "I")
        while at < len(records):
            length = length_at.unpack_from(records, at + (8 if self._size else 4))[0] + self._size
            if at and at + length > room:
                break
            at += length
        return at

    def _begin(self, data: bytes) -> int | None:
        """Where the records begin; None where that cannot be said yet."""
        if len(data) < 4:
            return None
        if data[:4] in _PCAP:
            self._order, self._size = _PCAP[data[:4]]
            if len(data) < 24:
                return None
            self.head, self.section = data[:24], 1
            return 24
        self.broken = data[:4] != _SECTION
        return 0

    def _pcap(self, data: bytes, at: int) -> tuple[bytes, int]:
        begin, size, length_at, end = at, self._size, struct.Struct(self._order + "I"), len(data)
        while at + size <= end:
            length = length_at.unpack_from(data, at + 8)[0]
            if length > _LARGEST:
                self.broken = True
                break
            if at + size + length > end:
                break
            at += size + length
        return data[begin:at], at

    def _pcapng(self, data: bytes, at: int) -> tuple[bytes, int]:
        out: list[bytes] = []
        while at + 12 <= len(data) and not self.broken:
            if data[at : at + 4] == _SECTION:
                self._order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            kind, length = struct.unpack_from(self._order + "II", data, at)
            if length < 12 or length > _LARGEST or length % 4:
                self.broken = True
                break
            if at + length > len(data):
                break
            block = data[at : at + length]
            if block[:4] == _SECTION:
                self.head = block[:16] + b"\xff" * 8 + block[24:]  # the length of the section is no longer known
                self.section += 1
            elif kind in _HEAD_BLOCKS:
                self.head += block
            else:
                out.append(block)
            at += length
        return b"".join(out), at
