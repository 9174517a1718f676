"""Capture filters in tcpdump's language, compiled by libpcap for each link type; decoders run the programs.

libpcap is reached through ctypes. A link type is told to it by the header of an empty savefile, so that expressions mean
here exactly what they mean to `tcpdump -r`: what only works on a live interface is refused in the same words.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import struct
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from analyzer.capture.expressions import resolved
from analyzer.errors import FilterError, MissingExtra

__all__ = ["LINKTYPES", "libpcap_version", "programs"]

_READ: Final = (1, 113, 276, 101, 0, 108, 12, 14, 228, 229, 105, 127, 192, 104, 107, 9, 50, 51, 239, 258, 253)
LINKTYPES: Final = (*_READ, *(number for number in range(300) if number not in _READ))
"""Link types that a filter is compiled for (LINKTYPE_ numbers): those that decoders read, Ethernet first, because its errors
are the ones that people know; then all others, so that a filter leaves the same frames as with tcpdump, readable or not."""

NO_NETMASK: Final = 0  # what `tcpdump -r` passes, so `ip broadcast` compiles
REJECT_ALL: Final = struct.pack("=HBBI", 6, 0, 0, 0)  # ret #0
_NAMES: Final = ("libpcap.so.1", "libpcap.so.0.8", "libpcap.so")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.c_void_p))


@functools.cache
def _library() -> ctypes.CDLL:
    for name in (*_NAMES, ctypes.util.find_library("pcap")):
        try:
            library = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if library is not None:
            return _declared(library)
    raise MissingExtra(
        "filters (-f) need libpcap, which is not installed: apt install libpcap0.8, dnf install libpcap, apk add libpcap"
    )


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    library.pcap_open_offline.restype = ctypes.c_void_p
    library.pcap_open_offline.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    library.pcap_compile.restype = ctypes.c_int
    library.pcap_compile.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(_Program),
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_uint32,
    ]
    library.pcap_geterr.restype = ctypes.c_char_p
    library.pcap_geterr.argtypes = [ctypes.c_void_p]
    library.pcap_freecode.restype = None
    library.pcap_freecode.argtypes = [ctypes.POINTER(_Program)]
    library.pcap_close.restype = None
    library.pcap_close.argtypes = [ctypes.c_void_p]
    library.pcap_lib_version.restype = ctypes.c_char_p
    return library


def libpcap_version() -> str:
    """What libpcap says of itself. Raises MissingExtra where it is not there."""
    return str(_library().pcap_lib_version().decode("ascii", "replace"))


def programs(
    expression: str, hosts: Mapping[str, Sequence[str]] | None = None, linktypes: Iterable[int] = LINKTYPES
) -> dict[int, bytes]:
    """The expression as a BPF program (packed `struct bpf_insn`) for each link type that it has a meaning for.

    Host names come from `hosts` (name to addresses) and /etc/hosts, never from DNS. Raises FilterError where the
    expression compiles for none of the link types, or matches no frame of any; MissingExtra without libpcap.
    """
    library = _library()
    compiled: dict[int, bytes] = {}
    errors: list[str] = []
    empty: list[int] = []
    text = resolved(expression, hosts)
    for linktype in linktypes:
        code, error = _compile(library, linktype, text)
        if code is not None:
            compiled[linktype] = code
        elif "rejects all packets" in error:
            empty.append(linktype)
        elif "syntax error" in error:
            raise FilterError(f"filter {expression!r}: {error}")
        else:
            errors.append(error)
    if not compiled:
        raise FilterError(f"filter {expression!r}: {errors[0] if errors else 'expression rejects all packets'}")
    return compiled | dict.fromkeys(empty, REJECT_ALL)


def _compile(library: Any, linktype: int, expression: str) -> tuple[bytes | None, str]:
    """A program, or why there is none."""
    header = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, linktype)
    with tempfile.NamedTemporaryFile(prefix="dnsloupe-", suffix=".pcap") as file:
        file.write(header)
        file.flush()
        reason = ctypes.create_string_buffer(256)
        handle = library.pcap_open_offline(file.name.encode(sys.getfilesystemencoding()), reason)
    if not handle:
        return None, _line(reason.value)
    program = _Program()
    try:
        if library.pcap_compile(handle, ctypes.byref(program), expression.encode(), 1, NO_NETMASK):
            return None, _line(library.pcap_geterr(handle))
        return ctypes.string_at(program.instructions, 8 * program.length), ""
    finally:
        library.pcap_freecode(ctypes.byref(program))
        library.pcap_close(handle)


def _line(message: bytes) -> str:
    return " ".join(message.decode("utf-8", "replace").split())
