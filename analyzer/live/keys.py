"""Keys as they are pressed: the terminal without line editing while the view is up, and as it was before in any case."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import tty
from collections.abc import Iterator
from typing import Final

__all__ = ["Keys", "names"]

_KEY: Final = re.compile(rb"\x1b[\[O][0-9;]*[A-Za-z~]|[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]*")

_NAMES: Final = {
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1bOA": "up",
    b"\x1bOB": "down",
    b"\x1b[C": "right",
    b"\x1b[D": "left",
    b"\x1b": "escape",
    b"\r": "enter",
    b"\n": "enter",
    b"\t": "tab",
    b"\x7f": "backspace",
    b"\x08": "backspace",
}


class Keys:
    """Reads single keys from standard input, if it is a terminal. Ctrl-C and Ctrl-Z stay signals."""

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._before = termios.tcgetattr(self._fd) if self._fd is not None else None

    def begin(self) -> None:
        """Take single keys."""
        if self._fd is not None:
            with contextlib.suppress(termios.error):
                tty.setcbreak(self._fd)

    def restore(self) -> None:
        """As it was."""
        if self._fd is not None and self._before is not None:
            with contextlib.suppress(termios.error):  # the terminal may be gone
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def pressed(self) -> Iterator[str]:
        """Names of the keys that wait: `up`, `enter`, …, or the character itself."""
        while self._fd is not None and select.select([self._fd], [], [], 0)[0]:
            try:
                octets = os.read(self._fd, 32)
            except OSError:
                octets = b""
            if not octets:
                self._fd = None  # hung up
                return
            yield from names(octets)


def names(octets: bytes) -> Iterator[str]:
    """What was pressed, as far as it is known; several keys may come at once, as over a slow line."""
    for match in _KEY.finditer(octets):
        key = match[0]
        if key in _NAMES:
            yield _NAMES[key]
        elif not key.startswith(b"\x1b"):
            yield from key.decode("utf-8", "ignore")
