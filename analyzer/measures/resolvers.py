"""The resolver behind each client, from how it sends (`fingerprints`): pairs, ports, IDs, waits.

Ports are looked at for A and AAAA by UDP. Past the cap only a share of all ports is, chosen by hash, so ratios hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.findings import Confidence
from analyzer.measures import Context
from analyzer.measures.fingerprints import Fingerprint, Sendings, fingerprint
from analyzer.measures.keyed import Keyed, grouped
from analyzer.measures.probes import Probes
from analyzer.measures.roles import Roles
from analyzer.messages import Array, Outcome, Present, QuestionTable, State, StepTable, TransactionBatch, Transport

__all__ = ["Measure"]

_COUNTS: Final = Sendings.counts()
_LOOSE, _STRICT = 0, 2  # QuestionTable.strict: rows for all but forwarders, rows for forwarders only
_CLIENT_BITS, _PORT_BITS, _NAME_BITS = 20, 16, 28
_MUSL_STEP: Final = (0x60, 0x300)  # 0x8d to 0x19b were seen; at random an ID falls in here once in a hundred
_NEAR: Final = 1024  # between glibc's two IDs, their octets swapped: two thirds of pairs are nearer, 3 % at random
_RD: Final = 0x0100
_MS: Final = 1_000_000
_AT_ONCE: Final = 5 * _MS  # from an answer to the next send: no timer
_FAILED: Final = (Outcome.SERVFAIL, Outcome.REFUSED)
_SAID: Final = (Outcome.DATA, Outcome.NODATA, Outcome.NXDOMAIN)
_ONE_PROGRAM: Final = {"CoreDNS", "dnsmasq"}
_STUB: Final = ("127.0.0.53", "127.0.0.54")
_MAX_CLIENTS: Final = 10_000
_POOLED: Final = 3  # base names on one port: a forwarder's socket


class Measure:
    """`result` maps each client's address to its Fingerprint, clients with most questions first."""

    needs: tuple[str, ...] = ("probes", "roles")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clients = Keyed(context.options.limits.max_keys, len(_COUNTS))
        self._ports = _Sample(min(context.options.limits.max_keys, 1 << 18))

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's questions, their ports, and the pairs of its lookups."""
        rows = batch.transactions
        walks = (rows.state != State.ORPHAN) & (rows.send == 0) & ((rows.flags & _RD) == 0)
        self._count(rows.client[walks], iterative=np.ones(int(walks.sum()), np.int64))
        used = (rows.state != State.ORPHAN) & (rows.send == 0) & (rows.transport == Transport.UDP)
        used &= ((rows.present & Present.QUESTION) != 0) & ((rows.qtype == 1) | (rows.qtype == 28))
        used &= rows.client < 1 << _CLIENT_BITS
        part = rows.take(used)
        port: Array = (part.client.astype(np.uint64) << np.uint64(_PORT_BITS)) | part.client_port
        key = (port << np.uint64(_NAME_BITS)) | (part.qname & ((1 << _NAME_BITS) - 1))
        first, ident = part.qtype == 1, part.msg_id.astype(np.int64)
        self._ports.add(key, np.stack([first, ~first, np.where(first, ident, 0), np.where(first, 0, ident)], axis=1))
        self._questions(batch.questions)
        searched = batch.lookups.take(batch.lookups.steps > 1)
        self._count(searched.client, searched=np.ones(len(searched), np.int64), one_port=searched.one_port)
        if len(batch.steps):
            clients = batch.lookups.client[np.searchsorted(batch.lookups.lookup, batch.steps.lookup)]
            self._steps(batch.steps, clients)

    def _count(self, clients: Array, **counts: Array) -> None:
        zero = np.zeros(len(clients), np.int64)
        self._clients.add(clients.astype(np.uint64), *(counts.get(name, zero) for name in _COUNTS))

    def _questions(self, rows: QuestionTable) -> None:
        often = rows.take((rows.strict != _LOOSE) & (rows.sends >= 5) & (rows.servers == 1))
        often = often.take((often.same_id != 0) & (often.same_port != 0))
        self._count(often.client, resent_often=np.ones(len(often), np.int64))
        rows = rows.take(rows.strict != _STRICT)
        gap, resent = rows.gap_ns, (rows.gap_ns >= 0)
        edns = (rows.present & Present.EDNS) != 0
        one_id, one_port = rows.same_id != 0, rows.same_port != 0
        alike, fresh = resent & one_id & one_port, resent & ~one_id
        silent = resent & ~np.isin(rows.first_outcome, _FAILED)  # a failure is retried whenever it comes
        after = rows.time_ns + gap - rows.end_ns
        told = (rows.end_ns >= 0) & np.isin(rows.first_outcome, _SAID) & (after >= 0) & (after <= _AT_ONCE)
        self._count(
            rows.client,
            questions=np.ones(len(rows), np.int64),
            edns=edns,
            wait_5_same=alike & _about(gap, 5000, 150),
            wait_25=alike & _about(gap, 2500, 100),
            wait_5_new=fresh & ~one_port & _about(gap, 5000, 150),
            wait_2=fresh & silent & _about(gap, 2000, 150),
            wait_1=silent & one_id & ((rows.sends == 5) | (rows.sends == 6)) & _about(gap, 1000, 45),
            new_port=silent & one_id & ~one_port & _about(gap, 3000, 1500),
            fan_out=alike & (rows.servers > 1) & (gap < 50 * _MS),
            asked_on=alike & edns & told,
        )

    def _steps(self, rows: StepTable, clients: Array) -> None:
        pair = (rows.qtypes & 3) == 3
        self._count(
            clients[pair],
            pairs=np.ones(int(pair.sum()), np.int64),
            serial=rows.serial[pair] != 0,
            aaaa_first=rows.qtype[pair] == 28,
        )

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._clients.merge(other._clients)
        self._ports.merge(other._ports)

    def result(self, results: Mapping[str, Any]) -> Mapping[str, Fingerprint]:
        """Name the resolvers."""
        roles: Roles = results["roles"]
        ports = _by_client(self._ports, self._context)
        probes = _probers(results["probes"], roles)
        stubs = _behind(_STUB, roles, self._context)
        keys, sums = self._clients.keys, self._clients.sums
        most = np.lexsort((keys, -sums[:, 0]))[:_MAX_CLIENTS]
        named: dict[int, Fingerprint] = {}
        for client, counts in zip(keys[most].tolist(), sums[most].tolist(), strict=True):
            known = dict(zip(_COUNTS, counts, strict=True)) | ports.get(client, {}) | probes.get(client, {})
            forwards = bool(roles.forwarder[client])
            stub = forwards and roles.instance(client) in stubs
            named[client] = fingerprint(Sendings(**known, forwarder=forwards, stub_53=stub))
        text = self._context.addresses.text
        return {text(client): found for client, found in _shared(named, roles, text).items() if found.name}


