"""`flush`: the rows that are there are handed over at once, and everything goes on as if nobody had asked."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from analyzer.messages import AddressTable, Decoded, DecodeOptions, Decoder, NameTree
from analyzer.messages.table import Table
from tests.builders import CLIENT, SERVER, ethernet, ipv4, pcap, query, udp
from tests.decode.runs import Make


def packet(name: str) -> bytes:
    return ethernet(ipv4(udp(query(name), 40000, 53), CLIENT, SERVER))


def rows(decoder: Decoder, batches: list[Decoded]) -> dict[str, Any]:
    """All rows, joined, with names and addresses as text: how they were cut into batches does not show."""
    names, addresses = NameTree(), AddressTable()
    for batch in batches:
        names.append(batch.names)
        addresses.append(batch.addresses)
    out: dict[str, Any] = {
        "names": [names.text(node) for node in range(len(names))],
        "addresses": [addresses.text(node) for node in range(len(addresses))],
        "ledger": (decoder.ledger.total, dict(decoder.ledger.frames), dict(decoder.ledger.notes)),
        "captures": list(decoder.captures),
    }
    for kind in ("messages", "answers", "connections", "quotes"):
        tables: list[Table] = [getattr(batch, kind) for batch in batches]
        columns = [c.name for c in tables[0].COLUMNS if c.name not in ("row", "message_at")]  # places within a batch
        out[kind] = {name: [v for table in tables for v in table.columns()[name].tolist()] for name in columns}
    out["answered"] = [int(f) for batch in batches for f in batch.messages.frame[batch.answers.row]]
    out["wire"] = [octets for batch in batches for octets in records(batch)]
    return out


def records(batch: Decoded) -> list[bytes]:
    """The rdata of the batch's records."""
    answers, wire = batch.answers, bytes(batch.wire)
    starts = (answers.message_at.astype(int) + answers.rdata_at).tolist()
    return [wire[at : at + size] for at, size in zip(starts, answers.rdata_len.tolist(), strict=True)]


def read(make: Make, data: bytes, chunk: int, flush: bool, **options: Any) -> dict[str, Any]:
    decoder = make(DecodeOptions(answers=True, **options))
    decoder.open(0)
    batches: list[Decoded] = []
    for at in range(0, len(data), chunk):
        batches += decoder.feed(data[at : at + chunk])
        if flush:
            batches += decoder.flush()
    batches += decoder.finish()
    return rows(decoder, batches)


@pytest.mark.parametrize(
    "sample", ["tcp-fragments.pcapng.gz", "formats.pcapng", "vxlan-underlay.pcap", "self-loop.pcap"]
)
@pytest.mark.parametrize("chunk", [509, 20_000])
def test_a_run_that_is_flushed_says_what_another_says(make: Make, samples: Path, sample: str, chunk: int) -> None:
    data = (samples / sample).read_bytes()
    data = gzip.decompress(data) if sample.endswith(".gz") else data
    plain = read(make, data, len(data), flush=False)
    assert plain["messages"]["frame"]
    assert read(make, data, chunk, flush=True) == plain


def test_names_past_the_cap_stay_past_it(make: Make) -> None:
    data = pcap([packet(f"n{number}.example") for number in range(30)])
    plain = read(make, data, len(data), flush=False, max_names=10)
    assert plain["ledger"][2]["capped-names"]
    assert read(make, data, 90, flush=True, max_names=10) == plain


def test_a_message_is_there_once_its_frame_is(make: Make) -> None:
    decoder = make(DecodeOptions())
    decoder.open(0)
    data = pcap([packet("one.example"), packet("two.example")])
    second = len(pcap([packet("one.example")]))
    assert decoder.feed(data[: second + 3]) == []  # a batch is far from full
    first = decoder.flush()
    assert [len(batch.messages) for batch in first] == [1]
    assert sum(len(batch.messages) for batch in decoder.flush()) == 0  # once
    assert decoder.feed(data[second + 3 :]) == []
    assert [int(frame) for batch in decoder.flush() for frame in batch.messages.frame] == [2]
    assert sum(len(batch.messages) for batch in decoder.finish()) == 0


def test_where_nothing_came_nothing_is_handed_over(make: Make) -> None:
    decoder = make(DecodeOptions())
    assert sum(len(batch.messages) for batch in decoder.flush()) == 0
    decoder.open(0)
    assert sum(len(batch.messages) for batch in decoder.flush()) == 0
