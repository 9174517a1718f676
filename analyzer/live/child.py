"""The program that captures: which one, how it is called, what its last words mean."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from analyzer.errors import DnsloupeError, FilterError, InputError, MissingExtra, UsageError

__all__ = [
    "SCAPY",
    "Counters",
    "Wish",
    "Words",
    "command",
    "counted",
    "default_filter",
    "explain",
    "fallback",
    "listing",
    "notable",
    "nothing_captures",
    "program",
]

SCAPY: Final = "scapy"
_NET: Final = Path("/sys/class/net")
_RIGHTS: Final = "sudo setcap cap_net_raw,cap_net_admin+ep {path}"
_WHERE: Final = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
_PACKAGES: Final = "apt install tcpdump, dnf install tcpdump, apk add tcpdump"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to capture: interfaces, the filter with addresses for names, snap length, buffer (KiB), and how."""

    interfaces: tuple[str, ...]
    filter: str
    snaplen: int = 262_144
    buffer_kib: int = 16_384  # tcpdump's 2 MiB is full after a burst of a few thousand answers
    promiscuous: bool = True
    immediate: bool = False
    count: int = 0  # packets, then it ends by itself; 0: never


@dataclass(frozen=True, slots=True)
class Counters:
    """What the program says it did; None where it said nothing."""

    captured: int | None = None
    received: int | None = None
    dropped_kernel: int | None = None
    dropped_interface: int | None = None

    @property
    def drops(self) -> dict[str, int]:
        """Under the names of pcapng's Interface Statistics Block."""
        pairs = {"ifrecv": self.received, "osdrop": self.dropped_kernel, "ifdrop": self.dropped_interface}
        return {name: value for name, value in pairs.items() if value is not None}


def fallback(wish: Wish) -> tuple[str, ...]:
    """The arguments of scapy's socket, where scapy is there; else nothing. Raises UsageError for what it cannot capture."""
    if find_spec("scapy") is None:
        return ()
    if len(wish.interfaces) != 1 or wish.interfaces[0] == "any":
        raise UsageError(f"scapy captures on one interface: -i NAME, or {_PACKAGES}")
    if wish.interfaces[0] not in _names():
        raise UsageError(f"no interface {wish.interfaces[0]!r} (dnsloupe live -D lists them)")
    numbers = (wish.count, wish.snaplen, wish.buffer_kib, int(wish.promiscuous))
    return SCAPY, wish.interfaces[0], *map(str, numbers), wish.filter


def default_filter(ports: Iterable[int] = (53,)) -> str:
    """What to capture for these DNS ports: plain `port 53` would lose ICMP errors and the later fragments of long answers."""
    wanted = " or ".join(f"port {port}" for port in sorted(ports))
    return f"{wanted} or icmp or icmp6 or (ip[6:2] & 0x1fff != 0)"


def program(wish: Wish) -> str | None:
    """The path of tcpdump, or of dumpcap where several interfaces are wanted or tcpdump is missing; None without either.

    tcpdump says while it runs what the kernel dropped; dumpcap reads several interfaces into one stream.
    """
    order = ("dumpcap", "tcpdump") if len(wish.interfaces) > 1 else ("tcpdump", "dumpcap")
    for name in order:
        path = shutil.which(name, path=_WHERE)
        if path and not (name == "tcpdump" and len(wish.interfaces) > 1):
            return path
    if len(wish.interfaces) > 1 and shutil.which("tcpdump"):
        raise MissingExtra(
            "several interfaces need dumpcap (apt install wireshark-common), or capture on one, or on any"
        )
    return None