def _probers(probes: Probes, roles: Roles) -> dict[int, dict[str, int]]:
    """Who sent loop probes first: CoreDNS to itself, dnsmasq to its upstreams."""
    out: dict[int, dict[str, int]] = {}
    for probe in probes.probes:
        kind = "self_probes" if probe.kind == "coredns" else "up_probes"
        if kind == "up_probes" or roles.instance(probe.emitter) == roles.instance(probe.server):
            counts = out.setdefault(probe.emitter, {})
            counts[kind] = counts.get(kind, 0) + 1
    return out


def _shared(named: dict[int, Fingerprint], roles: Roles, text: Callable[[int], str]) -> dict[int, Fingerprint]:
    """A forwarder's other addresses are the same program, where those that show what it is agree.

    Not so with systemd-resolved: it asks from its machine's addresses, and so does whoever else is on that machine.
    """
    found: dict[int, dict[str, int]] = {}
    for client, seen in named.items():
        if seen.name and roles.forwarder[client]:
            found.setdefault(roles.instance(client), {}).setdefault(seen.name, client)
    out = dict(named)
    for client, seen in named.items():
        known = found.get(roles.instance(client), {})
        if not seen.name and roles.forwarder[client] and len(known) == 1 and not known.keys() - _ONE_PROGRAM:
            ((name, other),) = known.items()
            out[client] = Fingerprint(name, Confidence.LOW, (f"one forwarder with {text(other)}",))
    return out


def _behind(texts: tuple[str, ...], roles: Roles, context: Context) -> set[int]:
    """The machines that answer at one of these addresses."""
    known = [ident for text in texts if (ident := context.addresses.find(text)) is not None]
    return {roles.instance(ident) for ident in known if roles.serves[ident]}


