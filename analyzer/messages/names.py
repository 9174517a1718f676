"""NameTree and AddressTable: the dictionaries behind the id columns."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.dns.names import label_text, wire_name

__all__ = ["OTHERS", "ROOT", "AddressTable", "NameTree", "NewAddresses", "NewNames"]

ROOT: Final = 0
OTHERS: Final = b"(others)"
_LATELY: Final = 4096  # nodes found by a dictionary before they are sorted in

U32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class NewNames:
    """Nodes that a batch adds, ids `first, first+1, …`: parent ids, and labels as sent, cut by `ends` from one blob."""

    first: int
    parent: U32
    ends: U32
    labels: bytes

    def __len__(self) -> int:
        return len(self.parent)


@dataclass(frozen=True, slots=True)
class NewAddresses:
    """Addresses that a batch adds, ids `first, …`: 17 octets each: 4 or 6, then the address (IPv4 padded to 16)."""

    first: int
    packed: bytes

    def __len__(self) -> int:
        return len(self.packed) // 17


class NameTree:
    """Every name seen, as a tree of labels. Node 0 is the root. Compared without regard to ASCII case.

    Ids only grow. `parent` and `depth` are arrays over ids (the root is its own parent, depth 0); labels keep the case
    in which they were first sent. A node past the decoder's cap is its parent's one child `(others)`.
    """

    def __init__(self) -> None:
        self._blob = bytearray()  # the labels, one after another: an object for each would be most of the memory
        self._ends = np.zeros(1, np.uint64)
        self._parent = np.zeros(1, np.uint32)
        self._depth = np.zeros(1, np.uint16)
        self._size = 1
        self._children = _Children()

    def __len__(self) -> int:
        return self._size

    @property
    def parent(self) -> U32:
        """Parent id of every node, shape (len(tree),)."""
        return self._parent[: self._size]

    @property
    def depth(self) -> NDArray[np.uint16]:
        """Labels in every name, shape (len(tree),)."""
        return self._depth[: self._size]

    def _reserve(self, size: int) -> None:
        if size > len(self._parent):
            room = max(size, len(self._parent) + len(self._parent) // 2) - len(self._parent)
            self._parent = np.concatenate([self._parent, np.zeros(room, np.uint32)])
            self._depth = np.concatenate([self._depth, np.zeros(room, np.uint16)])
            self._ends = np.concatenate([self._ends, np.zeros(room, np.uint64)])

    def append(self, new: NewNames) -> None:
        """Take over what a batch adds; must be called in batch order, before the batch's rows are read."""
        if new.first != self._size:
            raise ValueError(f"names begin at {new.first}, the tree has {self._size}")
        self._reserve(self._size + len(new))
        first, stop = self._size, self._size + len(new)
        self._ends[first:stop] = new.ends
        self._ends[first:stop] += np.uint64(len(self._blob))
        self._blob += new.labels
        self._parent[first:stop] = new.parent
        # A parent may be added by the same batch, so depths fill in from the top.
        left = np.arange(first, stop)
        while len(left):
            above = self._depth[self._parent[left]]
            told = (self._parent[left] < first) | (above > 0)
            if not told.any():
                raise ValueError("a name comes before its parent")
            self._depth[left[told]] = above[told] + 1
            left = left[~told]
        self._size = stop

    def child(self, parent: int, label: bytes) -> int | None:
        """The node for `label` under `parent`, or None."""
        wanted = label.lower()
        self._children.learn(self)
        for node in self._children.of(parent, wanted):
            if int(self._parent[node]) == parent and self.label(node).lower() == wanted:
                return node
        return None

    def add(self, parent: int, label: bytes) -> int:
        """The node for `label` under `parent`, made if need be."""
        found = self.child(parent, label)
        if found is not None:
            return found
        self._reserve(self._size + 1)
        node = self._size
        self._blob += label
        self._ends[node] = len(self._blob)
        self._parent[node], self._depth[node] = parent, self._depth[parent] + 1
        self._size = node + 1
        return node

    def add_text(self, name: str) -> int:
        """The node for a name in presentation form (`\\DDD` escapes understood, final dot optional)."""
        node = ROOT
        for label in reversed(wire_name(name)):
            node = self.add(node, label)
        return node

    def find(self, name: str) -> int | None:
        """The node for a name in presentation form, or None where it was never seen."""
        node: int | None = ROOT
        for label in reversed(wire_name(name)):
            node = None if node is None else self.child(node, label)
        return node

    def label(self, node: int) -> bytes:
        """The node's own (leftmost) label, as first sent."""
        return bytes(self._blob[int(self._ends[node - 1]) if node else 0 : int(self._ends[node])])

    def labels(self, node: int) -> list[bytes]:
        """All labels, leftmost first, without the root's."""
        out = []
        while node:
            out.append(self.label(node))
            node = int(self._parent[node])
        return out

    def text(self, node: int) -> str:
        """RFC 1035 presentation form, lower case, no final dot; the root is `.`."""
        return ".".join(label_text(label) for label in self.labels(node)).lower() or "."

    def wire(self, node: int) -> bytes:
        """Uncompressed wire form in lower case, with the root's zero octet."""
        return b"".join(bytes([len(x)]) + x.lower() for x in self.labels(node)) + b"\0"

    def ancestors(self, node: int) -> Iterator[int]:
        """The node, its parent, and so on, the root last."""
        while node:
            yield node
            node = int(self._parent[node])
        yield ROOT

    def under(self, node: int) -> NDArray[np.bool_]:
        """For every node whether it lies at or below `node`, shape (len(tree),)."""
        at = np.arange(self._size, dtype=np.uint32)
        want = int(self._depth[node])
        while True:
            deeper = self._depth[at] > want
            if not deeper.any():
                break
            at = np.where(deeper, self._parent[at], at)
        return np.equal(at, node)

    def ancestor_at(self, nodes: U32, depth: int) -> U32:
        """The suffix of `depth` labels of every given node (the node itself where it has no more)."""
        at = np.asarray(nodes, np.uint32)
        while True:
            deeper = self._depth[at] > depth
            if not deeper.any():
                return at
            at = np.where(deeper, self._parent[at], at)

    def adopt(self, other: NameTree) -> U32:
        """Add all names of `other`; returns, for each of its ids, the id here."""
        mapped = np.zeros(len(other), np.uint32)
        for node in range(1, len(other)):
            mapped[node] = self.add(int(mapped[other._parent[node]]), other.label(node))
        return mapped


