"""Compressed streams, recognised by their content: one bounded piece in, bounded pieces out.

A stream that breaks off or is damaged gives what came before, and says so in `damage`. Nothing here trusts the input: a
decompression bomb costs time, never memory, because no step returns more than a few tens of MiB.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from analyzer.errors import MissingExtra

__all__ = ["Inflater", "format_of"]

STEP: Final = 1 << 20  # octets that one step may return, where the library can be told
ZSTD_PIECE: Final = 1 << 10  # zstandard cannot be told: 1 KiB holds at most 256 RLE blocks of 128 KiB, 32 MiB
LZ4_LEGACY_BLOCK: Final = 8 << 20  # every block of the legacy format but the last is this long when unpacked
MEMORY: Final = 1 << 30  # what an xz or zstd stream may claim for its window

MAGICS: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x02\x21\x4c\x18", "lz4-legacy"),
)


def format_of(head: bytes) -> str:
    """The compression that the first octets announce, or "" for none."""
    if head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50:
        return "zstd"  # a skippable frame, which zstd shares with lz4; pzstd begins its files with one
    return next((name for magic, name in MAGICS if head.startswith(magic)), "")


class _Member(Protocol):
    """One compressed member: what the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def steps(self, data: bytes) -> Iterator[bytes]: ...


class _Stdlib:
    """bz2, lzma and lz4: `decompress(data, max_length)`, which keeps what it was given and could not yet use."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @property
    def eof(self) -> bool:
        return bool(self._engine.eof)

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data or b""

    def steps(self, data: bytes) -> Iterator[bytes]:
        yield self._engine.decompress(data, STEP)
        while not self._engine.eof and not self._engine.needs_input:
            yield self._engine.decompress(b"", STEP)


class _Gzip:
    """zlib hands back what it could not use, and loses a whole step on a damaged one: that step is taken again, slowly."""

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data

    def steps(self, data: bytes) -> Iterator[bytes]:
        while data and not self.eof:
            before = self._engine.copy()
            try:
                out = self._engine.decompress(data, STEP)
            except zlib.error:
                yield from _salvage(before, data)
                raise
            data = self._engine.unconsumed_tail
            yield out


def _salvage(engine: Any, data: bytes) -> Iterator[bytes]:
    """Everything that zlib can give before the octet at which it fails."""
    for size in (4096, 1):
        for at in range(0, len(data), size):
            before = engine.copy()
            try:
                out = engine.decompress(data[at : at + size])
            except zlib.error:
                engine, data = before, data[at : at + size]
                break
            yield out


class _Zstd:
    def __init__(self) -> None:
        try:
            import zstandard
        except ImportError as error:
            raise MissingExtra("a zstd capture needs the package zstandard: pip install zstandard") from error
        self._engine = zstandard.ZstdDecompressor(max_window_size=MEMORY).decompressobj()
        self._left = b""

    @property
    def eof(self) -> bool:
        return bool(self._engine.eof)

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data + self._left

    def steps(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), ZSTD_PIECE):
            yield self._engine.decompress(data[at : at + ZSTD_PIECE])
            if self._engine.eof:
                self._left = data[at + ZSTD_PIECE :]
                return


class _Lz4Legacy:
    """Blocks of a length word and LZ4 data, to the end of the input; a length word beyond any block begins another member."""

    def __init__(self) -> None:
        self._block = _lz4().block
        self._data = b""
        self._header = 4  # octets of the magic still to be skipped
        self.eof = False
        self.unused_data = b""

    @property
    def whole(self) -> bool:
        """Whether the input may end here."""
        return not self._data

    def steps(self, data: bytes) -> Iterator[bytes]:
        self._data += data
        if self._header and len(self._data) >= self._header:
            self._data, self._header = self._data[self._header :], 0
        while not self._header and len(self._data) >= 4:
            size = int.from_bytes(self._data[:4], "little")
            if size > LZ4_LEGACY_BLOCK + LZ4_LEGACY_BLOCK // 255 + 16:
                self.eof, self.unused_data, self._data = True, self._data, b""
                return
            if len(self._data) < 4 + size:
                return
            block, self._data = self._data[4 : 4 + size], self._data[4 + size :]
            yield self._block.decompress(block, uncompressed_size=LZ4_LEGACY_BLOCK)


def _lz4() -> Any:
    try:
        import lz4.block
        import lz4.frame
    except ImportError as error:
        raise MissingExtra("an lz4 capture needs the package lz4: pip install lz4") from error
    return lz4


MEMBERS: Final[dict[str, Callable[[], _Member]]] = {
    "gzip": _Gzip,
    "zstd": _Zstd,
    "xz": lambda: _Stdlib(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)),
    "bzip2": lambda: _Stdlib(bz2.BZ2Decompressor()),
    "lz4": lambda: _Stdlib(_lz4().frame.LZ4FrameDecompressor()),
    "lz4-legacy": _Lz4Legacy,
}


class Inflater:
    """Unpacks one stream of one or more members of a format; `damage` says in words how it broke off, or is empty."""

    def __init__(self, compression: str) -> None:
        self.format = compression
        self.damage = ""
        self._member: _Member | None = None
        self._between = b""  # octets after a member that may begin another one

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The octets that `data` unpacks to, in pieces of bounded size; nothing more once the stream is damaged."""
        while not self.damage and (data or self._between):
            if self._member is None:
                data, self._between = self._begin(self._between + data), b""
                if self._member is None:
                    self._between = data
                    return
            try:
                yield from self._member.steps(data)
            except Exception as error:  # each library has its own; lz4 raises bare RuntimeError
                if isinstance(error, MissingExtra | MemoryError):
                    raise
                self.damage = f"{self.format} data is damaged ({' '.join(str(error).split())})"
                return
            if not self._member.eof:
                return
            data, self._member = bytes(self._member.unused_data), None

    def _begin(self, data: bytes) -> bytes:
        """Start the next member, if these octets begin one; what is left to unpack, or to keep for the next piece."""
        data = data.lstrip(b"\0")  # gzip and xz allow padding after a member
        if len(data) < 6:  # the longest magic
            return data
        if format_of(data) == self.format:
            self._member = MEMBERS[self.format]()
        else:
            self.damage = f"octets after the end of the {self.format} data are no {self.format} member"
        return data

    def finish(self) -> None:
        """The input has ended: note it where that is in the middle of a member."""
        member = self._member
        if self.damage or (member is None and not self._between):
            return
        if isinstance(member, _Lz4Legacy) and member.whole:
            return
        self.damage = f"{self.format} data breaks off"
