"""How a run ends: exit codes and the one line on stderr."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

__all__ = ["DONE", "ERROR", "INTERRUPTED", "MET", "PARTIAL", "hush", "say", "worst"]

DONE: Final = 0
MET: Final = 1
ERROR: Final = 2
PARTIAL: Final = 3
INTERRUPTED: Final = 130

_PRECEDENCE: Final = (INTERRUPTED, ERROR, MET, PARTIAL, DONE)


def worst(*codes: int) -> int:
    """Of several reasons to end with a code, the one that counts: 130, 2, 1, 3, 0."""
    return min(codes, key=_PRECEDENCE.index, default=DONE)


def say(message: str) -> None:
    """One line on stderr; what a file name or a filter holds of control characters is written out."""
    from analyzer.report.escape import terminal

    try:
        click.echo(f"dnsloupe: {terminal(' '.join(message.split()))}", err=True)
    except OSError:
        return  # nobody listens


def hush() -> None:
    """The reader of our output has gone: let the interpreter's last flush go nowhere, without a word."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
