"""Several decoders side by side: their names, addresses, flows and interfaces under one set of ids.

Files that overlap in time are read by a decoder each; a ring of files is read by one. `Adopter` maps what one of
several decoders hands over into the shared dictionaries; with a single decoder the ids are kept as they are.
"""

from __future__ import annotations

import dataclasses
from typing import Final, TypeVar

import numpy as np

from analyzer.messages import AddressTable, Array, Decoded, InterfaceInfo, NameTree, NewAddresses, NewNames, Table

__all__ = ["Adopter"]

T = TypeVar("T", bound=Table)

_NAMES: Final = frozenset("qname soa_owner ns_owner answer_cname owner".split())
_ADDRESSES: Final = frozenset("src_addr dst_addr outer_src outer_dst answer_addr sender receiver".split())
_COUNTERS: Final = frozenset("flow interface".split())


class Adopter:
    """Takes the batches of decoder `index` of `count` into `names` and `addresses`."""

    def __init__(self, names: NameTree, addresses: AddressTable, index: int = 0, count: int = 1) -> None:
        self._names, self._addresses = names, addresses
        self._index, self._count = index, count
        self._name_ids = np.zeros(1, np.uint32)
        self._address_ids = np.zeros(1, np.uint32)

    def adopt(self, decoded: Decoded) -> Decoded:
        """The batch in shared ids; its new names and addresses are in the dictionaries when this returns."""
        if self._count == 1:
            self._names.append(decoded.names)
            self._addresses.append(decoded.addresses)
            return decoded
        self._add_names(decoded.names)
        self._add_addresses(decoded.addresses)
        return dataclasses.replace(
            decoded,
            messages=self._mapped(decoded.messages),
            answers=self._mapped(decoded.answers),
            connections=self._mapped(decoded.connections),
            quotes=self._mapped(decoded.quotes),
        )

    def interface(self, info: InterfaceInfo) -> InterfaceInfo:
        """The interface under its shared id."""
        return dataclasses.replace(info, id=info.id * self._count + self._index)

    def _add_names(self, new: NewNames) -> None:
        ids = np.concatenate([self._name_ids, np.zeros(len(new), np.uint32)])
        start = 0
        for node, parent, end in zip(range(new.first, len(ids)), new.parent.tolist(), new.ends.tolist(), strict=True):
            ids[node] = self._names.add(int(ids[parent]), new.labels[start:end])
            start = end
        self._name_ids = ids

    def _add_addresses(self, new: NewAddresses) -> None:
        added = [self._addresses.add_packed(new.packed[at : at + 17]) for at in range(0, len(new.packed), 17)]
        self._address_ids = np.concatenate([self._address_ids, np.asarray(added, np.uint32)])

    def _mapped(self, table: T) -> T:
        changed: dict[str, Array] = {}
        for name, values in table.columns().items():
            if name in _NAMES:
                changed[name] = self._name_ids[values]
            elif name in _ADDRESSES:
                changed[name] = self._address_ids[values]
            elif name in _COUNTERS:
                changed[name] = values * np.uint32(self._count) + np.uint32(self._index)
        return table.replace(**changed)
