"""Capture where neither tcpdump nor dumpcap is installed: scapy's socket, run by the keeper as a program like those.

`python -m analyzer.live.fallback INTERFACE COUNT FILTER` writes pcap to standard output until it is stopped. The one file
that imports scapy, which is GPL-2.0 and only comes with the extra `live`.
"""

from __future__ import annotations

import contextlib
import select
import signal
import struct
import sys
import time
from typing import Any, BinaryIO, Final

__all__ = ["main"]

_HEADER: Final = struct.Struct("=IHHiIII")
_RECORD: Final = struct.Struct("=IIII")
_NANOSECONDS: Final = 0xA1B23C4D
_SNAPLEN: Final = 262_144


def main(argv: list[str]) -> int:
    """Capture; the exit code."""
    interface, count, bpf = argv[0], int(argv[1]), argv[2]
    try:
        sock, linktype = _open(interface, bpf)
    except PermissionError:
        sys.stderr.write("You don't have permission to capture on that device\n")
        return 1
    except Exception as error:  # scapy raises its own kinds, for a filter too
        sys.stderr.write(f"scapy: {' '.join(str(error).split())}\n")
        return 1
    going = [True]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: going.clear())
    with contextlib.suppress(BrokenPipeError):
        captured = _copy(sock, sys.stdout.buffer, linktype, count, going)
        sys.stderr.write(f"{captured} packets captured\n")
    return 0


def _open(interface: str, bpf: str) -> tuple[Any, int]:
    """A listening socket, its filter compiled by libpcap, and the link type."""
    import logging

    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    from scapy.arch.linux import L2ListenSocket
    from scapy.config import conf
    from scapy.interfaces import resolve_iface

    sock = L2ListenSocket(iface=resolve_iface(interface), filter=bpf)
    return sock, conf.l2types.layer2num.get(sock.LL, 1)


def _copy(sock: Any, out: BinaryIO, linktype: int, count: int, going: list[bool]) -> int:
    """Write what comes, and flush whenever nothing waits."""
    out.write(_HEADER.pack(_NANOSECONDS, 2, 4, 0, 0, _SNAPLEN, linktype))
    out.flush()
    captured = 0
    while going and not (count and captured >= count):
        if not select.select([sock], [], [], 0.2)[0]:
            out.flush()
            continue
        _, octets, stamp = sock.recv_raw()
        if not octets:
            continue
        seconds, fraction = divmod(float(stamp or time.time()), 1)
        out.write(_RECORD.pack(int(seconds), int(fraction * 1e9), len(octets), len(octets)) + octets)
        captured += 1
    out.flush()
    return captured


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
