"""DNS messages as lines of text: TSV, CSV or JSON Lines, a batch at a time, whole columns at once.

A column is a list of texts, made from what is distinct in it: types, ports and names repeat, so each is spelled once a
batch. What a message does not have is `-` (`null` in JSON).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from analyzer.dns import classes, opcodes, rcodes, rrtypes
from analyzer.dns.anomalies import Anomaly
from analyzer.dns.names import label_text
from analyzer.messages import COLUMNS, AddressTable, Array, Encap, MessageBatch, NameTree, Present, Transport
from analyzer.report import escape

__all__ = ["DEFAULT", "FIELDS", "FORMATS", "Field", "Formatter", "Texts"]

FORMATS: Final = ("tsv", "jsonl", "csv")
ABSENT: Final = "-"
DEFAULT: Final = (
    "frame time_ns src_addr src_port dst_addr dst_port transport msg_id qr opcode rcode tc qname qtype qclass "
    "qdcount ancount nscount arcount size anomalies"
).split()

PIECE: Final = 32_768  # rows that are spelled at once
TABLE: Final = 1 << 21  # values below this are spelled by a table that they index
MAX_TEXTS: Final = 200_000  # names whose spelling is kept from batch to batch


@dataclass(slots=True)
class Texts:
    """The dictionaries behind ids, with the spelling of names kept."""

    names: NameTree
    addresses: AddressTable
    numeric: bool = False
    _spelled: dict[int, str] = field(default_factory=dict)
    _hosts: dict[int, str] = field(default_factory=dict)

    def name(self, node: int) -> str:
        """RFC 1035 presentation form in lower case without final dot, built on the parent's, which is most often known."""
        if not node:
            return "."
        text = self._spelled.get(node)
        if text is None:
            parent = int(self.names.parent[node])
            own = label_text(self.names.label(node)).lower()
            text = f"{own}.{self.name(parent)}" if parent else own
            if len(self._spelled) >= MAX_TEXTS:
                self._spelled.clear()
            self._spelled[node] = text
        return text

    def address(self, ident: int) -> str:
        """The address as text."""
        text = self._hosts.get(ident)
        if text is None:
            if len(self._hosts) >= MAX_TEXTS:
                self._hosts.clear()
            text = self._hosts[ident] = self.addresses.text(ident)
        return text


Spell = Callable[[int, Texts], str]


@dataclass(frozen=True, slots=True)
class Field:
    """One output column: what it is, which values it holds, and how a distinct value is spelled (None: as a decimal)."""

    name: str
    unit: str
    doc: str
    values: Callable[[Any], Array]
    spell: Spell | None = None
    present: Present | None = None
    codes: Callable[[int], str] | None = None  # a registry: mnemonics, or numbers with --numeric
    whole: Callable[[Array], list[str]] | None = None  # spells all values at once, where hardly any repeats


def _column(name: str) -> Callable[[Any], Array]:
    return lambda batch: batch.columns()[name]


def _bit(mask: int) -> Callable[[Any], Array]:
    return lambda batch: ((batch.flags & mask) != 0).astype(np.uint8)


def _member(kind: type[Transport | Encap]) -> Spell:
    words = {int(member): member.name.lower().replace("_", "-") for member in kind}
    return lambda value, _: words.get(value, str(value))


def _address(ident: int, texts: Texts) -> str:
    return texts.address(ident)


def _name(node: int, texts: Texts) -> str:
    return texts.name(node)


def _bits(kind: type[Anomaly | Present]) -> Spell:
    def spell(value: int, _: Texts) -> str:
        return ",".join(x.name.lower().replace("_", "-") for x in kind if x & value and x.name)

    return spell


_PRESENT: Final = {
    **dict.fromkeys("qname qname_hash case_hash qtype qclass".split(), Present.QUESTION),
    **dict.fromkeys("edns_size edns_flags edns_version edns_options ext_rcode".split(), Present.EDNS),
    **dict.fromkeys("answer_ttl answer_matches".split(), Present.ANSWER),
    **dict.fromkeys("soa_ttl soa_minimum soa_owner".split(), Present.SOA),
    **dict.fromkeys("flow tcp_seq".split(), Present.FLOW),
    **dict.fromkeys("outer_src outer_dst encap".split(), Present.OUTER),
    "ip_id": Present.IP_ID,
    "direction": Present.DIRECTION,
    "vni": Present.VNI,
    "ede": Present.EDE,
    "answer_addr": Present.ADDRESS,
    "answer_cname": Present.CNAME,
    "ns_owner": Present.NS,
}
_SPELL: Final[Mapping[str, Spell]] = {
    **dict.fromkeys("src_addr dst_addr outer_src outer_dst answer_addr".split(), _address),
    **dict.fromkeys("qname answer_cname soa_owner ns_owner".split(), _name),
    "transport": _member(Transport),
    "encap": _member(Encap),
    "anomalies": _bits(Anomaly),
    "present": _bits(Present),
}
_CODES: Final = {"qtype": rrtypes.text, "qclass": classes.text}


