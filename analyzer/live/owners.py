"""Which process owns a socket, from /proc: an address and port lead to an inode, the inode to who holds it open."""

from __future__ import annotations

import contextlib
import ipaddress
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

__all__ = ["owners"]

_TABLES: Final = ("udp", "udp6", "tcp", "tcp6")
_PROCESSES: Final = 20_000  # looked at in one go

Socket = tuple[str, int]


def owners(sockets: Iterable[Socket], proc: Path = Path("/proc")) -> dict[Socket, str]:
    """`name (pid)` for each (address, port) that is a socket of this network namespace; the others are left out."""
    wanted = set(sockets)
    inodes = _inodes(wanted, proc)
    found: dict[Socket, str] = {}
    if not inodes:
        return found
    for pid, inode in _held(proc):
        for socket in inodes.pop(inode, ()):
            found[socket] = f"{_name(proc, pid)} ({pid})"
        if not inodes:
            break
    return found


def _inodes(wanted: set[Socket], proc: Path) -> dict[str, list[Socket]]:
    """Inodes of the wanted sockets. A socket bound to all addresses answers for each of them, if none is more exact."""
    exact: dict[Socket, str] = {}
    wild: dict[int, str] = {}
    ports = {port for _, port in wanted}
    for table in _TABLES:
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if len(words) < 10:
                continue
            address, port = _local(words[1])
            if port not in ports:
                continue
            exact.setdefault((address, port), words[9])
            if address in ("0.0.0.0", "::"):
                wild.setdefault(port, words[9])
    out: dict[str, list[Socket]] = {}
    for socket in wanted:
        inode = exact.get(socket) or wild.get(socket[1])
        if inode and inode != "0":
            out.setdefault(inode, []).append(socket)
    return out


def _local(text: str) -> Socket:
    """`0100007F:0035` in the kernel's own byte order, word by word."""
    digits, _, port = text.partition(":")
    octets = bytes.fromhex(digits)
    if sys.byteorder == "little":
        octets = b"".join(octets[at : at + 4][::-1] for at in range(0, len(octets), 4))
    address = ipaddress.ip_address(octets)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), int(port, 16)


def _held(proc: Path) -> Iterator[tuple[int, str]]:
    """(pid, inode) of every open socket."""
    pids = sorted((int(name) for name in (path.name for path in proc.iterdir()) if name.isdecimal()), reverse=True)
    for pid in pids[:_PROCESSES]:
        with contextlib.suppress(OSError):
            for entry in (proc / str(pid) / "fd").iterdir():
                with contextlib.suppress(OSError):
                    link = str(entry.readlink())
                    if link.startswith("socket:["):
                        yield pid, link[8:-1]


def _name(proc: Path, pid: int) -> str:
    try:
        return (proc / str(pid) / "comm").read_text().strip()
    except OSError:
        return "?"
