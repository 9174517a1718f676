"""Inputs: files and standard input, opened by content, put in order of time, and grouped into chains.

A chain is a run of files that follow one another in time, as the files of a rotated ring do: TCP streams and fragments
continue from each to the next. Files that overlap in time (the same hour of several nodes) are in chains of their own.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from analyzer.capture.compression import Inflater, format_of
from analyzer.capture.times import HEAD, TAIL, first_time, last_time
from analyzer.errors import InputError

__all__ = ["Inputs", "Source", "sources"]

READ: Final = 1 << 20
SLACK_NS: Final = 1_000_000_000  # files of a ring may overlap by what capture order is off at most


@dataclass(slots=True)
class Source:
    """One input. `name` is as given (`-` for standard input), `size` its octets on disk where known.

    Read it once, by `chunks()`; `damage` is then empty, or says how the compressed stream broke off.
    `first_ns`, `last_ns` are where the input could be looked at beforehand, else None.
    """

    name: str
    size: int | None = None
    compression: str = ""
    first_ns: int | None = None
    last_ns: int | None = None
    damage: str = ""
    consumed: int = 0  # octets read so far, before decompression
    _pending: tuple[bytes, BinaryIO] | None = None  # what cannot be opened again: its first octets, and the rest

    def chunks(self) -> Iterator[bytes]:
        """The capture's octets, decompressed, in pieces of about a MiB. Raises InputError where reading fails."""
        inflater = Inflater(self.compression) if self.compression else None
        for piece in self._raw():
            if inflater is None:
                yield piece
                continue
            yield from _gathered(inflater.feed(piece))
            if inflater.damage:
                break
        if inflater is not None:
            inflater.finish()
            self.damage = inflater.damage

    def _raw(self) -> Iterator[bytes]:
        with _naming(self.name):
            pending, self._pending = self._pending, None
            head, file = pending or (b"", _open(self.name))
            with contextlib.closing(file) if file is not sys.stdin.buffer else contextlib.nullcontext():
                if head:
                    self.consumed += len(head)
                    yield head
                while piece := os.read(file.fileno(), READ):
                    self.consumed += len(piece)
                    yield piece


@dataclass(slots=True)
class Inputs:
    """All inputs that could be opened, in chains, each with its number in order of time; and why the others could not."""

    chains: list[list[tuple[int, Source]]] = field(default_factory=list)
    failed: list[InputError] = field(default_factory=list)

    @property
    def size(self) -> int | None:
        """Octets of all inputs on disk, None where one does not tell."""
        sizes = [source.size for chain in self.chains for _, source in chain]
        return None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def consumed(self) -> int:
        """Octets read so far, to be held against `size`."""
        return sum(source.consumed for chain in self.chains for _, source in chain)


def sources(paths: Sequence[str]) -> Inputs:
    """Open every path, order them by their first packet, and find what follows what.

    Raises InputError where none can be opened; where some can, the others are in `failed`.
    """
    opened: list[Source] = []
    failed: list[InputError] = []
    for path in paths:
        try:
            opened.append(_source(path, alone=len(paths) == 1))
        except InputError as error:
            failed.append(error)
    if not opened:
        raise failed[0] if failed else InputError("no input given")
    known = sorted((s for s in opened if s.first_ns is not None), key=lambda s: s.first_ns or 0)
    ordered = [*known, *(s for s in opened if s.first_ns is None)]
    return Inputs(_chained(list(enumerate(ordered))), failed)


def _chained(numbered: list[tuple[int, Source]]) -> list[list[tuple[int, Source]]]:
    """Each file goes behind the file that it follows in time; of several, behind the one whose name is most like its own."""
    chains: list[list[tuple[int, Source]]] = []
    for number, source in numbered:
        behind = [chain for chain in chains if _follows(source, chain[-1][1])]
        if behind:
            like = max(behind, key=lambda c: (_shared(c[-1][1].name, source.name), c[-1][0]))
            like.append((number, source))
        else:
            chains.append([(number, source)])
    return chains


def _follows(later: Source, earlier: Source) -> bool:
    if later.first_ns is None or earlier.last_ns is None:
        return False
    return later.first_ns >= earlier.last_ns - SLACK_NS


def _shared(one: str, other: str) -> int:
    """How many characters two names share at their beginning."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _source(name: str, alone: bool) -> Source:
    """Look at the beginning of one input, and, if it must be put in order with others, at its end."""
    with _naming(name):
        file = _open(name)
        if file is sys.stdin.buffer or not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return _piped(name, file)
        with file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(HEAD)
            if not head:
                raise InputError(f"{name}: the file is empty")
            source = Source(name, size, format_of(head))
            if not source.compression and not alone:
                source.first_ns = first_time(head)
                file.seek(max(0, size - TAIL))
                source.last_ns = last_time(head, file.read(TAIL))
    if source.compression and not alone:
        _look_inside(source)
    return source


def _piped(name: str, file: BinaryIO) -> Source:
    """An input that can be read only once: its first octets are kept."""
    head = b""
    while len(head) < 6 and (piece := os.read(file.fileno(), READ)):
        head += piece
    if not head:
        if file is not sys.stdin.buffer:
            file.close()
        raise InputError(f"{name}: the input is empty")
    return Source(name, None, format_of(head), _pending=(head, file))


def _look_inside(source: Source) -> None:
    """First and last time of a compressed file: it is unpacked once more for it, only its ends are kept."""
    head = b""
    tail: deque[bytes] = deque()
    kept = 0
    for chunk in source.chunks():
        head = head if len(head) >= HEAD else head + chunk[:HEAD]
        tail.append(chunk)
        kept += len(chunk)
        while kept - len(tail[0]) >= TAIL:
            kept -= len(tail.popleft())
    source.first_ns, source.last_ns = first_time(head), last_time(head, b"".join(tail)[-TAIL:])
    source.consumed, source.damage = 0, ""


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces joined to about a MiB, so that each costs the decoder little."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= READ:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _open(name: str) -> BinaryIO:
    """The input, unbuffered: pieces come as they are, so that a pipe is read as it fills."""
    if name != "-":
        return Path(name).open("rb", buffering=0)
    if sys.stdin.isatty():
        raise InputError("-: standard input is a terminal; give a file, or pipe a capture in")
    return sys.stdin.buffer


@contextlib.contextmanager
def _naming(name: str) -> Iterator[None]:
    """System errors as one line that begins with the input's name."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{name}: {reason[:1].lower()}{reason[1:]}") from error
    except ValueError as error:  # a NUL in the name
        raise InputError(f"{name!r}: {error}") from error
