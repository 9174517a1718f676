"""Small captures cut at every length, and with every octet changed: a result or NotACapture, and the ledger's sum holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.decode.reference import ReferenceDecoder
from analyzer.errors import NotACapture
from analyzer.messages import DecodeOptions
from tests.decode.runs import Make, native_class
from tests.decode.test_corpus import FILES, octets

OPTIONS = DecodeOptions(answers=True)


def damaged(data: bytes, *values: int) -> Iterator[bytes]:
    """Every beginning, then every octet inverted or set to one of `values`."""
    yield from (data[:size] for size in range(len(data)))
    for at in range(len(data)):
        for octet in {data[at] ^ 0xFF, *values} - {data[at]}:
            yield data[:at] + bytes([octet]) + data[at + 1 :]


def read(make: Make, data: bytes) -> int:
    """Frames read; any exception but NotACapture fails the test."""
    decoder = make(OPTIONS)
    try:
        decoder.open(0)
        decoder.feed(data)
        decoder.finish()
    except NotACapture:
        decoder.finish()
    assert sum(decoder.ledger.frames.values()) == decoder.ledger.total
    return decoder.ledger.total


@pytest.mark.native
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_native(path: Path) -> None:
    make, data = native_class(), octets(path)
    for changed in damaged(data, 0, 0xFF):
        began = time.perf_counter()
        read(make, changed)
        assert time.perf_counter() - began < 1


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in FILES if len(octets(p)) < 2_000], ids=lambda path: path.stem)
def test_reference(path: Path) -> None:
    totals = {read(ReferenceDecoder, changed) for changed in damaged(octets(path))}
    assert 0 in totals  # what is cut inside the file header has no frame
    assert max(totals) >= read(ReferenceDecoder, octets(path)) - 1
