"""The meaning of capture files, in the order of their specifications; may not be optimised.

pcap: draft-ietf-opsawg-pcap, pcapng: draft-ietf-opsawg-pcapng. Bytes come in pieces of any size; a reader keeps what is not
yet a whole record. Damage is noted in words and ends the file; it is never an exception.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from analyzer.errors import NotACapture
from analyzer.messages import CaptureInfo, InterfaceInfo

__all__ = ["Interfaces", "PcapReader", "Reader", "Record", "reader_for"]

MAX_RECORD = 262_144  # libpcap's MAXIMUM_SNAPLEN; more is a damaged length
MAX_BLOCK = 16 << 20
I64_MIN, I64_MAX = -(1 << 63), (1 << 63) - 1

PCAP_MAGICS = {
    0xA1B2C3D4: ("pcap", 1_000, 16),
    0xA1B23C4D: ("pcap", 1, 16),
    0xA1B2CD34: ("pcap-modified", 1_000, 24),  # Alexey Kuznetzov's, with ifindex, protocol and packet type
}
SECTION_MAGIC = 0x1A2B3C4D
SHB, IDB, PB, SPB, ISB, EPB = 0x0A0D0D0A, 1, 2, 3, 5, 6
COUNTERS = {4: "ifrecv", 5: "ifdrop", 6: "filteraccept", 7: "osdrop", 8: "usrdeliv"}


@dataclass(slots=True)
class Record:
    """One captured frame. `interface` is an id, or None where the record names an interface that was never declared."""

    linktype: int
    interface: int | None
    time_ns: int
    data: bytes
    length: int  # as it was on the wire

    @property
    def cut(self) -> bool:
        return len(self.data) < self.length


class Interfaces:
    """Interfaces of all files of one decoder, bounded by `cap`."""

    def __init__(self, cap: int) -> None:
        self.cap = max(cap, 1)
        self.infos: list[InterfaceInfo] = []
        self._by_index: dict[tuple[int, int], int] = {}

    def declare(
        self, file: int, linktype: int, snaplen: int, name: str = "", description: str = "", filter_text: str = ""
    ) -> int | None:
        """The new interface's id, or None where the table is full."""
        if len(self.infos) >= self.cap:
            return None
        self.infos.append(InterfaceInfo(len(self.infos), file, linktype, snaplen, name, description, filter_text))
        return len(self.infos) - 1

    def indexed(self, base: int, ifindex: int) -> int:
        """The interface that SLL2 names by kernel index, made on first use."""
        known = self._by_index.get((base, ifindex))
        if known is not None:
            return known
        info = self.infos[base]
        made = self.declare(info.file, info.linktype, info.snaplen, f"{info.name}:{ifindex}")
        if made is None:
            return base
        self.infos[made] = _replace(self.infos[made], ifindex=ifindex)
        self._by_index[base, ifindex] = made
        return made

    def count(self, ident: int, drops: dict[str, int]) -> None:
        """Take over the counters of an Interface Statistics Block; the last value of each counts."""
        info = self.infos[ident]
        self.infos[ident] = _replace(info, drops={**info.drops, **drops})


def _replace(info: InterfaceInfo, ifindex: int | None = None, drops: dict[str, int] | None = None) -> InterfaceInfo:
    return InterfaceInfo(
        info.id, info.file, info.linktype, info.snaplen, info.name, info.description, info.filter,
        info.ifindex if ifindex is None else ifindex, info.drops if drops is None else drops,
    )  # fmt: skip


@dataclass(slots=True)
class Reader:
    """What pcap and pcapng readers share: the octets not yet used, and what is known of the file."""

    file: int
    interfaces: Interfaces
    format: str = "pcap"
    byte_order: str = "little"
    resolution_ns: int = 1_000
    linktypes: list[int] = field(default_factory=list)
    frames: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    damage: str = ""
    application: str = ""
    buffer: bytes = b""
    known: bool = False  # the header was read: this is a capture

    def feed(self, data: bytes) -> list[Record]:
        """The records that are whole now."""
        self.buffer = b"" if self.damage else self.buffer + data
        out: list[Record] = []
        at = 0
        while not self.damage:
            record, size = self.next(at)
            if size == 0:
                break
            at += size
            if record is not None:
                self.frames += 1
                self.first_ns = record.time_ns if self.first_ns is None else min(self.first_ns, record.time_ns)
                self.last_ns = record.time_ns if self.last_ns is None else max(self.last_ns, record.time_ns)
                out.append(record)
        self.buffer = b"" if self.damage else self.buffer[at:]
        return out

    def next(self, at: int) -> tuple[Record | None, int]:
        """What stands at `at`: a record or None for other blocks, and its size, 0 where it is not whole."""
        raise AssertionError("a reader is pcap or pcapng")

    def end(self) -> None:
        """The file ends here. Raises NotACapture where it was too short to say what it is."""
        if not self.known:
            raise NotACapture("the file is empty" if not self.buffer else "the file ends inside its header")
        if self.buffer and not self.damage:
            self.damage = self.cut_short()

    def cut_short(self) -> str:
        return f"cut short in frame {self.frames + 1}"

    def info(self) -> CaptureInfo:
        return CaptureInfo(
            self.file, self.format, self.byte_order, self.resolution_ns, tuple(self.linktypes), self.frames,
            self.first_ns, self.last_ns, self.damage, self.application,
        )  # fmt: skip


