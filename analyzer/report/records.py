"""Resource records as lines of text (`messages --answers`), their data in presentation form by dnspython."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from analyzer.dns import classes, rrtypes
from analyzer.messages import Array, Decoded, MessageBatch
from analyzer.report import escape
from analyzer.report.rows import FIELDS, Field, Formatter, Texts

__all__ = ["RECORD_DEFAULT", "RECORD_FIELDS", "rdata_text", "record_lines"]

SECTIONS: Final = {1: "answer", 2: "authority", 3: "additional"}
RECORD_DEFAULT: Final = tuple(
    "frame time_ns src_addr dst_addr msg_id qname section owner rtype rclass ttl rdata".split()
)


def _section(value: int, _: Texts) -> str:
    return SECTIONS.get(value, str(value))


def _owner(node: int, texts: Texts) -> str:
    return texts.name(node)


RECORD_FIELDS: Final[Mapping[str, Field]] = {
    f.name: f
    for f in (
        Field("section", "word", "answer, authority or additional", lambda a: a.section, _section),
        Field("owner", "name", "owner of the record", lambda a: a.owner, _owner),
        Field("rtype", "RR type", "type of the record", lambda a: a.rtype, codes=rrtypes.text),
        Field("rclass", "class", "class of the record", lambda a: a.rclass, codes=classes.text),
        Field("ttl", "s", "TTL as sent", lambda a: a.ttl),
        Field(
            "rdata", "text", "data in presentation form, or RFC 3597's where it cannot be read", lambda a: a.rdata_at
        ),
    )
}


def record_lines(formatter: Formatter, batch: Decoded, chosen: MessageBatch, limit: int) -> tuple[Sequence[str], int]:
    """Lines for the records of one batch that stand in the `chosen` messages, at most `limit`, and how many they are."""
    answers = batch.answers
    if len(chosen) < len(batch.messages):
        answers = answers.take(_among(batch.messages, chosen)[answers.row.astype(np.intp)])
    answers = answers if len(answers) <= limit else answers.take(slice(0, limit))
    if not len(answers):
        return (), 0
    messages = batch.messages.take(answers.row.astype(np.intp))
    columns = []
    for column in formatter.fields:
        if column.name == "rdata":
            wires = zip(
                *(
                    answers.columns()[name].tolist()
                    for name in "rclass rtype message_at message_len rdata_at rdata_len".split()
                ),
                strict=True,
            )
            columns.append([formatter.cell(rdata_text(batch.wire, *place)) for place in wires])
        else:
            columns.append(formatter.cells(column, messages if column.name in FIELDS else answers))
    return (formatter.joined(zip(*columns, strict=True)),), len(answers)


def _among(messages: MessageBatch, chosen: MessageBatch) -> Array:
    """Which messages are among the chosen, which are some of them in the same order; shape (len(messages),)."""
    keep = np.zeros(len(messages), bool)
    key, wanted = _key(messages), iter(_key(chosen))
    want = next(wanted, None)
    for at, one in enumerate(key):
        if one == want:
            keep[at] = True
            want = next(wanted, None)
    return keep


def _key(messages: MessageBatch) -> list[tuple[int, ...]]:
    """What tells messages of a batch apart: several may complete in one frame."""
    columns = (messages.file, messages.frame, messages.tcp_seq, messages.payload_hash, messages.flags)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def rdata_text(wire: bytes, rclass: int, rtype: int, message_at: int, length: int, at: int, size: int) -> str:
    """Presentation form of one record's data; `\\# LENGTH HEX` (RFC 3597) where it does not parse."""
    import dns.exception
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    message = bytes(wire[message_at : message_at + length])
    try:
        kind = dns.rdataclass.RdataClass.make(rclass), dns.rdatatype.RdataType.make(rtype)
        return escape.tsv_cell(dns.rdata.from_wire(*kind, message, at, size).to_text())
    except (dns.exception.DNSException, ValueError, IndexError, OverflowError, UnicodeError):
        data = message[at : at + size]
        return f"\\# {len(data)} {data.hex()}".rstrip()
