"""Both decoders on every capture beside the checkout: `python -m tests.shared.differential [--max-bytes N] [--chunk N] FOLDER|FILE…`.

Prints one line per capture where they disagree and ends with 1 if there is any. Folders are searched for captures;
compressed ones are opened as `capture.files` would.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import lzma
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from analyzer.decode.reference import ReferenceDecoder
from tests.decode.runs import differences, native_class, said

__all__ = ["captures_in", "disagreements", "main", "octets"]

NO_CAPTURES = {".tsv", ".json", ".log", ".md", ".py", ".txt"}


def octets(path: Path) -> bytes:
    """A capture's octets, decompressed; what does not decompress is given as it is."""
    data = path.read_bytes()
    try:
        if data.startswith(b"\x1f\x8b"):
            return gzip.decompress(data)
        if data.startswith(b"BZh"):
            return bz2.decompress(data)
        if data.startswith(b"\xfd7zXZ"):
            return lzma.decompress(data)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            import zstandard

            return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()
        if data.startswith(b"\x04\x22\x4d\x18"):
            import lz4.frame

            return bytes(lz4.frame.decompress(data))
    except (OSError, EOFError, lzma.LZMAError):
        pass
    return data


def captures_in(folder: Path, most: int) -> Iterator[Path]:
    """Files that may be captures, smallest first, none above `most` octets."""
    found = [folder] if folder.is_file() else [p for p in folder.iterdir() if p.is_file()]
    sized = sorted((p.stat().st_size, p) for p in found if p.suffix not in NO_CAPTURES)
    return (path for size, path in sized if size <= most)


def disagreements(path: Path, chunk: int = 0) -> list[str]:
    """Where the decoders disagree about one capture, in words."""
    data = octets(path)
    return differences(
        said(ReferenceDecoder, data, answers=True), said(native_class(), data, chunk=chunk, answers=True)
    )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-bytes", type=int, default=1 << 40)
    parser.add_argument("--chunk", type=int, default=0, help="feed the native decoder in pieces of this size")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this time")
    parser.add_argument("paths", nargs="+", type=Path)
    args = parser.parse_args(argv)
    began, read, bad = time.monotonic(), 0, 0
    for folder in args.paths:
        for path in captures_in(folder, args.max_bytes):
            if time.monotonic() - began > args.seconds:
                break
            found = disagreements(path, args.chunk)
            read, bad = read + 1, bad + bool(found)
            for line in found:
                sys.stdout.write(f"{path.name}: {line}" + "\n")
    sys.stdout.write(f"{read} captures, {bad} disagreements" + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
