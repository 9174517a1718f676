"""The native decoder's own face: its columns are the contract's, and its doors say why they stay shut."""

from __future__ import annotations

import struct
import threading

import pytest

from analyzer import messages
from analyzer.decode import decoder, native_error
from analyzer.errors import NotACapture, UsageError
from analyzer.messages import DecodeOptions

needs_native = pytest.mark.skipif(native_error() is not None, reason="the native decoder is not built")


@needs_native
@pytest.mark.parametrize("table", ["MessageBatch", "AnswerBatch", "ConnectionBatch", "QuoteBatch"])
def test_columns_are_those_of_the_contract(table: str) -> None:
    from analyzer.decode import _native

    declared = [(column.name, column.dtype) for column in getattr(messages, table).COLUMNS]
    assert [tuple(pair) for pair in _native.columns()[table]] == declared


def test_an_unknown_kind_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="unknown decoder 'fast'"):
        decoder("fast", DecodeOptions())  # type: ignore[arg-type]  # what a caller without types may pass


def test_native_error_is_one_line_or_none() -> None:
    error = native_error()
    assert error is None or "\n" not in error


@needs_native
def test_a_program_that_jumps_outside_is_refused() -> None:
    jump_ahead = struct.pack("=HBBI", 0x05, 0, 0, 9)
    with pytest.raises(ValueError, match="BPF instruction 0"):
        decoder("native", DecodeOptions(programs={1: jump_ahead}))


@needs_native
def test_two_decoders_feed_at_once() -> None:
    """`feed` releases the GIL; decoders share nothing."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    record = struct.pack("<IIII", 1, 0, 60, 60) + bytes(60)
    totals: list[int] = []

    def work() -> None:
        one = decoder("native", DecodeOptions())
        one.open(0)
        one.feed(header + record * 20_000)
        one.finish()
        totals.append(one.ledger.total)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [20_000] * 3


@needs_native
def test_the_refusal_is_the_packages_own_error() -> None:
    one = decoder("native", DecodeOptions())
    one.open(0)
    with pytest.raises(NotACapture, match="it begins with 47 45 54 20"):
        one.feed(b"GET / HTTP/1.1")


@needs_native
def test_columns_keep_their_values_while_the_decoder_goes_on_and_after_it() -> None:
    """Their memory is used again only when nobody reads them: neither later batches nor the decoder's end change them."""
    frame = bytes(12) + bytes.fromhex("0800") + struct.pack("!BBHHHBBH8x", 0x45, 0, 40, 0, 0, 64, 17, 0)
    frame += struct.pack("!HHHH", 40_000, 53, 20, 0)
    packets = [frame + struct.pack("!HHHHHH", ident, 0x0100, 0, 0, 0, 0) for ident in range(1000)]
    one = decoder("native", DecodeOptions(batch_rows=10))
    one.open(0)
    one.feed(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    made = 0
    kept = []
    for packet in packets:
        for batch in one.feed(struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet):
            made += 1
            if made % 2:  # the others go back at once
                kept.append(batch)
    assert not one.finish()
    assert not kept[0].messages.msg_id.flags.writeable
    del one
    frames = [frame for batch in kept for frame in batch.messages.frame.tolist()]
    idents = [ident for batch in kept for ident in batch.messages.msg_id.tolist()]
    assert len(idents) == 500
    assert idents == [frame - 1 for frame in frames]