def command(path: str, wish: Wish) -> list[str]:
    """The program's arguments. Raises UsageError for an interface that is not there."""
    for name in wish.interfaces:
        if name != "any" and name not in _names():
            raise UsageError(f"no interface {name!r} (dnsloupe live -D lists them)")
        if name.startswith("-"):
            raise UsageError(f"no interface {name!r}")
    if Path(path).name == "dumpcap":
        out = [
            path,
            "-q",
            "-n" if len(wish.interfaces) > 1 else "-P",
            "-w",
            "-",
            "-B",
            str(max(1, wish.buffer_kib // 1024)),
        ]
        out += [] if wish.promiscuous else ["-p"]
        out += ["-c", str(wish.count)] if wish.count else []
        for name in wish.interfaces:  # options that follow -i hold for that interface
            out += ["-i", name, "-s", str(wish.snaplen), "-f", wish.filter]
        return out
    out = [path, "-n", "-U", "-w", "-", "-i", wish.interfaces[0], "-s", str(wish.snaplen), "-B", str(wish.buffer_kib)]
    out += ["--immediate-mode"] if wish.immediate else []
    out += [] if wish.promiscuous else ["-p"]
    out += ["-c", str(wish.count)] if wish.count else []
    return [*out, "--", wish.filter]


def _names() -> frozenset[str]:
    return frozenset(name for _, name in socket.if_nameindex())


def listing() -> list[str]:
    """The interfaces with their state, `any` last; nothing is opened for it."""
    lines = []
    for number, name in socket.if_nameindex():
        try:
            state = (_NET / name / "operstate").read_text().strip()
        except OSError:
            state = "unknown"
        lines.append(f"{number}. {name} [{'loopback' if name == 'lo' else state}]")
    return [*lines, "any (all of them at once)"]


_TCPDUMP: Final = {
    "captured": re.compile(r"(\d+) packets? captured"),
    "received": re.compile(r"(\d+) packets? received by filter"),
    "dropped_kernel": re.compile(r"(\d+) packets? dropped by kernel"),
    "dropped_interface": re.compile(r"(\d+) packets? dropped by interface"),
}
_DUMPCAP: Final = re.compile(
    r"Packets received/dropped on interface '[^']*': (\d+)/(\d+) \(pcap:(\d+)/.*?ps_ifdrop:(\d+)\)"
)
_DUMPCAP_TOTAL: Final = re.compile(r"Packets captured: (\d+)")


def counted(said: str) -> Counters:
    """The counters among the program's words; the latest ones count."""
    found = {name: int(all_[-1]) for name, pattern in _TCPDUMP.items() if (all_ := pattern.findall(said))}
    rows = _DUMPCAP.findall(said)
    if rows:
        received, dropped, _, interface = (sum(int(row[at]) for row in rows) for at in range(4))
        found = {"received": received + dropped, "dropped_kernel": dropped, "dropped_interface": interface}
        total = _DUMPCAP_TOTAL.findall(said)
        found["captured"] = int(total[-1]) if total else received
    return Counters(**found)


def explain(said: str, path: str, wish: Wish) -> DnsloupeError:
    """The program ended before the first packet: one line that says what to do."""
    where, low = ", ".join(wish.interfaces), said.lower()
    if "permi" in low or "not permitted" in low or "couldn't run" in low:
        found = path if "/" in path else shutil.which(path, path=_WHERE)
        rights = f", or grant it once: {_RIGHTS.format(path=found)}" if found else ""
        return InputError(f"{where}: no permission to capture; run it with sudo{rights}")
    if "no such device" in low or "doesn't exist" in low or "siocgifindex" in low:
        return InputError(f"{where}: no such interface (dnsloupe live -D lists them)")
    if "is not up" in low or "network is down" in low or "that device is not up" in low:
        return InputError(f"{where}: the interface is down; ip link set {wish.interfaces[0]} up")
    if "syntax error" in low or "parse filter" in low or "capture filter" in low:
        words = next((line for line in said.splitlines() if "error" in line or "parse" in line), said)
        return FilterError(f"filter {wish.filter!r}: {words.removeprefix('tcpdump: ').strip()}")
    line = next((text for text in reversed(said.splitlines()) if text.strip()), "it ended without a word")
    return InputError(f"{where}: {line.strip()}")


def nothing_captures() -> MissingExtra:
    """Neither program is there, nor scapy."""
    return MissingExtra(f"live needs tcpdump or dumpcap ({_PACKAGES}), or scapy (pip install 'dnsloupe[live]')")


@dataclass(slots=True)
class Words:
    """What the program said so far, its last few kilobytes."""

    text: str = ""
    limit: int = field(default=16_384)

    def add(self, octets: bytes) -> None:
        self.text = (self.text + octets.decode("utf-8", "replace"))[-self.limit :]


def notable(said: str, programs: Sequence[str] = ("tcpdump: ", "dumpcap: ")) -> str:
    """The line of an ending that tells what went wrong, or nothing."""
    for line in reversed(said.splitlines()):
        if re.search(r"disappeared|went down|not up|no longer|pcap_loop|error|Network is down", line):
            for name in programs:
                line = line.removeprefix(name)
            return line.strip().rstrip(".")
    return ""