def _derived() -> list[Field]:
    flags = {"qr": 0x8000, "aa": 0x0400, "tc": 0x0200, "rd": 0x0100, "ra": 0x0080, "ad": 0x0020, "cd": 0x0010}
    return [
        *(Field(name, "0 or 1", f"header bit {name.upper()}", _bit(mask)) for name, mask in flags.items()),
        Field("opcode", "OPCODE", "operation", lambda b: (b.flags >> 11) & 15, codes=opcodes.text),
        Field("rcode", "RCODE", "response code of the header (four bits)", lambda b: b.flags & 15, codes=rcodes.text),
        Field(
            "do",
            "0 or 1",
            "EDNS bit DO",
            lambda b: ((b.edns_flags & 0x8000) != 0).astype(np.uint8),
            present=Present.EDNS,
        ),
        Field(
            "qname_wire",
            "hex",
            "uncompressed wire form of qname, letters in lower case",
            _column("qname"),
            lambda node, texts: texts.names.wire(node).hex(),
            Present.QUESTION,
        ),
        Field("time", "RFC 3339", "time of the frame, UTC, nine decimals", _column("time_ns"), whole=_times),
    ]


def _times(values: Array) -> list[str]:
    return [f"{text}Z" for text in np.datetime_as_string(values.astype("M8[ns]"), unit="ns").tolist()]


FIELDS: Final[Mapping[str, Field]] = {
    f.name: f
    for f in (
        *(
            Field(
                c.name,
                c.unit.removesuffix(" id") if c.name in _SPELL else c.unit,
                c.doc,
                _column(c.name),
                _SPELL.get(c.name),
                _PRESENT.get(c.name),
                _CODES.get(c.name),
            )
            for c in COLUMNS
        ),
        *_derived(),
    )
}


@functools.cache
def _decimals() -> Array:
    """The decimals of all 16-bit numbers, as objects: ports and IDs are looked up, not made."""
    return np.array([str(number) for number in range(1 << 16)], object)


class Formatter:
    """Turns batches into lines of one format. `fields` are the columns, in order."""

    def __init__(self, fields: Sequence[Field], texts: Texts, form: str) -> None:
        self.fields, self._texts, self._form = fields, texts, form
        self._keys = [escape.json_text(f.name) for f in fields]

    def header(self) -> str:
        """The first line, or nothing for JSON Lines."""
        if self._form == "jsonl":
            return ""
        return ("\t" if self._form == "tsv" else ",").join(f.name for f in self.fields) + "\n"

    def lines(self, batch: MessageBatch) -> Iterator[str]:
        """All rows of a batch as text, in pieces: a whole batch's cells at once would be some hundred MB of objects."""
        for start in range(0, len(batch), PIECE):
            piece = batch.take(slice(start, start + PIECE))
            yield self.joined(zip(*(self.cells(f, piece) for f in self.fields), strict=True))

    def joined(self, rows: Iterable[tuple[str, ...]]) -> str:
        """Rows of cells, already spelled for the format, as lines."""
        if self._form == "jsonl":
            template = "{" + ", ".join(f"{key}: %s" for key in self._keys) + "}\n"
            return "".join(map(template.__mod__, rows))
        separator = "\t" if self._form == "tsv" else ","
        return "\n".join(map(separator.join, rows)) + "\n"

    def cell(self, text: str) -> str:
        """One text, spelled for the format; no text at all means that there is no value."""
        if not text:
            return "null" if self._form == "jsonl" else ABSENT
        if self._form == "jsonl":
            return escape.json_text(text)
        return escape.csv_cell(text) if self._form == "csv" else text

    def cells(self, column: Field, batch: Any) -> list[str]:
        """One column of a table, every value a cell."""
        values = column.values(batch)
        there = None if column.present is None else (batch.present & int(column.present)) != 0
        if there is None or there.all():
            return self._spelled(column, values)
        out = np.full(len(values), self.cell(""), object)
        out[there] = self._spelled(column, values[there])
        return out.tolist()

    def _spelled(self, column: Field, values: Array) -> list[str]:
        """Every value as a cell. What repeats is spelled once: small numbers by table, large ones sorted first."""
        if column.whole is not None:
            return [self.cell(text) for text in column.whole(values)]
        if column.spell is None and (column.codes is None or self._texts.numeric):
            small = values.dtype.itemsize <= 2
            return _decimals()[values].tolist() if small else list(map(str, values.tolist()))
        top = int(values.max()) if len(values) else 0
        if top < TABLE:
            seen = np.zeros(top + 1, bool)
            seen[values] = True
            distinct = np.flatnonzero(seen)
            if len(distinct) == 1:
                return self._words(column, distinct) * len(values)
            table = np.empty(top + 1, object)
            table[distinct] = self._words(column, distinct)
            return table[values].tolist()  # type: ignore[no-any-return]  # as above
        distinct, inverse = np.unique(values, return_inverse=True)
        return np.array(self._words(column, distinct), object)[inverse].tolist()  # type: ignore[no-any-return]  # as above

    def _words(self, column: Field, distinct: Array) -> list[str]:
        """Each distinct value as a cell."""
        if column.spell is not None:
            spell, texts = column.spell, self._texts
            return [self.cell(spell(value, texts)) for value in distinct.tolist()]
        codes = column.codes or str
        return [self.cell(codes(value)) for value in distinct.tolist()]
