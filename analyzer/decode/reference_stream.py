"""The meaning of one direction of a TCP connection that carries DNS (RFC 1035 section 4.2.2, RFC 7766); may not be optimised.

Octets that came first count. What never came is given up in the end, and the stream is taken up again where a length and
a header are plausible. The rules, one by one, are in docs/decoding.md under "TCP".
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from analyzer.decode.reference_packet import Packet
from analyzer.dns.anomalies import Anomaly

__all__ = ["GAP", "OVERHEAD", "Found", "Stream", "plausible", "signed"]

GAP, SHORT, PART, MESSAGE = "skipped.tcp-gap", "skipped.dns-header", "part", "message"
RANK = {GAP: 0, SHORT: 1, PART: 2, MESSAGE: 3}
OVERHEAD = 128
MAX_JUMP, MAX_LATER = 1 << 20, 65_536


def signed(difference: int) -> int:
    """A difference of sequence numbers (RFC 9293 section 3.4) as a signed number."""
    return (difference + (1 << 31)) % (1 << 32) - (1 << 31)


@dataclass(slots=True)
class Piece:
    """Octets of one segment at `seq`; a hole is octets that were sent and not captured."""

    seq: int
    packet: Packet
    data: bytes
    hole: bool
    latest: Packet | None = None  # of all frames from the last start up to here


@dataclass(slots=True)
class Found:
    """A message: its octets, as claimed and as captured, where it began, and the frame that completed it."""

    packet: Packet
    seq: int
    wire: bytes
    size: int
    anomalies: int


@dataclass(slots=True)
class Stream:
    """One direction. `held` are pieces in order from `base`; `later` those that wait for octets before them."""

    mark: Callable[[Packet, str], None]
    found: Callable[[Found], None]
    note: Callable[[str, int], None]
    first: int | None = None
    base: int = 0
    held: list[Piece] = field(default_factory=list)
    later: list[Piece] = field(default_factory=list)
    synchronised: bool = False
    resynchronised: bool = False  # the next message is the first after a gap
    conflict: bool = False
    latest: Packet | None = None
    gaps: int = 0
    octets: int = 0

    @property
    def next(self) -> int:
        return (self.base + sum(len(p.data) for p in self.held)) % (1 << 32)

    @property
    def waiting(self) -> int:
        """What this direction counts towards the bound."""
        return sum(len(p.data) + OVERHEAD for p in (*self.held, *self.later))

    def begin(self, seq: int, synchronised: bool) -> None:
        self.first = self.base = seq % (1 << 32)
        self.synchronised = synchronised

    def add(self, packet: Packet, seq: int, data: bytes, missing: int) -> bool:
        """A segment's payload, `missing` octets of which were not captured; False where it brought nothing new."""
        if self.first is None:
            self.begin(seq, False)
        ahead = signed(seq - self.next)
        if abs(ahead) > MAX_JUMP:
            self._restart(seq)
        elif ahead == -1 and len(data) == 1 and not missing:
            return False
        new = self._place(packet, seq, data, False)
        new += self._place(packet, (seq + len(data)) % (1 << 32), bytes(missing), True)
        self._advance()
        self.extract()
        while sum(len(p.data) + OVERHEAD for p in self.later) > MAX_LATER:
            self.give_up()
        return new > 0

    def _restart(self, seq: int) -> None:
        self._drop(sum(len(p.data) for p in (*self.held, *self.later)))
        self.held, self.later, self.latest = [], [], None
        self.base, self.synchronised = seq % (1 << 32), False
        self.gaps += 1

    def _drop(self, octets: int) -> None:
        if octets:
            self.note("tcp-dropped-octets", octets)

    def _place(self, packet: Packet, seq: int, data: bytes, hole: bool) -> int:
        """Keep what is new, compare what is not; returns the number of new octets."""
        start = signed(seq - self.base)
        end = start + len(data)
        at, new = max(start, 0), 0
        pieces = [(signed(p.seq - self.base), p) for p in (*self.held, *self.later)]
        fresh: list[tuple[int, int]] = []
        for low, piece in [*pieces, (max(end, at), None)]:
            if at >= end:
                break
            high = low if piece is None else low + len(piece.data)
            if piece is not None and high <= at:
                continue
            if low > at:
                fresh.append((at, min(low, end)))
            if piece is not None and not hole and not piece.hole:
                left, right = max(low, at), min(high, end)
                if left < right and piece.data[left - low : right - low] != data[left - start : right - start]:
                    self.conflict = True
            at = max(at, high)
        for low, high in fresh:
            self.later.append(Piece((self.base + low) % (1 << 32), packet, data[low - start : high - start], hole))
            new += high - low
        self.later.sort(key=lambda p: signed(p.seq - self.base))
        if not hole:
            self.octets += new
        return new

    def _advance(self) -> None:
        """Later pieces that now follow on."""
        while self.later and self.later[0].seq == self.next:
            piece = self.later.pop(0)
            if self.latest is None or piece.packet.order > self.latest.order:
                self.latest = piece.packet
            piece.latest = self.latest
            self.held.append(piece)

    def give_up(self) -> None:
        """What lies before the first later piece will not come: go on there."""
        self._drop(sum(len(p.data) for p in self.held))
        self.held, self.latest = [], None
        self.base, self.synchronised = self.later[0].seq, False
        self.gaps += 1
        self._advance()
        self.extract()

    def oldest_later_ns(self) -> int | None:
        """When the oldest of the later pieces came."""
        return min(self.later, key=lambda p: p.packet.order).packet.time_ns if self.later else None

    def end(self) -> None:
        while self.later:
            self.give_up()
        self._drop(sum(len(p.data) for p in self.held))
        self.held = []

    def extract(self) -> None:
        """All messages that are whole."""
        while self.held and (self._message() if self.synchronised else self._find()):
            pass

    def _take(self, count: int) -> list[Piece]:
        """Consume `count` octets; returns the pieces that they lay in, cut to size."""
        out = []
        self.base = (self.base + count) % (1 << 32)
        while count:
            piece = self.held[0]
            out.append(Piece(piece.seq, piece.packet, piece.data[:count], piece.hole, piece.latest))
            count -= len(out[-1].data)
            if len(out[-1].data) == len(piece.data):
                self.held.pop(0)
            else:
                piece.seq = (piece.seq + len(out[-1].data)) % (1 << 32)
                piece.data = piece.data[len(out[-1].data) :]
        return out

    def _holes(self) -> list[tuple[int, int]]:
        out, at = [], 0
        for piece in self.held:
            if piece.hole:
                out.append((at, at + len(piece.data)))
            at += len(piece.data)
        return out

    def _lose(self, count: int) -> None:
        """Octets that belong to no message."""
        self._drop(sum(len(p.data) for p in self._take(count)))

    def _message(self) -> bool:
        """One message at `base`; False where it is not whole yet."""
        octets = b"".join(p.data for p in self.held)
        if len(octets) < 2:
            return False
        holes = self._holes()
        if holes and holes[0][0] < 2:
            self._lose(holes[0][1])
            self.synchronised = False
            self.gaps += 1
            return True
        size = struct.unpack_from(">H", octets)[0]
        if len(octets) < 2 + size:
            return False
        seq = self.base
        captured = min([low for low, _ in holes if low < 2 + size], default=2 + size)
        self._emit(self._take(2 + size), seq, octets[2:captured], size)
        for low, high in holes:
            if low < 2 + size < high:
                self._lose(high - 2 - size)
                self.synchronised = False
                self.gaps += 1
        return True

    def _emit(self, pieces: list[Piece], seq: int, wire: bytes, size: int) -> None:
        packet = pieces[-1].latest or pieces[-1].packet
        if size == 0:
            self.note("zero-length-messages", 1)
        good = len(wire) >= 12
        for piece in pieces:
            self.mark(piece.packet, PART if good else SHORT)
        if not good:
            return
        anomalies = Anomaly.RESYNCHRONISED if self.resynchronised else Anomaly(0)
        if self.conflict:
            anomalies |= Anomaly.CONFLICTING_OVERLAP
        if len(wire) < size:
            anomalies |= Anomaly.CUT
        self.conflict = self.resynchronised = False
        self.mark(packet, MESSAGE)
        self.found(Found(packet, seq, wire, size, anomalies))

    def _find(self) -> bool:
        """Look for a plausible message; False where nothing (more) is to be had from the octets held."""
        octets = b"".join(p.data for p in self.held)
        holes = self._holes()
        at = 0
        while at < len(octets):
            inside = next((high for low, high in holes if low <= at < high), None)
            if inside is not None:
                at = inside
                continue
            stop = next((low for low, _ in holes if low > at), len(octets))
            verdict = plausible(octets[at:stop])
            if verdict or (verdict is None and stop == len(octets)):
                self._lose(at)
                self.synchronised = self.resynchronised = bool(verdict)
                return bool(verdict)
            at += 1
        self._lose(at)
        return False