def _about(gap: Array, ms: int, slack: int) -> Array:
    return np.asarray(np.abs(gap - ms * _MS) <= slack * _MS)


class _Sample:
    """Sums by key for all ports, or, past the cap, for those ports whose hash is low enough: the same whatever the order."""

    def __init__(self, cap: int) -> None:
        self._cap, self._level = cap, 0
        self._keys = np.zeros(0, np.uint64)
        self._sums = np.zeros((0, 4), np.int64)
        self._pending: list[tuple[Array, Array]] = []
        self._waiting = 0

    @property
    def keys(self) -> Array:
        self._fold()
        return self._keys

    @property
    def sums(self) -> Array:
        self._fold()
        return self._sums

    def add(self, keys: Array, sums: Array) -> None:
        keys, sums = self._chosen(keys, sums)
        self._pending.append((keys, sums))
        self._waiting += len(keys)
        if self._waiting > self._cap:
            self._fold()

    def _fold(self) -> None:
        if not self._pending:
            return
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._pending)])
        sums = np.concatenate([self._sums, *(sums for _, sums in self._pending)])
        self._pending, self._waiting = [], 0
        keys, sums = self._chosen(keys, sums)
        distinct, _, index = grouped(keys)
        totals = np.stack([np.bincount(index, column, minlength=len(distinct)) for column in sums.T], axis=1)
        self._keys, self._sums = distinct, totals.astype(np.int64)
        while len(self._keys) > self._cap:
            self._level += 1
            self._keys, self._sums = self._chosen(self._keys, self._sums)

    def _chosen(self, keys: Array, sums: Array) -> tuple[Array, Array]:
        if not self._level:
            return keys, sums
        spread = (keys >> np.uint64(_NAME_BITS)) * np.uint64(0x9E3779B97F4A7C15)
        kept = spread >> np.uint64(64 - min(self._level, 63)) == 0
        return keys[kept], sums[kept]

    def merge(self, other: _Sample) -> None:
        self._level = max(self._level, other._level)
        self.add(other.keys, other.sums)


def _by_client(sample: _Sample, context: Context) -> dict[int, dict[str, int]]:
    """What the ports of each client carried."""
    keys, (a, aaaa, id_a, id_aaaa) = sample.keys, sample.sums.T
    clients, _, client = grouped(keys >> np.uint64(_PORT_BITS + _NAME_BITS))
    heads, first, port = grouped(keys >> np.uint64(_NAME_BITS))
    both, single = (a > 0) & (aaaa > 0), (a == 1) & (aaaa == 1)
    step, swapped = (id_aaaa - id_a) % 65536, (_swap(id_aaaa) - _swap(id_a)) % 65536
    near = (swapped <= _NEAR) | (swapped >= 65536 - _NEAR)
    pooled = _labels(keys, port, len(heads), context) >= _POOLED
    counts = {
        "together": (client, both),
        "even": (client, both & (a == aaaa)),
        "apart": (client, ~both),
        "ids": (client, single),
        "id_steps": (client, single & (step >= _MUSL_STEP[0]) & (step <= _MUSL_STEP[1])),
        "ids_near": (client, single & near),
        "by_ports": (client, a + aaaa),
        "by_pool": (client, (a + aaaa) * pooled[port]),
        "ports": (client[first], np.ones(len(heads), np.bool_)),
        "pooled": (client[first], pooled),
    }
    sums = [
        np.bincount(of, weights=values, minlength=len(clients)).astype(np.int64).tolist()
        for of, values in counts.values()
    ]
    return {
        ident: dict(zip(counts, row, strict=True))
        for ident, row in zip(clients.tolist(), zip(*sums, strict=True), strict=True)
    }


def _swap(ident: Array) -> Array:
    return np.asarray((ident >> 8) | ((ident & 255) << 8))


def _labels(keys: Array, port: Array, ports: int, context: Context) -> Array:
    """How many first labels each port asked for."""
    names, _, index = grouped(keys & np.uint64((1 << _NAME_BITS) - 1))
    known: dict[bytes, int] = {}
    label = np.array([known.setdefault(context.names.label(name).lower(), len(known)) for name in names.tolist()], int)
    pairs = grouped((port << _NAME_BITS) | label[index])[0] if len(keys) else port
    return np.bincount(pairs >> _NAME_BITS, minlength=ports)