@dataclass(slots=True)
class PcapReader(Reader):
    """pcap: a header of 24 octets, then records."""

    prefix: str = "<"
    header: int = 16
    minor: int = 4
    linktype: int = 0
    interface: int = 0

    def next(self, at: int) -> tuple[Record | None, int]:
        if not self.known:
            return None, self._begin()
        if len(self.buffer) - at < self.header:
            return None, 0
        seconds, fraction, captured, length = struct.unpack_from(self.prefix + "4I", self.buffer, at)
        # libpcap: before 2.3 the lengths stood the other way round; in 2.3 in some writers.
        if self.minor < 3 or (self.minor == 3 and captured > length):
            captured, length = length, captured
        if captured > MAX_RECORD:
            self.damage = f"bad length in frame {self.frames + 1}"
            return None, 0
        if len(self.buffer) - at < self.header + captured:
            return None, 0
        data = self.buffer[at + self.header : at + self.header + captured]
        time_ns = seconds * 1_000_000_000 + fraction * self.resolution_ns
        return Record(self.linktype, self.interface, time_ns, data, length), self.header + captured

    def _begin(self) -> int:
        if len(self.buffer) < 24:
            return 0
        for prefix, order in (("<", "little"), (">", "big")):
            magic, _major, minor, _zone, _sig, snaplen, link = struct.unpack_from(prefix + "IHHiIII", self.buffer)
            if magic in PCAP_MAGICS:
                self.prefix, self.byte_order, self.minor = prefix, order, minor
                self.format, self.resolution_ns, self.header = PCAP_MAGICS[magic]
                self.linktype = link & 0xFFFF  # above: FCS length, flags
                self.linktypes.append(self.linktype)
                made = self.interfaces.declare(self.file, self.linktype, snaplen)
                self.interface = len(self.interfaces.infos) - 1 if made is None else made
        self.known = True
        return 24


@dataclass(slots=True)
class Declared:
    """An Interface Description Block of the current section."""

    ident: int
    linktype: int
    snaplen: int
    resolution: int
    offset: int

    def time_ns(self, stamp: int) -> int:
        """Units of if_tsresol since 1970 to nanoseconds, floored, with if_tsoffset; clamped to 64 bits."""
        base, exponent = (2, self.resolution & 0x7F) if self.resolution & 0x80 else (10, self.resolution)
        units: int = base**exponent
        time = stamp * 1_000_000_000 // units + self.offset * 1_000_000_000
        return max(I64_MIN, min(I64_MAX, time))