def plausible(octets: bytes) -> bool | None:
    """Whether a message with its length prefix begins here; None where there are not octets enough to know."""
    if len(octets) < 14:
        return None
    size, _ident, flags, questions, *counts = struct.unpack_from(">7H", octets)
    response, opcode, records = flags >> 15, flags >> 11 & 15, sum(counts)
    if opcode not in (0, 4, 5) or flags & 0x0040 or questions > 1 or size < 12 + 5 * questions + 11 * records:
        return False
    if questions == 0 and not (response and opcode == 0 and counts[0]):
        return False
    if not response and opcode == 0 and counts[0]:
        return False
    name = _plain_name(octets[14:])
    if not name:
        return None if name is None else False
    at = 14 + name
    if len(octets) < at + (4 if questions else 10):
        return None
    rclass = struct.unpack_from(">H", octets, at + 2)[0]
    if questions:
        return rclass in (1, 3, 4, 254, 255)
    length = struct.unpack_from(">H", octets, at + 8)[0]
    return rclass in (1, 3, 4) and at + 10 + length <= 2 + size


def _plain_name(octets: bytes) -> int | None:
    """Octets of a name without pointers; 0 where it is none, None where it does not end here."""
    at = 0
    while at < len(octets):
        if octets[at] > 63 or at + octets[at] + 1 > 255:
            return 0
        if octets[at] == 0:
            return at + 1
        at += 1 + octets[at]
    return None