class _Children:
    """Finds nodes by parent and label: hashes in order, 12 octets a node, and a dictionary of those that came lately."""

    def __init__(self) -> None:
        self._hashes, self._nodes = np.zeros(0, np.int64), np.zeros(0, np.uint32)
        self._lately: dict[int, list[int]] = {}
        self._known, self._sorted = 1, 1

    def learn(self, tree: NameTree) -> None:
        """Take in the nodes that were added since."""
        parents = tree.parent[self._known :].tolist()
        keys = ((parent, tree.label(node).lower()) for node, parent in enumerate(parents, self._known))
        if len(tree) - self._sorted <= _LATELY + self._sorted // 16:
            for node, key in enumerate(keys, self._known):
                self._lately.setdefault(hash(key), []).append(node)
        else:
            lately = sorted((node, known) for known, nodes in self._lately.items() for node in nodes)
            self._sort([known for _, known in lately], np.fromiter(map(hash, keys), np.int64, len(parents)))
            self._lately, self._sorted = {}, len(tree)
        self._known = len(tree)

    def _sort(self, lately: list[int], new: NDArray[np.int64]) -> None:
        hashes = np.concatenate([self._hashes, np.array(lately, np.int64), new])
        nodes = np.concatenate([self._nodes, np.arange(self._sorted, self._known + len(new), dtype=np.uint32)])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._nodes = hashes[order], nodes[order]

    def of(self, parent: int, label: bytes) -> Iterator[int]:
        """The nodes whose parent and lower-case label have this hash."""
        wanted = hash((parent, label))
        yield from self._lately.get(wanted, ())
        at = int(np.searchsorted(self._hashes, wanted))
        while at < len(self._hashes) and self._hashes[at] == wanted:
            yield int(self._nodes[at])
            at += 1


class AddressTable:
    """Addresses by id. Id 0 is the unspecified address `0.0.0.0`; past the decoder's cap new ones are `(others)`."""

    def __init__(self) -> None:
        self._packed: list[bytes] = [b"\x04" + bytes(16)]
        self._ids: dict[bytes, int] = {self._packed[0]: 0}

    def __len__(self) -> int:
        return len(self._packed)

    def append(self, new: NewAddresses) -> None:
        """Take over what a batch adds; must be called in batch order, before the batch's rows are read."""
        if new.first != len(self._packed):
            raise ValueError(f"addresses begin at {new.first}, the table has {len(self._packed)}")
        for at in range(0, len(new.packed), 17):
            packed = new.packed[at : at + 17]
            self._ids[packed] = len(self._packed)
            self._packed.append(packed)

    def add(self, text: str) -> int:
        """The id of an address given as text, made if need be."""
        address = ipaddress.ip_address(text)
        return self.add_packed(bytes([address.version]) + address.packed.ljust(16, b"\0"))

    def add_packed(self, packed: bytes) -> int:
        """The id of an address in the 17 octets of NewAddresses, made if need be."""
        if packed not in self._ids:
            self._ids[packed] = len(self._packed)
            self._packed.append(packed)
        return self._ids[packed]

    def find(self, text: str) -> int | None:
        """The id of an address given as text, or None where it was never seen."""
        address = ipaddress.ip_address(text)
        return self._ids.get(bytes([address.version]) + address.packed.ljust(16, b"\0"))

    def address(self, ident: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The address, or None for `(others)`."""
        packed = self._packed[ident]
        if packed[0] == 4:
            return ipaddress.IPv4Address(packed[1:5])
        return ipaddress.IPv6Address(packed[1:]) if packed[0] == 6 else None

    def known(self) -> NDArray[np.bool_]:
        """For every id whether it is an address (not `(others)`), shape (len(table),)."""
        return np.fromiter((packed[0] in (4, 6) for packed in self._packed), np.bool_, len(self._packed))

    def text(self, ident: int) -> str:
        """The address as text (RFC 5952), or `(others)`."""
        address = self.address(ident)
        return OTHERS.decode() if address is None else str(address)

    def adopt(self, other: AddressTable) -> U32:
        """Add all addresses of `other`; returns, for each of its ids, the id here."""
        mapped = np.zeros(len(other), np.uint32)
        for ident, packed in enumerate(other._packed):
            mapped[ident] = self.add_packed(packed)
        return mapped
