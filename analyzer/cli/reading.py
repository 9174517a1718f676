"""What commands do around reading captures: progress, the end of a run, and never an empty success."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyzer.cli.exits import DONE, PARTIAL, say

if TYPE_CHECKING:
    from analyzer.messages import InterfaceInfo, Ledger
    from analyzer.pipeline import Progress, Reading

__all__ = ["ended", "patience", "progress_bar", "shortfall"]

PATIENCE_S = 1.0  # work that is done sooner shows no progress


def ended(reading: Reading, strict: bool) -> int:
    """The exit code of a run that read to its end; what was not read is said on stderr."""
    lines = [*reading.damage, *(shortfall(reading.ledger, reading.interfaces) if strict else [])]
    for line in lines:
        say(line)
    return PARTIAL if lines else DONE


def shortfall(ledger: Ledger, interfaces: list[InterfaceInfo]) -> list[str]:
    """What `--strict` does not let pass: frames that could not be read, and packets that the capture lost."""
    from analyzer.report.ledger import drops, skipped

    lines = [f"strict: {count} frames {reason}" for reason, count in skipped(ledger).items()]
    lost = drops(interfaces)
    return [*lines, f"strict: {lost} packets lost while capturing"] if lost else lines


@contextmanager
def patience(kind: str) -> Iterator[None]:
    """Say once on stderr that the Python decoder is at work, where it was not asked for and takes over a second."""
    from analyzer.decode import native_error

    if kind != "auto" or native_error() is None:
        yield
        return
    note = "reading with the Python decoder, some two hundred times slower than the native one (dnsloupe doctor)"
    timer = threading.Timer(PATIENCE_S, say, (note,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def progress_bar(paths: tuple[str, ...], quiet: bool) -> Iterator[Progress | None]:
    """A bar on stderr with rate and time left, for work over a second; nothing where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(_size(paths))
    try:
        yield bar.add
    finally:
        bar.close()


def _size(paths: tuple[str, ...]) -> int | None:
    """Octets of all inputs, where they are plain files: what is compressed grows by an unknown factor."""
    from analyzer.capture.files import sources

    try:
        inputs = sources([path for path in paths if path != "-"])
    except Exception:  # the reading itself says what is wrong
        return None
    plain = all(not source.compression for chain in inputs.chains for _, source in chain)
    return inputs.size if plain and "-" not in paths else None


class _Bar:
    """Drawn at most five times a second."""

    def __init__(self, total: int | None) -> None:
        self._total, self._done = total, 0
        self._began = self._drawn = time.monotonic()
        self._shown = False

    def add(self, octets: int) -> None:
        """Count octets, and draw where it is time."""
        self._done += octets
        now = time.monotonic()
        if now - self._began >= PATIENCE_S and now - self._drawn >= 0.2:
            self._drawn, self._shown = now, True
            sys.stderr.write(f"\r\x1b[K{self._line(now - self._began)}")
            sys.stderr.flush()

    def _line(self, elapsed: float) -> str:
        rate = self._done / elapsed
        text = f"{self._done / 1e6:.0f} MB, {rate / 1e6:.0f} MB/s"
        if not self._total:
            return f"read {text}"
        share = min(1.0, self._done / self._total)
        left = (self._total - self._done) / rate if rate else 0
        return f"[{'#' * round(30 * share):30}] {share:4.0%}  {text}, {max(0, left):.0f} s left"

    def close(self) -> None:
        """Leave an empty line behind."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
