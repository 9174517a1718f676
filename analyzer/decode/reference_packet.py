"""The meaning of a frame's way through its layers: what is known of it so far, and how a layer hands on.

Every layer is a function of (packet, octets) that returns either the ledger's word for the frame, or the next layer's name
and the octets within. So no depth of tags or tunnels can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from analyzer.messages import Encap

__all__ = ["NOTHING", "Layer", "Packet", "Sink", "Skip", "Step"]

NOTHING = b"\x04" + bytes(16)  # the unspecified address, packed as in the address table

Step = str | tuple[str, bytes]


class Skip(Exception):
    """The frame cannot be read further; the text is the ledger's reason."""


class Sink(Protocol):
    """What a packet's transport layer hands its findings to."""

    def datagram(self, packet: Packet, payload: bytes, length: int) -> str: ...

    def segment(self, packet: Packet, header: bytes, payload: bytes) -> str: ...

    def fragment(
        self, packet: Packet, key: tuple[Any, ...], protocol: int, offset: int, more: bool, data: bytes, cut: bool
    ) -> Step: ...

    def quote(self, packet: Packet, version: int, kind: int, code: int, quoted: bytes) -> str: ...

    def sll2(self, packet: Packet, ifindex: int) -> None: ...


@dataclass(slots=True, eq=False)
class Packet:
    """One frame and, from the outside inwards, what its headers said."""

    sink: Sink
    frame: int
    file: int
    interface: int
    time_ns: int
    cut: bool  # fewer octets captured than were on the wire
    ports: frozenset[int]
    max_levels: int
    direction: int | None = None
    src: bytes = NOTHING
    dst: bytes = NOTHING
    src_port: int = 0
    dst_port: int = 0
    ip_id: int | None = None
    ip_ttl: int = 0
    ip_header: bytes = b""  # as hashed: without TTL and checksum
    outer: tuple[bytes, bytes] | None = None
    encap: Encap = Encap.NONE
    vni: int | None = None
    room: int = 0  # octets of the IP payload, as claimed
    protocol: int = 0  # what a reassembled datagram holds
    levels: int = 0
    first_fragment: bool = False
    anomalies: int = 0
    parts: int = 0  # earlier frames whose fragments this one completed
    order: int = 0  # how many frames the decoder saw before
    kind: str = ""  # the ledger's word

    def short(self, layer: str) -> Skip:
        """Why a header is not there whole: the snap length, or the frame itself."""
        return Skip("skipped.snaplen" if self.cut else f"skipped.malformed-{layer}")

    def need(self, data: bytes, octets: int, layer: str) -> bytes:
        """`data` if it has that many octets."""
        if len(data) < octets:
            raise self.short(layer)
        return data

    def level(self) -> None:
        """One more header that holds a whole packet."""
        self.levels += 1
        if self.levels > self.max_levels:
            raise Skip("skipped.tunnel-depth")

    def enter(self, encap: Encap, vni: int | None = None) -> None:
        """Into a tunnel: the addresses so far are the outer ones."""
        self.level()
        if self.outer is None:
            self.outer = (self.src, self.dst)
        self.encap = encap
        if vni is not None:
            self.vni = vni


Layer = Callable[[Packet, bytes], Step]
