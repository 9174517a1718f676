"""Views of one message under other addresses (NAT), and the groups that they join."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import UniqueTable, ViewTable
from analyzer.transactions.keys import U64, mix, pack

__all__ = ["Aliases", "join_groups"]

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Aliases:
    """Other endpoints under which messages were seen: unique message, addresses and ports as `matching.Parties` has them."""

    row: U64 = field(default_factory=lambda: np.zeros(0, np.uint64))
    ends: U64 = field(default_factory=lambda: np.zeros(0, np.uint64))
    ports: U64 = field(default_factory=lambda: np.zeros(0, np.uint64))

    @classmethod
    def of(cls, messages: UniqueTable, views: ViewTable) -> Self:
        """From the views that differ from what represents them. Both tables ascend by `row` without gaps."""
        if not len(views):
            return cls()
        at = (views.row - messages.row[0]).astype(np.int64)
        differs = np.zeros(len(views), np.bool_)
        for name in ("src_addr", "dst_addr", "src_port", "dst_port"):
            differs |= views.columns()[name] != messages.columns()[name][at]
        if not differs.any():
            return cls()
        views, at = views.take(differs), at[differs]
        response = (messages.flags[at] & 0x8000) != 0
        client, server = _turned(response, views.src_addr, views.dst_addr)
        client_port, server_port = _turned(response, views.src_port, views.dst_port)
        ports = pack(pack(client_port, server_port, 16), messages.msg_id[at], 16)
        return cls(views.row, pack(client, server), pack(ports, messages.transport[at], 8))

    def __len__(self) -> int:
        return len(self.row)

    def of_rows(self, rows: U64) -> Aliases:
        """Only those of the given unique messages."""
        if not len(self):
            return self
        kept = np.isin(self.row, rows)
        return Aliases(self.row[kept], self.ends[kept], self.ports[kept])

    def followed_by(self, other: Aliases) -> Aliases:
        """These, then the other's."""
        if not len(other):
            return self
        return Aliases(
            np.concatenate([self.row, other.row]),
            np.concatenate([self.ends, other.ends]),
            np.concatenate([self.ports, other.ports]),
        )


def _turned(response: NDArray[np.bool_], src: U64, dst: U64) -> tuple[U64, U64]:
    """Sender and receiver as client and server."""
    return np.where(response, dst, src), np.where(response, src, dst)


def join_groups(group: U64, at: I64, aliases: Aliases) -> U64:
    """Groups that a message belongs to under any of its names become one (connected components).

    `group` has one key per row, `at` the row of each alias. The labels are keys of the groups.
    """
    one, other = group[at], mix(aliases.ends, aliases.ports)
    nodes = np.unique(np.concatenate([one, other]))
    a, b = np.searchsorted(nodes, one), np.searchsorted(nodes, other)
    label = np.arange(len(nodes))
    while True:
        least = np.minimum(label[a], label[b])
        joined = label.copy()
        for side in (a, b):
            np.minimum.at(joined, label[side], least)
            np.minimum.at(joined, side, least)
        joined = joined[joined]
        if np.array_equal(joined, label):
            break
        label = joined
    where = np.minimum(np.searchsorted(nodes, group), len(nodes) - 1)
    return np.where(nodes[where] == group, nodes[label[where]], group)
