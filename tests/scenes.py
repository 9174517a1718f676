"""Scenes for tests of judgement: packets written down one by one, run through everything right of the decoder."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xxhash

from analyzer import detectors, measures
from analyzer.detectors import Evidence
from analyzer.dns import rcodes, rrtypes
from analyzer.findings import Finding
from analyzer.measures import Context
from analyzer.messages import (
    AddressTable,
    AnswerBatch,
    ConnectionBatch,
    Decoded,
    MessageBatch,
    NameTree,
    NewAddresses,
    NewNames,
    Present,
    QuoteBatch,
)
from analyzer.options import NS, AnalyzeOptions
from analyzer.transactions import Transactions

__all__ = ["Scene", "stack"]

START = 1_795_367_858 * NS


@dataclass
class Scene:
    """Messages in order of capture; times are seconds from the start, addresses text, `answer` an address or empty."""

    options: AnalyzeOptions = field(default_factory=AnalyzeOptions)
    names: NameTree = field(default_factory=NameTree)
    addresses: AddressTable = field(default_factory=AddressTable)
    rows: list[dict[str, int]] = field(default_factory=list)
    until: float = 0.0
    connections: list[dict[str, int]] = field(default_factory=list)
    errors: list[dict[str, int]] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def query(self, at: float, src: str, dst: str, name: str, qtype: str = "A", **more: int) -> dict[str, int]:
        """A query; `more` sets columns (msg_id, src_port, size, edns_size …). Returns the row, to be answered."""
        row = self._row(at, src, dst, name, qtype, flags=0x0100)
        row["src_port"], row["dst_port"] = 1024 + next(self._ids) * 7 % 60000, 53
        row.update(more)
        if "edns_size" in more:
            row["present"] |= int(Present.EDNS)
        return self._add(row)

    def response(self, at: float, query: Mapping[str, int], rcode: str = "NOERROR", **more: int) -> dict[str, int]:
        """The answer to a query: `more` sets columns (ancount, answer_matches, answer_ttl, soa_minimum …)."""
        row = dict(query)
        row["src_addr"], row["dst_addr"] = query["dst_addr"], query["src_addr"]
        row["src_port"], row["dst_port"] = query["dst_port"], query["src_port"]
        row["time_ns"] = START + round(at * NS)
        row["flags"] = 0x8180 | rcodes.parse(rcode)
        row["payload_hash"] = next(self._ids)
        row["ip_id"] = row["payload_hash"] % 65_535 + 1
        row.update(more)
        if more.get("ancount"):
            row["present"] |= int(Present.ANSWER)
        if "soa_minimum" in more:
            row["present"] |= int(Present.SOA)
        if "answer_addr" in more:
            row["present"] |= int(Present.ADDRESS)
        return self._add(row)

    def ask(self, at: float, src: str, dst: str, name: str, qtype: str = "A", **more: int) -> dict[str, int]:
        """A query and, 1 ms later, its NXDOMAIN."""
        query = self.query(at, src, dst, name, qtype, **more)
        self.response(at + 0.001, query, "NXDOMAIN")
        return query

    def connection(self, at: float, src: str, dst: str, *, seconds: float = 0.01, **more: int) -> dict[str, int]:
        """A TCP connection with its SYN at `at`; `more` sets columns (synack_ns=0: nobody answered, messages_in …)."""
        start = START + round(at * NS)
        end = start + round(seconds * NS)
        ends = {"src_addr": self.addresses.add(src), "dst_addr": self.addresses.add(dst), "dst_port": 53}
        ends["src_port"] = 1024 + next(self._ids) * 7 % 60000
        row = {**ends, "frame": len(self.connections) + 1, "first_ns": start, "last_ns": end, "syn_ns": start}
        row |= {"synack_ns": start + 1000, "messages_out": 1, "messages_in": 1, "bytes_out": 40, "bytes_in": 80, **more}
        self.connections.append(row)
        return row

    def error(self, at: float, query: Mapping[str, int], **more: int) -> dict[str, int]:
        """ICMP "port unreachable" that quotes a message."""
        same = ("src_addr", "dst_addr", "src_port", "dst_port", "msg_id", "flags", "qname", "qname_hash", "qtype")
        row = {name: query[name] for name in same}
        row |= {
            "sender": query["dst_addr"],
            "receiver": query["src_addr"],
            "version": 4,
            "icmp_type": 3,
            "icmp_code": 3,
        }
        row |= {"time_ns": START + round(at * NS), "frame": 1000 + len(self.errors), "has_header": 1}
        row |= {"present": int(Present.QUESTION), **more}
        self.errors.append(row)
        return row

    def _row(self, at: float, src: str, dst: str, name: str, qtype: str, flags: int) -> dict[str, int]:
        number = next(self._ids)
        node = self.names.add_text(name)
        wire = self.names.wire(node)
        return {
            "time_ns": START + round(at * NS),
            "src_addr": self.addresses.add(src),
            "dst_addr": self.addresses.add(dst),
            "msg_id": number % 65_536,
            "flags": flags,
            "qdcount": 1,
            "qname": node,
            "qname_hash": xxhash.xxh3_64_intdigest(wire),
            "case_hash": xxhash.xxh3_64_intdigest(wire) & 0xFFFFFFFF,
            "qtype": rrtypes.parse(qtype),
            "qclass": 1,
            "size": 12 + len(wire) + 4,
            "payload_hash": number,
            "ip_id": number % 65_535 + 1,
            "ip_ttl": 64,
            "ip_hash": number,
            "present": int(Present.QUESTION | Present.IP_ID),
        }

    def _add(self, row: dict[str, int]) -> dict[str, int]:
        row["frame"] = len(self.rows) + 1
        self.rows.append(row)
        return row

    def batch(self) -> MessageBatch:
        """All messages, in order of time."""
        rows = sorted(self.rows, key=lambda row: (row["time_ns"], row["frame"]))
        return MessageBatch(_columns(rows))

    def results(self) -> tuple[dict[str, Any], Context]:
        """All measures' results."""
        context = Context(self.names, self.addresses, self.options)
        stage = Transactions(self.names, self.addresses, self.options)
        active = {ident: measure(context) for ident, measure in measures.registry().items()}
        batch = self.batch()
        decoded = Decoded(
            batch,
            NewNames(len(self.names), np.zeros(0, np.uint32), np.zeros(0, np.uint32), b""),
            NewAddresses(len(self.addresses), b""),
            AnswerBatch(),
            ConnectionBatch(_columns(self.connections)),
            QuoteBatch(_columns(self.errors)),
        )
        for part in (*stage.feed(decoded), *stage.finish()):
            for measure in active.values():
                measure.update(part)
        context.first_ns, context.last_ns = int(batch.time_ns[0]), int(batch.time_ns[-1])
        context.covered_ns = context.last_ns - context.first_ns
        results: dict[str, Any] = {}
        for ident, measure in active.items():
            results[ident] = measure.result(results)
        return results, context

    def findings(self, *idents: str) -> list[Finding]:
        """What the named detectors say (all, where none is named)."""
        results, context = self.results()
        said: dict[str, tuple[Finding, ...]] = {}
        for ident, detector in detectors.registry().items():
            said[ident] = tuple(detector.detect(Evidence(results, context, self.options.thresholds, said)))
        return [finding for ident in (idents or said) for finding in said[ident]]


def _columns(rows: list[dict[str, int]]) -> dict[str, Any]:
    names = {name for row in rows for name in row}
    return {name: np.array([row.get(name, 0) for row in rows]) for name in names}


def stack(scene: Scene, hops: Iterable[tuple[str, str]], at: float, name: str, qtype: str = "A", **more: int) -> None:
    """Queries that each cause the next, 0.2 ms apart, answered in reverse order with NXDOMAIN."""
    sent = [scene.query(at + 0.0002 * n, src, dst, name, qtype, **more) for n, (src, dst) in enumerate(hops)]
    for n, query in enumerate(reversed(sent)):
        scene.response(at + 0.05 + 0.0002 * n, query, "NXDOMAIN")
