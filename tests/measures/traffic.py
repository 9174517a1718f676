"""Made traffic through the real stages: what measures get, in batches of any size, and results in comparable form."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analyzer import measures
from analyzer.measures import Context
from analyzer.measures.talkers import Talkers
from analyzer.measures.tree import SuffixTree
from analyzer.messages import (
    AnswerBatch,
    ConnectionBatch,
    Decoded,
    MessageBatch,
    NewAddresses,
    NewNames,
    QuoteBatch,
    TransactionBatch,
)
from analyzer.options import NS, AnalyzeOptions
from analyzer.transactions import Transactions
from tests.scenes import Scene

__all__ = ["batches", "plain", "results", "scene"]

LIST = ("kubecamp.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org")


def scene(seed: int, lookups: int = 25, options: AnalyzeOptions | None = None) -> Scene:
    """Stubs with a search list, a forwarder with three addresses, retries, silence, failures and odd messages."""
    rng = random.Random(seed)
    made = Scene(options=options or AnalyzeOptions())
    at = 0.0
    for _ in range(lookups):
        at += rng.choice([0.01, 0.3, 2.0, 20.0])
        client = f"10.0.0.{rng.randint(1, 3)}"
        base = rng.choice(["a-svc.a.svc.cluster.local", "b.example.com", "c", "d.e.example.net"])
        for suffix in [*LIST[: rng.randint(1, 4)], ""]:
            name = f"{base}.{suffix}".rstrip(".")
            for number, qtype in enumerate(("A", "AAAA")):
                _exchange(made, rng, at + number / 10_000, client, name, qtype)
            at += 0.004
    made.query(at, "10.0.0.9", "10.0.0.53", "late.example.org")
    return made


def _exchange(made: Scene, rng: random.Random, at: float, client: str, name: str, qtype: str) -> None:
    first = made.query(at, client, "10.0.0.53", name, qtype, edns_size=rng.choice([512, 1232]))
    if rng.random() < 0.1:  # silence, and the same again
        again = {"src_port": first["src_port"], "msg_id": first["msg_id"]}
        if rng.random() < 0.5:
            made.response(at + 5.002, made.query(at + 5, client, "10.0.0.53", name, qtype, **again))
        return
    rcode = rng.choice(["NXDOMAIN", "NXDOMAIN", "NOERROR", "SERVFAIL"])
    if rng.random() < 0.6:  # the forwarder asks
        up = made.query(at + 0.0005, "192.168.1.2", "192.168.1.1", name, qtype)
        made.response(at + 0.0010, up, rcode, **({"soa_minimum": 30} if rcode == "NXDOMAIN" else {}))
    made.response(at + 0.002, first, rcode, ancount=1, answer_matches=int(rcode == "NOERROR"), answer_ttl=5)


def batches(made: Scene, cuts: Sequence[int] = ()) -> tuple[Context, list[TransactionBatch]]:
    """What `transactions` hands on if the messages come cut at these places, and the context of the measures."""
    context = Context(made.names, made.addresses, made.options)
    stage, whole = Transactions(made.names, made.addresses, made.options), made.batch()
    none = NewNames(len(made.names), np.zeros(0, np.uint32), np.zeros(0, np.uint32), b"")
    edges = [0, *sorted(cuts), len(whole)]
    out: list[TransactionBatch] = []
    for low, high in itertools.pairwise(edges):
        part: MessageBatch = whole.take(slice(low, high))
        connections = _connections(made, part)
        addresses = NewAddresses(len(made.addresses), b"")
        out += stage.feed(Decoded(part, none, addresses, AnswerBatch(), connections, QuoteBatch()))
    out += stage.finish()
    if len(whole):
        context.first_ns, context.last_ns = int(whole.time_ns[0]), int(whole.time_ns[-1])
        context.covered_ns = context.last_ns - context.first_ns
    return context, out


def _connections(made: Scene, part: MessageBatch) -> ConnectionBatch:
    """One connection of a second for every seventh message, so that it goes where the message goes."""
    chosen = part.take(part.frame % 7 == 0)
    opened = chosen.time_ns // NS * NS
    return ConnectionBatch(
        {
            "frame": chosen.frame,
            "src_addr": np.full(len(chosen), made.addresses.add("10.0.0.1")),
            "dst_addr": np.full(len(chosen), made.addresses.add("10.0.0.53")),
            "first_ns": opened,
            "last_ns": opened + NS,
            "syn_ns": opened,
            "synack_ns": np.where(chosen.frame % 2 == 0, opened, 0),
            "messages_out": chosen.frame % 3,
            "bytes_out": chosen.frame % 2 * 40,
        }
    )


def results(context: Context, given: Sequence[TransactionBatch], merge_at: Sequence[int] = ()) -> dict[str, Any]:
    """All measures' results; with `merge_at` from several accumulators that each saw the batches between two cuts."""
    edges = [0, *sorted(merge_at), len(given)]
    out: dict[str, Any] = {}
    for ident, measure in measures.registry().items():
        parts = [measure(context) for _ in edges[1:]]
        for part, (low, high) in zip(parts, itertools.pairwise(edges), strict=True):
            for batch in given[low:high]:
                part.update(batch)
        for part in parts[1:]:
            parts[0].merge(part)
        out[ident] = parts[0].result(out)
    return out


def plain(value: Any) -> Any:
    """A result as dictionaries, lists and numbers: what a reader sees of it. Arrays and objects of other kinds are left out,
    since their numbering may differ where their meaning does not; they show through the tables made from them."""
    if isinstance(value, SuffixTree):
        return plain(value.root(depth=5, width=50))
    if isinstance(value, Talkers):
        return plain(value.table)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: plain(inner) for name, inner in found.items() if not isinstance(inner, np.ndarray)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | bytes | int | float | bool | None) else type(value).__name__
