"""What a decoder makes of captures, as tests ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from analyzer.errors import NotACapture
from analyzer.messages import (
    AddressTable,
    AnswerBatch,
    ConnectionBatch,
    Decoded,
    DecodeOptions,
    Decoder,
    InterfaceInfo,
    MessageBatch,
    NameTree,
    QuoteBatch,
)
from analyzer.messages.table import Table

Make = Callable[[DecodeOptions], Decoder]


def native_class() -> Make:
    """The native decoder. Raises UsageError where it was not built."""
    from analyzer.decode import decoder

    return lambda options: decoder("native", options)


@dataclass(frozen=True, slots=True)
class Run:
    """All that a decoder said about a capture."""

    decoder: Decoder
    batches: list[Decoded]
    messages: MessageBatch
    connections: ConnectionBatch
    quotes: QuoteBatch
    answers: AnswerBatch
    names: NameTree
    addresses: AddressTable

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        return self.table(self.messages, *columns)

    def table(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        """Rows with names and addresses as text."""
        out = []
        for name in columns:
            values = table.columns()[name].tolist()
            if name in ("qname", "soa_owner", "ns_owner", "answer_cname", "owner"):
                values = [self.names.text(v) for v in values]
            elif name.endswith("_addr") or name in ("outer_src", "outer_dst", "sender", "receiver"):
                values = [self.addresses.text(v) for v in values]
            out.append(values)
        return list(zip(*out, strict=True))

    @property
    def kinds(self) -> dict[str, int]:
        """The ledger's frames, its sum checked."""
        ledger = self.decoder.ledger
        assert sum(ledger.frames.values()) == ledger.total
        return dict(ledger.frames)

    @property
    def notes(self) -> dict[str, int]:
        return dict(self.decoder.ledger.notes)


def run(make: Make, *files: bytes, chunk: int = 0, **options: Any) -> Run:
    """Read captures, in pieces of `chunk` octets (0: each whole)."""
    decoder = make(DecodeOptions(**options))
    batches: list[Decoded] = []
    for number, data in enumerate(files):
        decoder.open(number)
        for at in range(0, len(data), chunk or max(1, len(data))):
            batches += decoder.feed(data[at : at + (chunk or len(data))])
    batches += decoder.finish()
    names, addresses = NameTree(), AddressTable()
    for batch in batches:
        names.append(batch.names)
        addresses.append(batch.addresses)
    return Run(
        decoder,
        batches,
        MessageBatch.concat(b.messages for b in batches),
        ConnectionBatch.concat(b.connections for b in batches),
        QuoteBatch.concat(b.quotes for b in batches),
        AnswerBatch.concat(b.answers for b in batches),
        names,
        addresses,
    )


Reader = Callable[..., Run]


def everything(decoder: Decoder, batches: list[Decoded]) -> dict[str, Any]:
    """All that a decoder said, as plain values that compare with `==`; ids and dictionaries included."""
    out: dict[str, Any] = {"captures": list(decoder.captures), "interfaces": [interface(i) for i in decoder.interfaces]}
    out["ledger"] = (decoder.ledger.total, dict(decoder.ledger.frames), dict(decoder.ledger.notes))
    for number, batch in enumerate(batches):
        for kind in ("messages", "answers", "connections", "quotes"):
            table: Table = getattr(batch, kind)
            for name, values in table.columns().items():
                out[f"batch {number} {kind}.{name}"] = values.tolist()
        names = batch.names
        out[f"batch {number} names"] = (names.first, names.parent.tolist(), names.ends.tolist(), names.labels)
        out[f"batch {number} addresses"] = (batch.addresses.first, batch.addresses.packed)
        out[f"batch {number} wire"] = bytes(batch.wire)
    return out


def interface(info: InterfaceInfo) -> tuple[Any, ...]:
    return (
        *(getattr(info, f) for f in ("id", "file", "linktype", "snaplen", "name", "description", "filter", "ifindex")),
        dict(info.drops),
    )


def said(make: Make, *files: bytes, chunk: int = 0, **options: Any) -> dict[str, Any]:
    """`everything`, or what NotACapture left of it, for captures of any kind."""
    decoder = make(DecodeOptions(**options))
    batches: list[Decoded] = []
    refused = []
    for number, data in enumerate(files):
        try:
            decoder.open(number)
            for at in range(0, len(data), chunk or max(1, len(data))):
                batches += decoder.feed(data[at : at + (chunk or len(data))])
        except NotACapture:
            refused.append(number)
    try:
        batches += decoder.finish()
    except NotACapture:
        refused.append(len(files))
        batches += decoder.finish()
    return {"refused": refused, **everything(decoder, batches)}


def differences(one: dict[str, Any], two: dict[str, Any], most: int = 5) -> list[str]:
    """Where two decoders disagree, in words."""
    return [
        f"{key}: {str(one.get(key))[:300]} / {str(two.get(key))[:300]}"
        for key in {**one, **two}
        if one.get(key) != two.get(key)
    ][:most]
