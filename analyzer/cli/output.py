"""Where results go: standard output, or a file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from analyzer.errors import InputError

__all__ = ["open_output"]


@contextlib.contextmanager
def open_output(path: str | None) -> Iterator[TextIO]:
    """A text stream in UTF-8 whatever the locale says. Raises InputError where the file cannot be written."""
    if path is None or path == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        with Path(path).open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            yield stream
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
