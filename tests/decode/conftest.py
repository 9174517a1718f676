"""The contract suite runs on both decoders: `decoder` is each in turn, `Run` is what one made of a capture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from analyzer.decode.reference import ReferenceDecoder
from analyzer.messages import (
    AddressTable,
    AnswerBatch,
    ConnectionBatch,
    Decoded,
    DecodeOptions,
    Decoder,
    MessageBatch,
    NameTree,
    QuoteBatch,
)
from analyzer.messages.table import Table

Make = Callable[[DecodeOptions], Decoder]


def native_class() -> Make:
    """The native decoder. Raises where it was not built."""
    from analyzer.decode import decoder

    return decoder("native")


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


@pytest.fixture(params=["reference", pytest.param("native", marks=pytest.mark.native)])
def make(request: pytest.FixtureRequest) -> Make:
    """Each decoder's class in turn; the native one is skipped where it was not built, but not under CI."""
    return ReferenceDecoder if request.param == "reference" else native_class()


@pytest.fixture
def decoder(make: Make) -> Reader:
    """`decoder(capture, …, chunk=…, **options)` reads captures with each decoder in turn."""
    return lambda *files, **options: run(make, *files, **options)
