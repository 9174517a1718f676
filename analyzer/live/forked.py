"""A program that is a function of ours: forked, not executed, so that it needs no file that its account may not read."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

__all__ = ["Forked"]

_STEP_S = 0.02


class Forked:
    """`work` in a child with these descriptors as standard output and error; the face of `subprocess.Popen` that is needed."""

    def __init__(self, work: Callable[[], int], out: int, err: int) -> None:
        self._status: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            code = 70  # sysexits.h: a bug of ours
            try:
                for fd, stream in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
                    os.dup2(fd, stream)
                os.closerange(3, 64)  # the keeper's ends of what is not ours: they would never be seen to close
                sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
                code = work()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)

    def poll(self) -> int | None:
        """The exit status (negative: the signal that ended it), None while it runs."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired("scapy", timeout or 0)
            time.sleep(_STEP_S)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal while it runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
