"""What happens after a truncated UDP response: whether the client comes back by TCP, and whether that works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import numpy as np

from analyzer.dns import header
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.failures import Failures
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Side
from analyzer.measures.seen import Seen, largest, leg, seen
from analyzer.messages import (
    NO_ROW,
    Array,
    ConnectionBatch,
    Present,
    State,
    TransactionBatch,
    TransactionTable,
    Transport,
)

__all__ = ["Measure", "Truncated", "Truncations"]

_CAP: Final = 1 << 17
_U64: Final = np.uint64


@dataclass(frozen=True, slots=True)
class Truncated:
    """One leg with truncated responses by UDP.

    `followed`: the same question by TCP within a second; `lone`: no SYN within two seconds, nor an answer from elsewhere (the
    last two seconds of the capture left out); `blocked`: a SYN, which was not answered or reset. `tcp`: connections of the
    leg in the whole capture that worked; `clients_tcp`: connections of this client to any server that worked.
    """

    client: str
    server: str
    side: Side
    forwarder: bool
    udp: int
    truncated: Seen
    followed: Seen
    lone: Seen
    blocked: Seen
    tcp: int
    clients_tcp: int


@dataclass(frozen=True, slots=True)
class Truncations:
    """`tcp_seen`: connections of anybody; without any, the capture may hold no TCP at all."""

    tcp_seen: int
    legs: tuple[Truncated, ...]


class Measure:
    """Keeps TCP queries and connections' starts; `result` is Truncations."""

    needs: tuple[str, ...] = ("cells", "failures", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tcp, self._connections = TransactionTable(), ConnectionBatch()

    def update(self, batch: TransactionBatch) -> None:
        """Keep what went by TCP."""
        rows = batch.transactions
        tcp = (rows.transport == Transport.TCP) & (rows.state != State.ORPHAN)
        self._keep(rows.take(tcp & ((rows.present & int(Present.QUESTION)) != 0)), batch.connections)

    def _keep(self, tcp: TransactionTable, connections: ConnectionBatch) -> None:
        if len(tcp) and len(self._tcp) < _CAP:
            self._tcp = TransactionTable.concat([self._tcp, tcp]).take(slice(0, _CAP))
        if len(connections) and len(self._connections) < _CAP:
            self._connections = ConnectionBatch.concat([self._connections, connections]).take(slice(0, _CAP))

    def merge(self, other: Self) -> None:
        """Add the other's rows, which follow ours."""
        self._keep(other._tcp, other._connections)

    def result(self, results: Mapping[str, Any]) -> Truncations:
        """One row per leg."""
        kept: Failures = results["failures"]
        cells: Cells = results["cells"]
        roles: Roles = results["roles"]
        rows = kept.truncated
        syns = self._connections
        if not len(rows):
            return Truncations(len(syns), ())
        states = _After(self._context, rows, self._tcp, syns)
        tcp_leg = leg(syns.src_addr, syns.dst_addr)
        worked = (syns.synack_ns > 0) | (syns.bytes_in > 0)
        found = []
        for key, at in largest(leg(rows.client, rows.server)):
            client, server = key >> 32, key & 0xFFFFFFFF
            cell = (cells.client == client) & (cells.server == server)
            parts = [rows.take(at[mask[at]]) for mask in (states.followed, states.lone, states.blocked)]
            followed, lone, blocked = (seen(self._context, part) for part in parts)
            tcp = int((worked & (tcp_leg == key)).sum())
            found.append(
                Truncated(
                    client=self._context.addresses.text(client),
                    server=self._context.addresses.text(server),
                    side=SIDES[int(roles.side(rows.client[at[:1]], rows.server[at[:1]])[0])],
                    forwarder=bool(roles.forwarder[client]),
                    udp=int(cells.queries[cell].sum()) - int((leg(self._tcp.client, self._tcp.server) == key).sum()),
                    truncated=seen(self._context, rows.take(at)),
                    followed=followed,
                    lone=lone,
                    blocked=blocked,
                    tcp=tcp,
                    clients_tcp=int((worked & (syns.src_addr == client)).sum()),
                )
            )
        found.sort(key=lambda row: (-row.truncated.count, row.client, row.server))
        return Truncations(len(syns), tuple(found))


class _After:
    """For each truncated row what followed: masks."""

    def __init__(self, context: Context, rows: TransactionTable, tcp: TransactionTable, syns: ConnectionBatch) -> None:
        limits = context.options.thresholds
        end = context.last_ns if context.last_ns is not None else int(rows.r_time_ns.max())
        answer = rows.r_time_ns
        legs = leg(rows.client, rows.server)
        question = _question(rows)
        self.followed = _within(_question(tcp), tcp.time_ns, question, answer, limits.tc_follow_ns)
        worked = (syns.synack_ns > 0) | (syns.bytes_in > 0)
        pair = leg(syns.src_addr, syns.dst_addr)
        begun = np.where(syns.syn_ns > 0, syns.syn_ns, syns.first_ns)
        any_syn = _within(pair, begun, legs, answer, limits.tc_wait_ns)
        good = _within(pair[worked], begun[worked], legs, answer, limits.tc_wait_ns)
        # A connection that is already open needs no SYN.
        held = _open(pair[worked], begun[worked], syns.last_ns[worked], legs, answer)
        elsewhere = _within(_client_question(tcp), tcp.time_ns, _client_question(rows), answer, limits.tc_wait_ns)
        late = answer + limits.tc_wait_ns > end
        # A forwarder hands the truncated answer on; its client comes back, and only then does it ask by TCP.
        handed_on = rows.fed_by != NO_ROW
        open_end = self.followed | held | elsewhere | late | handed_on
        self.blocked = any_syn & ~good & ~open_end
        # Resolvers that ask an authoritative server come from many addresses, forged ones among them; stubs ask for recursion.
        stub = ((rows.flags & int(header.Flag.RD)) != 0) & ((rows.r_flags & int(header.Flag.RA)) != 0)
        self.lone = ~any_syn & ~open_end & stub


def _question(rows: TransactionTable) -> Array:
    key = leg(rows.client, rows.server) * _U64(0x9E3779B97F4A7C15)
    return np.asarray(key ^ rows.qname_hash ^ (rows.qtype.astype(_U64) << _U64(48)))


def _client_question(rows: TransactionTable) -> Array:
    key = rows.client.astype(_U64) * _U64(0x9E3779B97F4A7C15)
    return np.asarray(key ^ rows.qname_hash ^ (rows.qtype.astype(_U64) << _U64(48)))


class _Places:
    """Rows by key and time, as single numbers that rise with both."""

    def __init__(self, keys: Array, times: Array) -> None:
        self._keys, number = np.unique(keys, return_inverse=True)
        self._times = np.unique(times)
        self.width = len(self._times) + 1
        self.place = number * self.width + np.searchsorted(self._times, times)

    def find(self, key: Array, time: Array, side: Literal["left", "right"]) -> tuple[Array, Array]:
        """Where each key and time would stand (before or after equals), and whether the key is known."""
        number = np.searchsorted(self._keys, key).clip(max=len(self._keys) - 1)
        return number * self.width + np.searchsorted(self._times, time, side=side), self._keys[number] == key


def _within(keys: Array, times: Array, key: Array, time: Array, span: int) -> Array:
    """Whether something under the same key came within the span after each time."""
    if not len(keys) or not len(key):
        return np.zeros(len(key), np.bool_)
    places = _Places(keys, times)
    ordered = np.sort(places.place)
    low, known = places.find(key, time, "left")
    high, _ = places.find(key, time + span, "right")
    return np.asarray(known & (np.searchsorted(ordered, low) < np.searchsorted(ordered, high)))


def _open(keys: Array, begun: Array, ended: Array, key: Array, time: Array) -> Array:
    """Whether something under the same key had begun, and had not ended, at each time."""
    if not len(keys) or not len(key):
        return np.zeros(len(key), np.bool_)
    places = _Places(keys, begun)
    order = np.argsort(places.place, kind="stable")
    ends = _Places(keys, ended)
    # The latest end so far within each key: places of a later key are larger than all before.
    reach = np.maximum.accumulate(ends.place[order])
    high, known = places.find(key, time, "right")
    last = np.searchsorted(places.place[order], high) - 1
    same = known & (last >= 0) & (places.place[order][last] // places.width == high // places.width)
    wanted, _ = ends.find(key, time, "left")
    return np.asarray(same & (reach[last] >= wanted))
