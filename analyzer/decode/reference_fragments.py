"""The meaning of IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722); may not be optimised.

Overlapping fragments that disagree drop the datagram, in both families: an attacker who can place a fragment
must not choose which octets count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from analyzer.decode.reference_packet import Packet, Skip
from analyzer.messages import DecodeOptions

__all__ = ["Fragments", "Group"]

TIMEOUT_NS = 30_000_000_000  # RFC 791's upper bound for typical timers; RFC 8200 has 60 s
OVERHEAD = 128
MISSING, OVERLAP = "skipped.fragment-missing", "skipped.fragment-overlap"


@dataclass(slots=True)
class Group:
    """Fragments of one datagram. `pieces` maps offsets to octets, never overlapping; None once it is dropped."""

    since_ns: int
    pieces: dict[int, bytes] | None = field(default_factory=dict)
    end: int | None = None
    held: int = 0
    waiting: int = 0  # frames counted as missing for now
    first: tuple[Packet, int, bytes] | None = None  # the first fragment: packet, protocol, octets


class Fragments:
    """All groups, oldest first."""

    def __init__(self, options: DecodeOptions, frames: Counter[str], notes: Counter[str]) -> None:
        self.options, self.frames, self.notes = options, frames, notes
        self.groups: dict[Hashable, Group] = {}
        self.held = 0
        self.ended: list[Group] = []

    def add(
        self, packet: Packet, key: Hashable, protocol: int, offset: int, more: bool, data: bytes
    ) -> tuple[int, bytes] | str:
        """The whole datagram's (protocol, octets), or the ledger's word for a fragment that completes none."""
        end = offset + len(data)
        if not data or end > 65_535 or (more and len(data) % 8):
            raise Skip("skipped.malformed-ip")
        if key not in self.groups:
            while len(self.groups) >= max(1, self.options.max_fragment_groups):
                self._evict()
            self.groups[key] = Group(packet.time_ns)
        group = self.groups[key]
        if group.pieces is None:
            return OVERLAP
        if not self._fits(group, offset, more, data):
            self._drop(group)
            return OVERLAP
        if offset == 0 and group.first is None:
            group.first = (packet, protocol, data)
        if not more:
            group.end = end
        if group.end is not None and sum(map(len, group.pieces.values())) == group.end:
            whole = b"".join(octets for _, octets in sorted(group.pieces.items()))
            protocol = group.first[1] if group.first else protocol
            self._remove(key)
            packet.parts += group.waiting
            return protocol, whole
        group.waiting += 1
        return MISSING

    def _fits(self, group: Group, offset: int, more: bool, data: bytes) -> bool:
        """Put in what is new; False where octets or ends disagree."""
        pieces = group.pieces or {}
        end = offset + len(data)
        if not more and (group.end not in (None, end) or any(at + len(octets) > end for at, octets in pieces.items())):
            return False
        if group.end is not None and end > group.end:
            return False
        new: list[tuple[int, bytes]] = []
        at = offset
        for start, octets in [*sorted(pieces.items()), (end, b"")]:
            stop = start + len(octets)
            if stop <= at and octets:
                continue
            if start > at:
                new.append((at, data[at - offset : min(start, end) - offset]))
            low, high = max(start, offset), min(stop, end)
            if low < high and octets[low - start : high - start] != data[low - offset : high - offset]:
                return False
            at = max(at, stop)
            if at >= end:
                break
        for start, octets in new:
            if octets and group.pieces is not None:
                group.pieces[start] = octets
                group.held += len(octets) + OVERHEAD
                self.held += len(octets) + OVERHEAD
        return True

    def _drop(self, group: Group) -> None:
        self.held -= group.held
        self.frames[MISSING] -= group.waiting
        self.frames[OVERLAP] += group.waiting
        group.pieces, group.first, group.held, group.waiting = None, None, 0, 0

    def _remove(self, key: Hashable) -> Group:
        group = self.groups.pop(key)
        self.held -= group.held
        return group

    def _evict(self) -> None:
        group = self._remove(next(iter(self.groups)))
        if group.pieces is not None:
            self.notes["fragment-evicted"] += 1
            self.ended.append(group)

    def trim(self) -> None:
        """Evict, oldest first, what is over the cap."""
        while self.held > self.options.max_fragment_bytes:
            self._evict()

    def expire(self, now_ns: int) -> None:
        """Give up the oldest groups that began more than 30 s before."""
        while self.groups:
            key = next(iter(self.groups))
            if now_ns - self.groups[key].since_ns <= TIMEOUT_NS:
                return
            group = self._remove(key)
            if group.pieces is not None:
                self.notes["fragment-timeout"] += 1
                self.ended.append(group)

    def finish(self) -> None:
        """Give up everything, oldest first."""
        while self.groups:
            self.ended.append(self._remove(next(iter(self.groups))))

    def take_ended(self) -> Iterable[Group]:
        """Groups given up since the last call, in that order: their first fragment may still hold a question."""
        out, self.ended = self.ended, []
        return out
