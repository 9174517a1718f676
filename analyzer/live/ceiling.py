"""The ceiling that `--memory` states, held: what this process takes is looked at, and what can go goes before it is reached.

Caps make everything finite; what they add up to depends on the traffic. So the sum itself is watched. glibc keeps what was
freed for later, in pieces between what is still used, so first it is asked to give that back.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["Ceiling", "few_arenas"]

_STATM: Final = Path("/proc/self/statm")
_TRIM: Final = 0.45  # of the ceiling: freed memory is given back
_SHED: Final = 0.6  # something has to go: a judgement takes some more for a moment
_STEP: Final = 0.05  # looked at again after so much more
_MMAP_THRESHOLD: Final = -3  # mallopt(3), malloc.h
_ARENAS: Final = -8
_LARGE: Final = 8 << 20


class Ceiling:
    """Holds the process below `octets`. `own` says how much it takes now."""

    def __init__(self, octets: int, own: Callable[[], int] | None = None) -> None:
        self._octets, self._own = octets, own or _resident
        self._next = _TRIM * octets
        self.sheds = 0  # how often something had to go

    def hold(self, shed: Callable[[], None]) -> None:
        """Give back what is free; where that is not enough, `shed` once: called again soon."""
        if self._own() < self._next:
            return
        _trim()
        if self._own() >= _SHED * self._octets:
            self.sheds += 1
            shed()
            _trim()
        self._next = max(_TRIM * self._octets, self._own() + _STEP * self._octets)


def _resident() -> int:
    """Octets of memory in use; 0 where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def _trim() -> None:
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))


def few_arenas() -> None:
    """Have the C library keep less for later: large arrays go back at once, and threads share one heap."""
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(ctypes.c_int(_ARENAS), ctypes.c_int(1))
        mallopt(ctypes.c_int(_MMAP_THRESHOLD), ctypes.c_int(_LARGE))
