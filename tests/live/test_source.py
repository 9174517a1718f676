"""Octets from a pipe, read ahead up to a bound."""

from __future__ import annotations

import os
import time

from analyzer.live.source import Source


def test_everything_comes_in_order_and_then_the_end() -> None:
    reader, writer = os.pipe()
    source = Source(reader, 1 << 20)
    os.write(writer, b"one")
    assert b"".join(source.take(5)) == b"one"
    os.write(writer, b"two")
    os.close(writer)
    source.wait_for(5, 1 << 30)
    assert not source.ended  # something is left to take
    assert b"".join(source.take(0)) == b"two"
    assert source.ended
    assert source.take(5) == []


def test_past_the_bound_the_writer_waits() -> None:
    reader, writer = os.pipe()
    source = Source(reader, 1000)
    os.set_blocking(writer, False)
    sent, deadline = 0, time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            sent += os.write(writer, bytes(4096))
        except BlockingIOError:
            if source.full:
                break
            time.sleep(0.01)
    assert source.full == 1
    assert sent < 2 << 20
    os.close(writer)
    got = 0
    while not source.ended:
        got += sum(map(len, source.take(1)))
    assert got == sent
