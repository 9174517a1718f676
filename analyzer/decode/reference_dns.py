"""The meaning of a DNS message, in the order of RFC 1035, 2136, 6891; may not be optimised.

`read` never fails: what cannot be read sets an anomaly, and what came before counts (docs/decoding.md, "One message").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import Present

__all__ = ["Fields", "RecordAt", "hash64", "read", "wire_form"]

A, NS, CNAME, SOA, SIG, AAAA, OPT, TSIG = 1, 2, 5, 6, 24, 28, 41, 250
ANY_TYPE = {251, 252, 255}  # IXFR, AXFR, ANY
IN = 1
ANSWER, AUTHORITY, ADDITIONAL = 1, 2, 3
ASSIGNED_OPCODES = {0, 1, 2, 4, 5, 6}  # QUERY, IQUERY, STATUS, NOTIFY, UPDATE, DSO
DSO = 6
OPTION_BITS = {3: 1, 8: 2, 10: 4, 11: 8, 12: 16, 15: 32}  # NSID, ECS, COOKIE, TCP-KEEPALIVE, PADDING, EDE
MAX_POINTERS, MAX_NAME = 126, 255  # a name of 255 octets has at most 127 labels, each after one pointer but the first
MAX_READ = 4_096  # search lists gone wrong send names too long to be legal, and those are worth showing

Labels = list[bytes]


def hash64(octets: bytes) -> int:
    """XXH3-64 with seed 0."""
    import xxhash

    return xxhash.xxh3_64_intdigest(octets)


def wire_form(labels: Labels) -> bytes:
    """The uncompressed wire form, the root's zero octet included."""
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


@dataclass(slots=True)
class RecordAt:
    """One resource record that was read whole."""

    section: int
    owner: int
    rtype: int
    rclass: int
    ttl: int
    rdata: int
    length: int


@dataclass(slots=True)
class Fields:
    """Columns of one message; a value counts where `present` has its bit."""

    msg_id: int = 0
    flags: int = 0
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    qname: Labels = field(default_factory=list)
    qtype: int = 0
    qclass: int = 0
    edns_size: int = 0
    edns_flags: int = 0
    edns_version: int = 0
    edns_options: int = 0
    ext_rcode: int = 0
    ede: int = 0
    answer_ttl: int = 0
    answer_matches: int = 0
    answer_addr: bytes = b""
    answer_cname: Labels = field(default_factory=list)
    soa_ttl: int = 0
    soa_minimum: int = 0
    soa_owner: Labels = field(default_factory=list)
    ns_owner: Labels = field(default_factory=list)
    anomalies: int = 0
    present: int = 0
    records: list[RecordAt] = field(default_factory=list)


class Stop(Exception):
    """Nothing further in the message can be read; the anomaly that says why (0 where the capture is to blame)."""

    def __init__(self, anomaly: int) -> None:
        super().__init__(anomaly)
        self.anomaly = anomaly