@dataclass(slots=True)
class PcapngReader(Reader):
    """pcapng: blocks; the byte order is that of the section."""

    format: str = "pcapng"
    prefix: str = "<"
    section: list[Declared] = field(default_factory=list)
    previous_ns: int = 0

    def next(self, at: int) -> tuple[Record | None, int]:
        here = len(self.buffer) - at
        if here < 12:
            return None, 0
        if self.buffer[at : at + 4] == b"\x0a\x0d\x0d\x0a" and not self._section_order(at):
            return None, 0
        kind, size = struct.unpack_from(self.prefix + "II", self.buffer, at)
        if size < 12 or size > MAX_BLOCK or size % 4 or (kind == SHB and size < 28):
            return self._bad_block()
        if here < size:
            return None, 0
        if struct.unpack_from(self.prefix + "I", self.buffer, at + size - 4)[0] != size:
            return self._bad_block()
        record = self._block(kind, self.buffer[at + 8 : at + size - 4])
        return record, 0 if self.damage else size

    def cut_short(self) -> str:
        kind = struct.unpack_from(self.prefix + "I", self.buffer)[0] if len(self.buffer) >= 4 else 0
        if kind in (EPB, SPB, PB):
            return f"cut short in frame {self.frames + 1}"
        return f"cut short after frame {self.frames}"

    def _bad_block(self) -> tuple[None, int]:
        if not self.known:
            raise NotACapture("the pcapng section header is damaged")
        self.damage = f"bad block after frame {self.frames}"
        return None, 0

    def _section_order(self, at: int) -> bool:
        for prefix in "<>":
            if struct.unpack_from(prefix + "I", self.buffer, at + 8)[0] == SECTION_MAGIC:
                self.prefix = prefix
                return True
        if not self.known:
            raise NotACapture("the pcapng section header has no byte-order magic")
        self.damage = f"bad section header after frame {self.frames}"
        return False

    def _block(self, kind: int, body: bytes) -> Record | None:
        if kind == SHB:
            self._begin_section(body)
        elif kind == IDB:
            self._declare(body)
        elif kind == ISB:
            self._statistics(body)
        elif kind in (EPB, PB):
            return self._packet(kind, body)
        elif kind == SPB:
            return self._simple(body)
        return None

    def _options(self, data: bytes) -> list[tuple[int, bytes]]:
        out = []
        at = 0
        while len(data) - at >= 4:
            code, length = struct.unpack_from(self.prefix + "HH", data, at)
            if code == 0 or len(data) - at - 4 < length:
                break
            out.append((code, data[at + 4 : at + 4 + length]))
            at += 4 + (length + 3) // 4 * 4
        return out

    def _begin_section(self, body: bytes) -> None:
        self.section = []
        if not self.known:
            self.byte_order = "little" if self.prefix == "<" else "big"
            for code, value in self._options(body[16:]):
                if code == 4 and not self.application:
                    self.application = _text(value)
        self.known = True

    def _declare(self, body: bytes) -> None:
        if len(body) < 8:
            return
        linktype, _reserved, snaplen = struct.unpack_from(self.prefix + "HHI", body)
        name = description = filter_text = ""
        resolution, offset = 6, 0
        for code, value in self._options(body[8:]):
            if code == 2:
                name = _text(value)
            elif code == 3:
                description = _text(value)
            elif code == 9 and value:
                resolution = value[0]
            elif code == 11 and value[:1] == b"\0":
                filter_text = _text(value[1:])
            elif code == 14 and len(value) == 8:
                offset = struct.unpack(self.prefix + "q", value)[0]
        ident = self.interfaces.declare(self.file, linktype, snaplen, name, description, filter_text)
        if ident is None:
            return
        if not self.linktypes:
            base, exponent = (2, resolution & 0x7F) if resolution & 0x80 else (10, resolution)
            self.resolution_ns = max(1, 1_000_000_000 // base**exponent)
        if linktype not in self.linktypes:
            self.linktypes.append(linktype)
        self.section.append(Declared(ident, linktype, snaplen, resolution, offset))

    def _statistics(self, body: bytes) -> None:
        if len(body) < 12:
            return
        index = struct.unpack_from(self.prefix + "I", body)[0]
        drops = {
            COUNTERS[code]: struct.unpack(self.prefix + "Q", value)[0]
            for code, value in self._options(body[12:])
            if code in COUNTERS and len(value) == 8
        }
        if index < len(self.section) and drops:
            self.interfaces.count(self.section[index].ident, drops)

    def _packet(self, kind: int, body: bytes) -> Record | None:
        if len(body) < 20:
            return self._bad_length()
        index, high, low, captured, length = struct.unpack_from(self.prefix + "5I", body)
        if kind == PB:  # the interface's number has 16 bits, the other 16 count drops
            index = struct.unpack_from(self.prefix + "H", body)[0]
        if captured > min(MAX_RECORD, len(body) - 20):
            return self._bad_length()
        stamp = high << 32 | low
        return self._record(index, stamp, body[20 : 20 + captured], length)

    def _simple(self, body: bytes) -> Record | None:
        if len(body) < 4:
            return self._bad_length()
        length = struct.unpack_from(self.prefix + "I", body)[0]
        captured = min(length, len(body) - 4)
        if self.section and self.section[0].snaplen:
            captured = min(captured, self.section[0].snaplen)
        if captured > MAX_RECORD:
            return self._bad_length()
        return self._record(0, None, body[4 : 4 + captured], length)

    def _record(self, index: int, stamp: int | None, data: bytes, length: int) -> Record:
        declared = self.section[index] if index < len(self.section) else Declared(-1, 0, 0, 6, 0)
        if stamp is not None:
            self.previous_ns = declared.time_ns(stamp)
        return Record(declared.linktype, None if declared.ident < 0 else declared.ident, self.previous_ns, data, length)

    def _bad_length(self) -> Record | None:
        self.damage = f"bad length in frame {self.frames + 1}"
        return None


def _text(value: bytes) -> str:
    return value.split(b"\0", 1)[0].decode("utf-8", "replace")


def reader_for(start: bytes, file: int, interfaces: Interfaces) -> Reader:
    """The reader for a file by its first four octets. Raises NotACapture."""
    if start[:4] == b"\x0a\x0d\x0d\x0a":
        return PcapngReader(file, interfaces)
    if any(int.from_bytes(start[:4], order) in PCAP_MAGICS for order in ("little", "big")):
        return PcapReader(file, interfaces)
    raise NotACapture(f"no pcap or pcapng file (it begins with {start[:4].hex(' ')})")
