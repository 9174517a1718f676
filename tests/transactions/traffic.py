"""Messages for tests of this room: rows made by hand, and tables put back together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xxhash

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
    Table,
    TransactionBatch,
)
from analyzer.options import NS, AnalyzeOptions
from analyzer.transactions import Transactions

START = 1_700_000_000 * NS
POD, NODE, CLUSTER_IP, SERVER = "10.233.64.11", "192.168.1.23", "10.233.0.3", "10.233.65.12"
MS = 1_000_000


def hashed(*values: object) -> int:
    return xxhash.xxh3_64_intdigest(repr(values).encode())


@dataclass
class Traffic:
    """Rows in order of capture. Times are nanoseconds from the start, addresses and names text."""

    names: NameTree = field(default_factory=NameTree)
    addresses: AddressTable = field(default_factory=AddressTable)
    rows: list[dict[str, int]] = field(default_factory=list)

    def query(
        self, at: float, name: str = "a.example", src: str = POD, dst: str = SERVER, **more: Any
    ) -> dict[str, int]:
        """A query from `src`; `more` sets columns. Each gets an IP-ID of its own unless told."""
        wire = name.lower()
        row = {
            "flags": 0x0100,
            "msg_id": 1000,
            "src_port": 40000,
            "dst_port": 53,
            "qname": self.names.add_text(name),
            "qname_hash": hashed(wire),
            "qtype": 1,
            "qclass": 1,
            "qdcount": 1,
            "ip_id": 1 + len(self.rows),
            "present": int(Present.QUESTION | Present.IP_ID),
            "src_addr": self.addresses.add(src),
            "dst_addr": self.addresses.add(dst),
        }
        return self.add(at, row | more)

    def reply(self, at: float, query: Mapping[str, int], rcode: int = 0, **more: Any) -> dict[str, int]:
        """A response to the row of a query, with data unless told."""
        turned = {
            f"{a}_{what}": query[f"{b}_{what}"]
            for a, b in (("src", "dst"), ("dst", "src"))
            for what in ("addr", "port")
        }
        row = dict(query) | turned | {"flags": 0x8180 | rcode, "ip_id": 1 + len(self.rows), "ip_hash": 0}
        row |= {"answer_matches": int(rcode == 0), "ancount": int(rcode == 0), "payload_hash": 0}
        return self.add(at, row | more)

    def copy(self, at: float, row: Mapping[str, int], **more: Any) -> dict[str, int]:
        """The same packet once more; a header hash of its own where addresses change."""
        moved = {name: self.addresses.add(v) if isinstance(v, str) else v for name, v in more.items()}
        changed = any(name.endswith(("_addr", "_port")) for name in moved)
        return self.add(at, dict(row) | ({"ip_hash": 0} if changed else {}) | moved)

    def add(self, at: float, row: Mapping[str, int]) -> dict[str, int]:
        new = dict(row) | {"time_ns": START + round(at), "frame": len(self.rows) + 1}
        said = ("flags", "msg_id", "qname_hash", "qtype", "qclass", "qdcount", "present", "answer_matches", "ext_rcode")
        header = ("src_addr", "dst_addr", "ip_id")
        new["payload_hash"] = new.get("payload_hash") or hashed(*(new.get(k, 0) for k in said))
        new["ip_hash"] = new.get("ip_hash") or hashed(*(new[k] for k in header))
        self.rows.append(new)
        return new

    def batch(self) -> MessageBatch:
        names = {key for row in self.rows for key in row}
        return MessageBatch(
            {name: np.array([row.get(name, 0) for row in self.rows], np.uint64).astype(_TYPES[name]) for name in names}
        )

    def run(self, cuts: Iterable[int] = (), options: AnalyzeOptions | None = None) -> Tables:
        return run([self.batch()], self.names, self.addresses, cuts, options)


_TYPES = {c.name: np.dtype(c.dtype) for c in MessageBatch.COLUMNS}


@dataclass(frozen=True)
class Tables:
    """Everything that came out, each table whole; and the stage, for its counters."""

    stage: Transactions
    batches: list[TransactionBatch]

    def __getattr__(self, name: str) -> Any:
        parts: list[Table] = [getattr(batch, name) for batch in self.batches]
        return type(parts[0]).concat(parts)


def decoded(messages: MessageBatch) -> Decoded:
    """A batch whose names and addresses are in the tables already."""
    names = NewNames(1, np.zeros(0, np.uint32), np.zeros(0, np.uint32), b"")
    return Decoded(messages, names, NewAddresses(1, b""), AnswerBatch(), ConnectionBatch(), QuoteBatch())


def run(
    batches: Sequence[MessageBatch],
    names: NameTree,
    addresses: AddressTable,
    cuts: Iterable[int] = (),
    options: AnalyzeOptions | None = None,
) -> Tables:
    """Feed rows, cut where told."""
    rows = MessageBatch.concat(batches)
    stage = Transactions(names, addresses, options or AnalyzeOptions())
    ends = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    out = []
    for begin, end in itertools.pairwise(ends):
        out += stage.feed(decoded(rows.take(slice(begin, end))))
    return Tables(stage, [*out, *stage.finish()])
