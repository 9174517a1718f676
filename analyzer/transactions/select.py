"""DNS-level filters: which messages are looked at at all (`options.Select`).

A message passes if it passes every filter that is set, by itself: no filter follows a query to its response. So `rcodes` passes
responses only (a query has none), and `names` and `qtypes` pass only messages whose question could be read.
`clients` and `servers` look at who asks and who is asked, whichever way the message goes. `since` is inclusive, `until`
exclusive; relative ones count from the first message in order of time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import AddressTable, Array, MessageBatch, NameTree, Present
from analyzer.options import Select

__all__ = ["Selection"]

Mask = NDArray[np.bool_]


class Selection:
    """Keeps the messages that pass; `filtered` counts the others."""

    def __init__(self, select: Select, names: NameTree, addresses: AddressTable) -> None:
        self._select = select
        self._origin: int | None = None
        self._named = [_Growing(_name_test(name, names)) for name in select.names]
        self._clients, self._servers = (
            [_Growing(_network_test(text, addresses)) for text in texts] for texts in (select.clients, select.servers)
        )
        self._names, self._addresses = names, addresses
        self.filtered = 0

    def feed(self, batch: MessageBatch) -> MessageBatch:
        """The rows that pass, in order."""
        if not self._select or not len(batch):
            return batch
        if self._origin is None:
            self._origin = int(batch.time_ns[0])
        keep = self._in_time(batch) & self._by_header(batch) & self._by_question(batch) & self._by_address(batch)
        self.filtered += len(batch) - int(keep.sum())
        return batch if keep.all() else batch.take(keep)

    def _in_time(self, batch: MessageBatch) -> Mask:
        keep = np.ones(len(batch), np.bool_)
        for name, limit in (("since", self._select.since), ("until", self._select.until)):
            if limit is None:
                continue
            at = limit + (self._origin or 0) if name in self._select.relative else limit
            at = min(max(at, -(2**63)), 2**63 - 1)
            keep &= batch.time_ns >= at if name == "since" else batch.time_ns < at
        return keep

    def _by_header(self, batch: MessageBatch) -> Mask:
        response: Mask = (batch.flags & 0x8000) != 0
        keep = np.ones(len(batch), np.bool_)
        if self._select.only:
            keep &= response if self._select.only == "responses" else ~response
        if self._select.rcodes:
            extended = np.where((batch.present & Present.EDNS) != 0, batch.ext_rcode.astype(np.uint16) << 4, 0)
            keep &= response & np.isin((batch.flags & 15) | extended, sorted(self._select.rcodes))
        return keep

    def _by_question(self, batch: MessageBatch) -> Mask:
        keep = np.ones(len(batch), np.bool_)
        if self._select.qtypes:
            keep &= np.isin(batch.qtype, sorted(self._select.qtypes))
        if self._named:
            keep &= np.logical_or.reduce([test.of(batch.qname, len(self._names)) for test in self._named])
        if self._named or self._select.qtypes:
            keep &= (batch.present & Present.QUESTION) != 0
        return keep

    def _by_address(self, batch: MessageBatch) -> Mask:
        keep = np.ones(len(batch), np.bool_)
        response = (batch.flags & 0x8000) != 0
        size = len(self._addresses)
        for tests, one, other in (
            (self._clients, batch.dst_addr, batch.src_addr),
            (self._servers, batch.src_addr, batch.dst_addr),
        ):
            if tests:
                end = np.where(response, one, other)
                keep &= np.logical_or.reduce([test.of(end, size) for test in tests])
        return keep


class _Growing:
    """A yes or no for every id of a table that only grows; asked once for each id."""

    def __init__(self, test: Callable[[Array], Mask]) -> None:
        self._test = test
        self._known = np.zeros(0, np.bool_)

    def of(self, ids: Array, size: int) -> Mask:
        if size > len(self._known):
            new = np.arange(len(self._known), size, dtype=np.uint32)
            self._known = np.concatenate([self._known, self._test(new)])
        found: Mask = self._known[ids]
        return found


def _name_test(pattern: str, names: NameTree) -> Callable[[Array], Mask]:
    """A suffix (the name itself or anything under it), or a glob over the whole name where `*` or `?` stands in it."""
    if "*" in pattern or "?" in pattern:
        glob = _glob(pattern)
        return lambda new: np.array([glob(names.text(node)) for node in new.tolist()], np.bool_)

    def under(new: Array) -> Mask:
        node = names.find(pattern)
        if node is None:
            return np.zeros(len(new), np.bool_)
        depth = int(names.depth[node])
        found: Mask = (names.depth[new] >= depth) & (names.ancestor_at(new, depth) == node)
        return found

    return under


def _glob(pattern: str) -> Callable[[str], bool]:
    text = pattern.lower()
    text = text.removesuffix(".") if len(text) > 1 else text
    # Atomic groups: what lies before a star is taken at its first fit, so no pattern makes matching exponential.
    head, *middle = (re.escape(part).replace(r"\?", ".") for part in re.sub(r"\*+", "*", text).split("*"))
    last = middle.pop() if middle else None
    steps = "".join(f"(?>.*?{part})" for part in middle if part)
    whole = re.compile(head + (steps + ".*" + last if last is not None else ""), re.DOTALL)
    return lambda name: whole.fullmatch(name) is not None


def _network_test(text: str, addresses: AddressTable) -> Callable[[Array], Mask]:
    network = ipaddress.ip_network(text, strict=False)

    def inside(new: Array) -> Mask:
        found = (addresses.address(ident) for ident in new.tolist())
        return np.array([at is not None and at.version == network.version and at in network for at in found], np.bool_)

    return inside
