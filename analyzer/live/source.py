"""Octets on their way in: a thread empties the pipe while the analysis thinks, up to a bound; then the pipe fills up."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Final

__all__ = ["Source"]

_CHUNK: Final = 256 * 1024


class Source:
    """Reads a descriptor to its end. At most about `limit` octets wait here; past that the writer waits."""

    def __init__(self, fd: int, limit: int) -> None:
        self._fd, self._limit = fd, limit
        self._ready: deque[bytes] = deque()
        self._waiting = 0
        self._ended = False
        self._change = threading.Condition()
        self.full = 0  # how often the writer had to wait
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                octets = os.read(self._fd, _CHUNK)
            except OSError:
                octets = b""
            with self._change:
                self._ended = not octets
                if octets:
                    self._ready.append(octets)
                    self._waiting += len(octets)
                self._change.notify_all()
                if self._ended:
                    return
                self.full += self._waiting > self._limit
                while self._waiting > self._limit:
                    self._change.wait()

    def wait_for(self, timeout: float, enough: int) -> None:
        """Wait until `enough` octets are here, or all, but not longer than `timeout` seconds."""
        with self._change:
            self._change.wait_for(lambda: self._ended or self._waiting >= enough, timeout)

    def take(self, timeout: float) -> list[bytes]:
        """What has come, at once; after `timeout` seconds without anything, nothing."""
        with self._change:
            if not self._ready and not self._ended and timeout:
                self._change.wait(timeout)
            return self._drained()

    @property
    def waiting(self) -> int:
        """Octets that have come and were not taken."""
        return self._waiting

    def _drained(self) -> list[bytes]:
        out = list(self._ready)
        self._ready.clear()
        self._waiting = 0
        self._change.notify_all()
        return out

    @property
    def ended(self) -> bool:
        """Whether nothing more will come and all was taken."""
        with self._change:
            return self._ended and not self._ready