class Message:
    """The octets that were captured, and how many were sent."""

    def __init__(self, wire: bytes, size: int, partial: bool) -> None:
        self.wire = wire
        self.size = max(size, len(wire)) if partial else len(wire)
        self.partial = partial  # the rest was sent, and not captured
        self.out = Fields()
        self.seen: set[str] = set()

    def u16(self, at: int, short: int) -> int:
        """A 16-bit number at `at`; `short` is the anomaly where the message ends before."""
        if at + 2 > len(self.wire):
            raise Stop(0 if self.partial else short)
        return int(struct.unpack_from(">H", self.wire, at)[0])

    def name(self, at: int, short: int) -> tuple[Labels, int]:
        """The name at `at`, its pointers followed (RFC 1035 section 4.1.4), and the offset behind it."""
        labels: Labels = []
        octets, pointers, behind = 1, 0, 0
        while True:
            if at >= len(self.wire):
                raise Stop(0 if self.partial else short)
            head = self.wire[at]
            if head & 0xC0 == 0xC0:
                target = self.u16(at, short) & 0x3FFF
                behind = behind or at + 2
                pointers += 1
                if target >= at:
                    self.out.anomalies |= Anomaly.FORWARD_POINTER
                if target >= len(self.wire):
                    raise Stop(Anomaly.BAD_POINTER if target >= self.size else 0)
                if pointers > MAX_POINTERS:
                    raise Stop(Anomaly.POINTER_LOOP)
                at = target
            elif head & 0xC0:
                raise Stop(Anomaly.BAD_LABEL)
            elif head == 0:
                return labels, behind or at + 1
            else:
                octets += 1 + head
                if octets > MAX_NAME:
                    self.out.anomalies |= Anomaly.LONG_NAME
                if octets > MAX_READ:
                    raise Stop(Anomaly.LONG_NAME)
                if at + 1 + head > len(self.wire):
                    raise Stop(0 if self.partial else short)
                labels.append(self.wire[at + 1 : at + 1 + head])
                at += 1 + head

    def skip_name(self, at: int, end: int, short: int) -> int:
        """The offset behind the name at `at`; a pointer ends it and is not followed."""
        while True:
            if at >= end:
                raise Stop(0 if self.partial else short)
            head = self.wire[at]
            if head & 0xC0 == 0xC0:
                if at + 2 > end:
                    raise Stop(0 if self.partial else short)
                return at + 2
            if head & 0xC0:
                raise Stop(Anomaly.BAD_LABEL)
            at += 1 + head
            if head == 0:
                return at

    def read(self) -> None:
        """Header, questions, answer, authority, additional."""
        out = self.out
        out.msg_id, out.flags, *counts = struct.unpack_from(">6H", self.wire)
        out.counts = (counts[0], counts[1], counts[2], counts[3])
        opcode = out.flags >> 11 & 15
        if out.flags & 0x0040:
            out.anomalies |= Anomaly.RESERVED_BIT
        if opcode not in ASSIGNED_OPCODES:
            out.anomalies |= Anomaly.UNASSIGNED_OPCODE
        if counts[0] == 0 and opcode != DSO:
            out.anomalies |= Anomaly.NO_QUESTION
        if counts[0] > 1:
            out.anomalies |= Anomaly.MULTI_QUESTION
        try:
            at = self.questions(12, counts[0])
            for section, count in zip((ANSWER, AUTHORITY, ADDITIONAL), counts[1:], strict=True):
                for _ in range(count):
                    at = self.record(at, section)
        except Stop as stop:
            out.anomalies |= stop.anomaly
            return
        if at < len(self.wire) and not self.partial and opcode != DSO:
            out.anomalies |= Anomaly.TRAILING_BYTES

    def questions(self, at: int, count: int) -> int:
        """RFC 1035 section 4.1.2: the first is kept, the others are skipped over."""
        out = self.out
        for index in range(count):
            if index == 0:
                labels, at = self.name(at, Anomaly.SHORT_QUESTION)
                qtype, qclass = self.u16(at, Anomaly.SHORT_QUESTION), self.u16(at + 2, Anomaly.SHORT_QUESTION)
                out.qname, out.qtype, out.qclass = labels, qtype, qclass
                out.present |= Present.QUESTION
            else:
                at = self.skip_name(at, len(self.wire), Anomaly.SHORT_QUESTION)
                self.u16(at + 2, Anomaly.SHORT_QUESTION)
            at += 4
        return at

    def record(self, owner: int, section: int) -> int:
        """RFC 1035 section 4.1.3: owner, type, class, TTL, length, data; returns the offset behind it."""
        at = self.skip_name(owner, len(self.wire), Anomaly.SHORT_RECORD)
        rdata = at + 10
        if rdata > len(self.wire):
            raise Stop(0 if self.partial else Anomaly.SHORT_RECORD)
        length: int
        rtype, rclass, ttl, length = struct.unpack_from(">HHIH", self.wire, at)
        if rdata + length > len(self.wire):
            raise Stop(0 if self.partial else Anomaly.SHORT_RECORD)
        record = RecordAt(section, owner, rtype, rclass, ttl, rdata, length)
        self.out.records.append(record)
        if rtype == OPT:
            self.opt(record)
        else:
            self.check(record)
            if section == ANSWER:
                self.answer(record)
            elif section == AUTHORITY:
                self.authority(record)
            if rtype == TSIG:
                self.out.present |= Present.TSIG
            if rtype == SIG and self.wire[rdata : rdata + 2] == b"\0\0" and length >= 2:
                self.out.present |= Present.SIG0
        return rdata + length

    def check(self, record: RecordAt) -> None:
        """Whether rdata of the types that RFC 1035 and 3596 define fits its length; UPDATE's other classes have none."""
        if record.rclass != IN:
            return
        end = record.rdata + record.length
        names = {CNAME: 1, NS: 1, SOA: 2}.get(record.rtype, 0)
        if record.rtype in (A, AAAA):
            good = record.length == (4 if record.rtype == A else 16)
        elif names:
            at = record.rdata
            try:
                for _ in range(names):
                    at = self.skip_name(at, end, Anomaly.BAD_RDATA)
            except Stop:
                at = -1
            good = at >= 0 and at + (20 if record.rtype == SOA else 0) == end
        else:
            good = True
        if not good:
            self.out.anomalies |= Anomaly.BAD_RDATA

    def try_name(self, at: int) -> Labels | None:
        """A name that only a column needs: one that fails sets its anomaly and leaves the column absent."""
        try:
            return self.name(at, Anomaly.SHORT_RECORD)[0]
        except Stop as stop:
            self.out.anomalies |= stop.anomaly
            return None

    def answer(self, record: RecordAt) -> None:
        """Least TTL, records of the asked type, first address, first alias."""
        out = self.out
        ttl = 0 if record.ttl >= 1 << 31 else record.ttl
        out.answer_ttl = min(out.answer_ttl, ttl) if out.present & Present.ANSWER else ttl
        out.present |= Present.ANSWER
        if out.present & Present.QUESTION and (out.qtype in ANY_TYPE or out.qtype == record.rtype):
            out.answer_matches += 1
        size = {A: 4, AAAA: 16}.get(record.rtype)
        if size == record.length and record.rclass == IN and not out.present & Present.ADDRESS:
            address = self.wire[record.rdata : record.rdata + size]
            out.answer_addr = bytes([4 if size == 4 else 6]) + address.ljust(16, b"\0")
            out.present |= Present.ADDRESS
        if record.rtype == CNAME and "cname" not in self.seen:
            self.seen.add("cname")
            target = self.try_name(record.rdata)
            if target is not None:
                out.answer_cname = target
                out.present |= Present.CNAME

    def authority(self, record: RecordAt) -> None:
        """RFC 2308: the SOA of a negative answer; the owner of a referral's NS."""
        out = self.out
        if record.rtype == NS and "ns" not in self.seen:
            self.seen.add("ns")
            owner = self.try_name(record.owner)
            if owner is not None:
                out.ns_owner = owner
                out.present |= Present.NS
        if record.rtype == SOA and "soa" not in self.seen:
            self.seen.add("soa")
            minimum = self.soa_minimum(record)
            owner = self.try_name(record.owner)
            if owner is not None and minimum is not None:
                out.soa_owner, out.soa_ttl, out.soa_minimum = owner, record.ttl, minimum
                out.present |= Present.SOA

    def soa_minimum(self, record: RecordAt) -> int | None:
        """MINIMUM, the last of SOA's five numbers; None where the names before them do not leave room for these."""
        end = record.rdata + record.length
        try:
            at = self.skip_name(record.rdata, end, 0)
            at = self.skip_name(at, end, 0)
        except Stop:
            return None
        return int(struct.unpack_from(">I", self.wire, at + 16)[0]) if at + 20 <= end else None

    def opt(self, record: RecordAt) -> None:
        """RFC 6891 section 6.1: class is the payload size, TTL holds extended RCODE, version and flags."""
        out = self.out
        if record.section != ADDITIONAL or self.wire[record.owner] != 0:
            out.anomalies |= Anomaly.MISPLACED_OPT
        if out.present & Present.EDNS:
            out.anomalies |= Anomaly.DUPLICATE_OPT
            return
        out.present |= Present.EDNS
        out.edns_size, out.edns_flags = record.rclass, record.ttl & 0xFFFF
        out.ext_rcode, out.edns_version = record.ttl >> 24, record.ttl >> 16 & 0xFF
        at, end = record.rdata, record.rdata + record.length
        while at < end:
            code, length = struct.unpack_from(">HH", self.wire, at) if at + 4 <= end else (0, 0xFFFF)
            if at + 4 + length > end:
                out.anomalies |= Anomaly.BAD_RDATA
                return
            out.edns_options |= OPTION_BITS.get(code, 0x8000)
            if code == 15:
                self.extended_error(at + 4, length)
            at += 4 + length

    def extended_error(self, at: int, length: int) -> None:
        """RFC 8914 section 2: INFO-CODE, then text."""
        if length < 2:
            self.out.anomalies |= Anomaly.BAD_RDATA
        elif not self.out.present & Present.EDE:
            self.out.ede = struct.unpack_from(">H", self.wire, at)[0]
            self.out.present |= Present.EDE

    def owner(self, record: RecordAt) -> Labels | None:
        """An owner name for the answers table; reading it sets no anomaly."""
        before = self.out.anomalies
        labels = self.try_name(record.owner)
        self.out.anomalies = before
        return labels


def read(wire: bytes, size: int, partial: bool) -> Message:
    """A message of at least 12 octets; `size` octets were sent, `partial` where the capture lacks some of them."""
    message = Message(wire, size, partial)
    message.read()
    return message
