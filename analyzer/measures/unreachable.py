"""Servers that refuse packets: ICMP "port unreachable" that quotes a query, and RST in answer to SYN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.dns import rrtypes
from analyzer.measures import Context
from analyzer.measures.rows import Frame
from analyzer.measures.seen import Seen, Sight, busiest
from analyzer.messages import Array, ConnectionBatch, Present, QuoteBatch, TransactionBatch, Transport

__all__ = ["Measure", "Unreachable"]

_CAP: Final = 1 << 16  # of each kind; floods beyond are the same again
_EXAMPLES: Final = 6


@dataclass(frozen=True, slots=True)
class Unreachable:
    """One server and transport: refusals in order of time, and how many each client got."""

    server: str
    transport: str  # "udp" or "tcp"
    port: int
    seen: Seen
    clients: Mapping[str, int]
    senders: tuple[str, ...]  # who sent the errors


class Measure:
    """Keeps refusals; `result` is a tuple of Unreachable, most first."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._quotes, self._resets = QuoteBatch(), ConnectionBatch()

    def update(self, batch: TransactionBatch) -> None:
        """Keep the batch's refusals."""
        quotes, rows = batch.quotes, batch.connections
        if len(quotes):
            kind, code = quotes.icmp_type, quotes.icmp_code
            refused = ((quotes.version == 4) & (kind == 3) & (code == 3)) | (
                (quotes.version == 6) & (kind == 1) & (code == 4)
            )
            ports = np.array(sorted(self._context.options.ports), np.uint16)
            # A quote of a response, whose source is the server, says that the client has gone, not the server.
            refused &= np.isin(quotes.dst_port, ports) & ~np.isin(quotes.src_port, ports)
            self._keep(quotes.take(refused), ConnectionBatch())
        if len(rows):
            reset = (rows.syn_ns > 0) & (rows.synack_ns == 0) & (rows.rst_ns > 0) & (rows.rst_by_dst > 0)
            reset &= (rows.bytes_in == 0) & (rows.bytes_out == 0)
            self._keep(QuoteBatch(), rows.take(reset))

    def _keep(self, quotes: QuoteBatch, resets: ConnectionBatch) -> None:
        if len(quotes):
            self._quotes = QuoteBatch.concat([self._quotes, quotes]).take(slice(0, _CAP))
        if len(resets):
            self._resets = ConnectionBatch.concat([self._resets, resets]).take(slice(0, _CAP))

    def merge(self, other: Self) -> None:
        """Add the other's refusals, which follow ours."""
        self._keep(other._quotes, other._resets)

    def result(self, results: Mapping[str, Any]) -> tuple[Unreachable, ...]:
        """One row per server and transport."""
        quotes = self._quotes.take(_once(self._quotes, self._context.options.limits.dup_window_ns))
        found = []
        keys = np.stack([quotes.dst_addr, quotes.dst_port, quotes.transport]).astype(np.int64)
        for key in _largest(keys):
            rows = quotes.take((keys == key[:, None]).all(axis=0))
            found.append(self._quoted(rows))
        ends = np.stack([self._resets.dst_addr, self._resets.dst_port]).astype(np.int64)
        parts = [self._resets.take((ends == key[:, None]).all(axis=0)) for key in _largest(ends)]
        found += [self._reset(rows) for rows in parts]
        return tuple(sorted(found, key=lambda row: (-row.seen.count, row.server, row.transport, row.port)))

    def _quoted(self, rows: QuoteBatch) -> Unreachable:
        text, names = self._context.addresses.text, self._context.names

        def words(at: int) -> str:
            asked = ""
            if int(rows.present[at]) & int(Present.QUESTION):
                asked = f" for {names.text(int(rows.qname[at]))} {rrtypes.text(int(rows.qtype[at]))}"
            return (
                f"{text(int(rows.sender[at]))} says: port unreachable, to {text(int(rows.src_addr[at]))}:"
                f"{int(rows.src_port[at])}{asked}"
            )

        return Unreachable(
            server=text(int(rows.dst_addr[0])),
            transport=Transport(int(rows.transport[0])).name.lower(),
            port=int(rows.dst_port[0]),
            seen=_seen(rows.time_ns, rows.file, rows.frame, words),
            clients=_counted([text(a) for a in rows.src_addr.tolist()]),
            senders=tuple(sorted({text(a) for a in rows.sender.tolist()})),
        )

    def _reset(self, rows: ConnectionBatch) -> Unreachable:
        text = self._context.addresses.text

        def words(at: int) -> str:
            return f"{text(int(rows.src_addr[at]))}:{int(rows.src_port[at])} SYN, answered with RST"

        return Unreachable(
            server=text(int(rows.dst_addr[0])),
            transport="tcp",
            port=int(rows.dst_port[0]),
            seen=_seen(rows.syn_ns, rows.file, rows.frame, words),
            clients=_counted([text(a) for a in rows.src_addr.tolist()]),
            senders=(text(int(rows.dst_addr[0])),),
        )


def _once(rows: QuoteBatch, window_ns: int) -> Array:
    """The first of each error's copies: one quoted message within the window, whatever the addresses (NAT, interfaces)."""
    if not len(rows):
        return np.zeros(0, np.int64)
    port = np.where(rows.has_header != 0, 0, rows.src_port)
    order = np.lexsort((rows.frame, rows.file, rows.time_ns, port, rows.msg_id, rows.qname_hash))
    alike = np.ones(len(order) - 1, np.bool_)
    for column in (port, rows.msg_id, rows.qname_hash, rows.qtype):
        alike &= column[order][1:] == column[order][:-1]
    alike &= np.diff(rows.time_ns[order]) <= window_ns
    alike &= (rows.interface[order][1:] != rows.interface[order][:-1]) | (
        rows.src_addr[order][1:] != rows.src_addr[order][:-1]
    )
    first = order[np.concatenate([[True], ~alike])]
    return np.asarray(first[np.lexsort((rows.frame[first], rows.file[first], rows.time_ns[first]))])


def _seen(time_ns: Array, file: Array, frame: Array, words: Any) -> Seen:
    order = np.lexsort((frame, file, time_ns))
    sights = tuple(
        Sight(Frame(int(file[at]), int(frame[at])), int(time_ns[at]), words(at)) for at in order[:_EXAMPLES].tolist()
    )
    end = int(order[-1])
    return Seen(
        count=len(order),
        peak_60s=busiest(time_ns),
        first=sights[0].time_ns,
        last=int(time_ns[end]),
        first_frame=sights[0].frame,
        last_frame=Frame(int(file[end]), int(frame[end])),
        examples=sights,
    )


def _largest(keys: Array) -> Array:
    """The distinct columns with most rows, at most 1000: forged traffic can make as many as it has packets."""
    distinct, counts = np.unique(keys, axis=1, return_counts=True)
    return np.asarray(distinct[:, np.argsort(-counts, kind="stable")[:1000]].T)


def _counted(texts: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
