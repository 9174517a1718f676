"""The native decoder behind the `Decoder` protocol: the crate's columns wrapped as NumPy arrays, without a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from analyzer.decode import _native
from analyzer.messages import (
    AnswerBatch,
    CaptureInfo,
    ConnectionBatch,
    Decoded,
    DecodeOptions,
    InterfaceInfo,
    Ledger,
    MessageBatch,
    NewAddresses,
    NewNames,
    QuoteBatch,
)
from analyzer.messages.table import Array, Table

__all__ = ["NativeDecoder"]

T = TypeVar("T", bound=Table)

MAX_SIZE = (1 << 63) - 1


class NativeDecoder:
    """Same as `ReferenceDecoder`, fast. `feed` releases the GIL; one decoder serves one thread at a time."""

    name = "native"

    def __init__(self, options: DecodeOptions) -> None:
        programs = None if options.programs is None else list(options.programs.items())
        self._core = _native.Core(
            ports=sorted(options.ports),
            programs=programs,
            answers=options.answers,
            batch_rows=_size(options.batch_rows),
            max_names=_size(options.max_names),
            max_addresses=_size(options.max_addresses),
            max_connections=_size(options.max_connections),
            max_tcp_bytes=_size(options.max_tcp_bytes),
            max_fragment_bytes=_size(options.max_fragment_bytes),
            max_fragment_groups=_size(options.max_fragment_groups),
            max_interfaces=_size(options.max_interfaces),
            tunnel_depth=min(_size(options.tunnel_depth), 0xFFFF),
        )
        self._open = False

    def open(self, file: int) -> None:
        """Begin the next file. Raises NotACapture where the one before was too short to be one."""
        self._open = False
        self._core.open(file)
        self._open = True

    def feed(self, data: bytes | bytearray | memoryview) -> list[Decoded]:
        """Take the file's next octets; returns the batches that are full. Raises NotACapture."""
        if not self._open:
            raise ValueError("feed before open")
        try:
            return [_decoded(batch) for batch in self._core.feed(data if isinstance(data, bytes) else bytes(data))]
        except Exception:
            self._open = False
            raise

    def flush(self) -> list[Decoded]:
        """The rows of the batch that is not full yet; everything goes on as before."""
        return [_decoded(batch) for batch in self._core.flush()]

    def finish(self) -> list[Decoded]:
        """End everything: fragments, connections, the last batch. Raises NotACapture as `open` does."""
        self._open = False
        return [_decoded(batch) for batch in self._core.finish()]

    @property
    def ledger(self) -> Ledger:
        total, frames, notes = self._core.ledger
        return Ledger(total, dict(sorted(frames.items())), dict(sorted(notes.items())))

    @property
    def interfaces(self) -> Sequence[InterfaceInfo]:
        return tuple(InterfaceInfo(**info) for info in self._core.interfaces)

    @property
    def captures(self) -> Sequence[CaptureInfo]:
        return tuple(CaptureInfo(**info) for info in self._core.captures)


def _size(value: int) -> int:
    """A bound that a machine word can hold."""
    return max(0, min(value, MAX_SIZE))


@lru_cache(maxsize=1)
def _zeros(rows: int) -> Mapping[str, Array]:
    """Columns of zeros by dtype, shared by all that are zero throughout: untouched, they take no memory."""
    found = {dtype: np.zeros(rows, dtype) for dtype in ("u1", "u2", "u4", "u8", "i8")}
    for column in found.values():
        column.flags.writeable = False  # as those that the crate filled
    return found


def _table(kind: type[T], rows: int, columns: Mapping[str, memoryview]) -> T:
    if not rows:
        return kind()
    zeros = _zeros(1 << (rows - 1).bit_length())
    return kind(
        {
            column.name: np.frombuffer(columns[column.name], column.dtype)
            if column.name in columns
            else zeros[column.dtype][:rows]
            for column in kind.COLUMNS
        }
    )


def _decoded(batch: tuple[Any, ...]) -> Decoded:
    messages, (first, parent, ends, labels), addresses, answers, connections, quotes, wire = batch
    return Decoded(
        _table(MessageBatch, *messages),
        NewNames(first, np.frombuffer(parent, np.uint32), np.frombuffer(ends, np.uint32), labels),
        NewAddresses(*addresses),
        _table(AnswerBatch, *answers),
        _table(ConnectionBatch, *connections),
        _table(QuoteBatch, *quotes),
        wire,
    )
