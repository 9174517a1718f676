"""Capture where neither tcpdump nor dumpcap is installed: scapy's socket, run by the keeper as a program like those.

Its arguments are INTERFACE COUNT SNAPLEN BUFFER PROMISCUOUS FILTER (KiB, 0 or 1); it writes pcap to standard output until it is stopped. The one file
that imports scapy, which is GPL-2.0 and only comes with the extra `live`.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

__all__ = ["main"]

_HEADER: Final = struct.Struct("=IHHiIII")
_RECORD: Final = struct.Struct("=IIII")
_NANOSECONDS: Final = 0xA1B23C4D
_SNAPLEN: Final = 262_144
_SOL_PACKET: Final = 263  # linux/socket.h
_PACKET_STATISTICS: Final = 6  # packet(7)
_RCVBUFFORCE: Final = 33  # socket(7)
_PACKET_IGNORE_OUTGOING: Final = 23
_NET: Final = Path("/sys/class/net")
_LOOPBACK: Final = "772"  # ARPHRD_LOOPBACK, linux/if_arp.h
_SAY_S: Final = 5.0


def main(argv: Sequence[str], opened: Callable[[], None] = lambda: None) -> int:
    """Capture; the exit code. `opened` is called when the socket is open, before the first packet is read."""
    interface, (count, snaplen, buffer_kib, promiscuous), bpf = argv[0], map(int, argv[1:5]), argv[5]
    try:
        sock, linktype = _open(interface, bpf, bool(promiscuous))
        _widen(sock.ins, buffer_kib)
        opened()
    except PermissionError:
        sys.stderr.write("You don't have permission to capture on that device\n")
        return 1
    except Exception as error:  # scapy raises its own kinds, for a filter too
        sys.stderr.write(f"scapy: {' '.join(str(error).split())}\n")
        return 1
    going = [True]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: going.clear())
    tally = Tally(sock.ins)
    try:
        _copy(sock, sys.stdout.buffer, linktype, count, going, tally, snaplen)
    except BrokenPipeError:
        pass
    except OSError as error:
        sys.stderr.write(f"scapy: {interface}: {(error.strerror or str(error)).lower()}\n")
        return 1
    finally:
        tally.say()
    return 0


def _open(interface: str, bpf: str, promiscuous: bool) -> tuple[Any, int]:
    """A listening socket, its filter compiled by libpcap, and the link type."""
    import logging

    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    from scapy.arch.linux import L2ListenSocket
    from scapy.config import conf
    from scapy.interfaces import resolve_iface

    sock = L2ListenSocket(iface=resolve_iface(interface), filter=bpf, promisc=promiscuous)
    if (_NET / interface / "type").read_text().strip() == _LOOPBACK:
        with contextlib.suppress(OSError):  # what goes out comes in again
            sock.ins.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    return sock, conf.l2types.layer2num.get(sock.LL, 1)


def _widen(sock: socket.socket, buffer_kib: int) -> None:
    """The kernel's buffer, if need be beyond what it allows others (which takes CAP_NET_ADMIN)."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, buffer_kib << 10)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_kib << 10)


class Tally:
    """What tcpdump says at its end, in its words; said every few seconds, as nobody asks."""

    def __init__(self, sock: socket.socket | None = None) -> None:
        self._sock, self._said = sock, time.monotonic()
        self.captured = self.received = self.dropped = 0

    def look(self) -> None:
        """Say it where it was last said some time ago."""
        if time.monotonic() - self._said >= _SAY_S:
            self._said = time.monotonic()
            self.say()

    def say(self) -> None:
        """Write the counters to standard error; the kernel's begin anew each time they are read."""
        if self._sock is not None:
            with contextlib.suppress(OSError):
                octets = self._sock.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
                received, dropped = struct.unpack("=II", octets)
                self.received, self.dropped = self.received + received, self.dropped + dropped
        words = (
            (self.captured, "captured"),
            (self.received, "received by filter"),
            (self.dropped, "dropped by kernel"),
        )
        sys.stderr.write("".join(f"{count} packets {word}\n" for count, word in words))
        sys.stderr.flush()


def _copy(
    sock: Any, out: BinaryIO, linktype: int, count: int, going: list[bool], tally: Tally, snaplen: int = _SNAPLEN
) -> None:
    """Write what comes, and flush whenever nothing waits."""
    out.write(_HEADER.pack(_NANOSECONDS, 2, 4, 0, 0, snaplen, linktype))
    out.flush()
    while going and not (count and tally.captured >= count):
        tally.look()
        if not select.select([sock], [], [], 0)[0]:
            out.flush()
            select.select([sock], [], [], 0.2)
            continue
        _, octets, stamp = sock.recv_raw()
        if not octets:
            continue
        seconds, fraction = divmod(float(stamp or time.time()), 1)
        out.write(_RECORD.pack(int(seconds), int(fraction * 1e9), min(len(octets), snaplen), len(octets)))
        out.write(octets[:snaplen])
        tally.captured += 1
    out.flush()
