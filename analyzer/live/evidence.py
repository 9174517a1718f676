"""Packets on their way to files: all of them in files that rotate, or only the last minute when something is found."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from analyzer.findings import Severity
from analyzer.live.findings_log import Event
from analyzer.live.records import Splitter

__all__ = ["Evidence", "Rules"]


@dataclass(frozen=True, slots=True)
class Rules:
    """When a file ends (octets, seconds; 0: never); with `ring_s` only so many seconds are kept, until a finding."""

    rotate_size: int = 0
    rotate_s: float = 0
    ring_s: float = 0
    ring_octets: int = 32 << 20
    severity: Severity = Severity.HIGH


class Evidence:
    """Takes the stream's octets. `open_file(number)` gives a descriptor to write to, numbers from 1."""

    def __init__(
        self, open_file: Callable[[int], int], rules: Rules, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_file, self._rules, self._clock = open_file, rules, clock
        self._splitter = Splitter()
        self._fd: int | None = None
        self._number = 0
        self._size, self._since = 0, 0.0
        self._head = (0, 0)  # section and octets of the head that the open file holds
        self._ring: deque[tuple[float, bytes]] = deque()
        self._ring_size = 0
        self._dumped = float("-inf")
        self._grave: set[str] = set()  # findings that are there and grave: of those that are followed, so bounded
        self.written = 0
        self.failed = ""  # why nothing is written any more
        self.left_out = 0  # octets that fell out of the ring before their time

    @property
    def files(self) -> int:
        """How many files were begun."""
        return self._number

    def take(self, octets: bytes) -> None:
        """Write or keep what came."""
        records = self._splitter.feed(octets)
        if self._splitter.broken and not self.failed:
            self.failed = "the stream is damaged, so what follows is not written"
        if self.failed or not self._splitter.head:
            return
        if self._rules.ring_s:
            self._keep(records)
        else:
            self._guarded(lambda: self._append(records))

    def found(self, event: Event) -> bool:
        """Write the ring where a finding is, or has become, grave enough, at most once in a ring's time. Whether it was."""
        key, now = event.finding.key, self._clock()
        if not self._rules.ring_s or event.kind == "cleared" or event.finding.severity < self._rules.severity:
            self._grave.discard(key)
            return False
        fresh = key not in self._grave
        self._grave.add(key)
        if not fresh or now - self._dumped < self._rules.ring_s or self.failed or not self._splitter.head:
            return False
        self._dumped = now
        self._guarded(self._dump)
        return not self.failed

    def close(self) -> None:
        """End the open file."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            self._guarded(lambda: os.close(fd))

    def _guarded(self, work: Callable[[], None]) -> None:
        """A full disk ends the writing, never the watching."""
        try:
            work()
        except OSError as error:
            name = f"{error.filename}: " if isinstance(error.filename, str) else ""
            self.failed = (
                f"{name}{(error.strerror or str(error)).lower()} after {self.written:,} octets; watching goes on"
            )
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def _append(self, records: bytes) -> None:
        """Write to the file that is open; with a size, as many whole records at a time as a file has room for."""
        while self._rules.rotate_size and len(records) > self._rules.rotate_size:
            cut = self._splitter.whole(records, self._rules.rotate_size)
            self._append_to_one(records[:cut])
            records = records[cut:]
        self._append_to_one(records)

    def _append_to_one(self, records: bytes) -> None:
        rules, now = self._rules, self._clock()
        full = (
            rules.rotate_size
            and self._size + len(records) > rules.rotate_size
            and self._size > len(self._splitter.head)
        )
        old = rules.rotate_s and now - self._since >= rules.rotate_s
        if self._fd is None or full or old:
            self._begin(now)
        section, octets = self._head
        if section != self._splitter.section:
            octets = 0
        self._write(self._splitter.head[octets:])
        self._head = self._splitter.section, len(self._splitter.head)
        self._write(records)

    def _begin(self, now: float) -> None:
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)
        self._number += 1
        self._fd = self._open_file(self._number)
        self._size, self._since, self._head = 0, now, (0, 0)

    def _write(self, octets: bytes) -> None:
        view = memoryview(octets)
        while view:
            assert self._fd is not None
            done = os.write(self._fd, view)
            view = view[done:]
            self._size += done
            self.written += done

    def _keep(self, records: bytes) -> None:
        now = self._clock()
        if records:
            self._ring.append((now, records))
            self._ring_size += len(records)
        while self._ring and (now - self._ring[0][0] > self._rules.ring_s or self._ring_size > self._rules.ring_octets):
            since, gone = self._ring.popleft()
            self._ring_size -= len(gone)
            self.left_out += len(gone) if now - since <= self._rules.ring_s else 0

    def _dump(self) -> None:
        self._begin(self._clock())
        self._write(self._splitter.head)
        for _, records in self._ring:
            self._write(records)
        self.close()
