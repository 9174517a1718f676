"""Every error that dnsloupe raises on purpose.

    DnsloupeError              one line for the user, and the exit code that goes with it
    ├── UsageError             an option, filter or configuration that cannot be used          exit 2
    │   └── FilterError        a BPF expression or DNS-level filter that does not compile      exit 2
    ├── InputError             a file that cannot be read, or is not what it should be         exit 2
    │   ├── NotACapture        bytes that are no pcap, pcapng or compressed capture            exit 2
    │   └── NothingToRead      nothing in the input could be read as DNS                       exit 2
    └── MissingExtra           an optional package, library or program is not there            exit 2

Damaged traffic is data, never an exception: see the ledger and `dns.anomalies`.
"""

from __future__ import annotations

__all__ = [
    "DnsloupeError",
    "FilterError",
    "InputError",
    "MissingExtra",
    "NotACapture",
    "NothingToRead",
    "UsageError",
]


class DnsloupeError(Exception):
    """Base of all: `str(error)` is one line fit for `dnsloupe: …` on stderr."""

    exit_code = 2


class UsageError(DnsloupeError):
    """The user asked for something that cannot be done as asked."""


class FilterError(UsageError):
    """A filter does not compile, or names a host that is in no local table."""


class InputError(DnsloupeError):
    """An input cannot be read; the message starts with the input's name."""


class NotACapture(InputError):
    """The bytes are no capture in any format that dnsloupe reads."""


class NothingToRead(InputError):
    """Frames were read, and none of them held DNS; the message says what was there."""


class MissingExtra(DnsloupeError):
    """Something optional is absent; the message holds the command that installs it."""
