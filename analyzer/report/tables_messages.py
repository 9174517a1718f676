"""The tables with a row for each message, transaction, lookup and step: the contract's columns, ids spelled as categories."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from analyzer.dns import classes, opcodes, rcodes, rrtypes
from analyzer.dns.anomalies import Anomaly
from analyzer.measures import Context
from analyzer.measures.roles import SIDES
from analyzer.messages import (
    NO_ROW,
    Array,
    Ending,
    Outcome,
    Present,
    State,
    Transport,
)
from analyzer.report.rows import Texts
from analyzer.report.tables_columns import Col, Spec, Words, words_of

__all__ = ["SPECS", "columns"]

_PER_MS: Final = 1e6
_SIDE: Final = Spec(
    "side", "word", "", "leg of the way: client, upstream, self or transit; never add sides up", "client", "side"
)
_MESSAGES: Final = (
    Spec("number", "int64", "number", "the message, from 0, in order of time", "row"),
    Spec("time", "time", "UTC", "time of the frame: of a query's earliest copy, of a response's latest", "time_ns"),
    Spec("file", "int32", "index", "input file, from 0"),
    Spec("frame", "int64", "number", "Wireshark's frame number, from 1"),
    Spec("interface", "word", "", "capture interface", "interface", "interface"),
    _SIDE,
    Spec("src", "word", "", "address of the sender", "src_addr", "address"),
    Spec("src_port", "int32", "port", "port of the sender"),
    Spec("dst", "word", "", "address of the receiver", "dst_addr", "address"),
    Spec("dst_port", "int32", "port", "port of the receiver"),
    Spec("transport", "word", "", "udp or tcp", "transport", "transport"),
    Spec("msg_id", "int32", "number", "DNS ID"),
    Spec("response", "bool", "", "whether it is a response", "flags", "bit:0x8000"),
    Spec("opcode", "word", "", "operation", "flags", "opcode"),
    Spec("rcode", "word", "", "response code, of responses", "flags", "rcode", "RESPONSE"),
    Spec("truncated", "bool", "", "TC: the answer did not fit", "flags", "bit:0x0200"),
    Spec("qname", "word", "", "name asked, lower case, no final dot", "qname", "name", "QUESTION"),
    Spec("qtype", "word", "", "type asked", "qtype", "rrtype", "QUESTION"),
    Spec("qclass", "word", "", "class asked", "qclass", "class", "QUESTION"),
    Spec("ancount", "int32", "records", "answer records as claimed"),
    Spec("nscount", "int32", "records", "authority records as claimed"),
    Spec("answer_ttl", "int64", "s", "least TTL in the answer section", "answer_ttl", "", "ANSWER"),
    Spec("answer_addr", "word", "", "first address answered", "answer_addr", "address", "ADDRESS"),
    Spec("soa_owner", "word", "", "owner of the SOA in the authority section", "soa_owner", "name", "SOA"),
    Spec("soa_minimum", "int64", "s", "MINIMUM of that SOA", "soa_minimum", "", "SOA"),
    Spec("edns_size", "int32", "octets", "UDP payload size offered by EDNS", "edns_size", "", "EDNS"),
    Spec("size", "int64", "octets", "length of the DNS message"),
    Spec("views", "int32", "frames", "frames that carried this packet"),
    Spec("anomalies", "word", "", "what is wrong with the message, parted by commas", "anomalies", "anomalies"),
)  # fmt: skip
_TRANSACTIONS: Final = (
    Spec("number", "int64", "number", "the query (the response, for an orphan), as in `messages`", "row"),
    Spec("time", "time", "UTC", "time of the query (of the response, for an orphan)", "time_ns"),
    Spec("file", "int32", "index", "its input file, from 0"),
    Spec("frame", "int64", "number", "its frame number, from 1"),
    _SIDE,
    Spec("client", "word", "", "address that asks", "client", "address"),
    Spec("client_port", "int32", "port", "port that asks"),
    Spec("server", "word", "", "address that is asked", "server", "address"),
    Spec("transport", "word", "", "udp or tcp", "transport", "transport"),
    Spec("msg_id", "int32", "number", "DNS ID"),
    Spec("qname", "word", "", "name asked, lower case, no final dot", "qname", "name"),
    Spec("qtype", "word", "", "type asked", "qtype", "rrtype"),
    Spec("base", "word", "", "name that the program asked for, where the search list is known", "qname", "base"),
    Spec("suffix", "word", "", "suffix that was appended to it, empty for none", "qname", "suffix"),
    Spec("state", "word", "", "answered, late, unanswered, pending or orphan", "state", "state"),
    Spec("outcome", "word", "", "data, nodata, nxdomain, servfail, refused, error, silence or pending", "outcome", "outcome"),
    Spec("rcode", "word", "", "response code with the extended bits", "rcode", "fullrcode", "response"),
    Spec("rtt_ms", "float", "ms", "response less query", "rtt_ns", "", "rtt"),
    Spec("response_frame", "int64", "number", "frame of the response", "r_frame", "", "response"),
    Spec("send", "int16", "number", "0 for the first send of its question, 1 for the first retry, …"),
    Spec("question", "int64", "number", "`number` of the first send of its question", "question", "", "question"),
)  # fmt: skip
_LOOKUPS: Final = (
    Spec("lookup", "int64", "number", "the lookup, as in `chains`: `number` of its first query"),
    Spec("time", "time", "UTC", "time of the first query", "time_ns"),
    _SIDE,
    Spec("client", "word", "", "address that asks", "client", "address"),
    Spec("server", "word", "", "server of the first query", "server", "address"),
    Spec("steps", "int16", "count", "names tried"),
    Spec("questions", "int32", "count", "questions"),
    Spec("queries", "int32", "messages", "queries sent, retries included"),
    Spec("ending", "word", "", "answered, nodata, failed, abandoned or pending", "ending", "ending"),
    Spec("duration_ms", "float", "ms", "first query to last answer", "end_ns", "since", "end"),
    Spec("one_port", "bool", "", "whether all names of a lookup with several went out from one port", "one_port", "bit:0x1"),
    Spec("serial", "bool", "", "whether A and AAAA were asked one after the other", "serial", "bit:0x1"),
)  # fmt: skip
_CHAINS: Final = (
    Spec("lookup", "int64", "number", "the lookup, as in `lookups`"),
    Spec("position", "int16", "number", "0 for the first name tried, …"),
    Spec("time", "time", "UTC", "time of the first send", "time_ns"),
    Spec("file", "int32", "index", "its input file, from 0"),
    Spec("frame", "int64", "number", "its frame number, from 1"),
    Spec("qname", "word", "", "name tried, lower case, no final dot", "qname", "name"),
    Spec("base", "word", "", "name that the program asked for, where the search list is known", "qname", "base"),
    Spec("suffix", "word", "", "suffix that was appended to it, empty for none", "qname", "suffix"),
    Spec("server", "word", "", "server asked first", "server", "address"),
    Spec("a", "word", "", "outcome of A", "outcome_a", "asked"),
    Spec("aaaa", "word", "", "outcome of AAAA", "outcome_aaaa", "asked"),
    Spec("other", "word", "", "outcome of another type", "outcome_other", "asked"),
    Spec("queries", "int16", "messages", "queries sent, retries included"),
    Spec("duration_ms", "float", "ms", "first send to last answer", "end_ns", "since", "end"),
)  # fmt: skip
SPECS: Final[Mapping[str, tuple[Spec, ...]]] = {
    "messages": _MESSAGES,
    "transactions": _TRANSACTIONS,
    "lookups": _LOOKUPS,
    "chains": _CHAINS,
}
"""The columns of these tables, in order."""


def columns(name: str, rows: Mapping[str, Array], context: Context, results: Mapping[str, Any]) -> list[Col]:
    """The columns of one of SPECS from the contract's columns. `results` needs `roles` and `search`."""
    spelled = _Spelled(context, results)
    return [spelled.column(rows, spec) for spec in SPECS[name]]


def _member(kind: type[enum.IntEnum]) -> Callable[[int], str]:
    words = {int(member): member.name.lower().replace("_", "-") for member in kind}
    return lambda number: words.get(number, str(number))


def _asked(number: int) -> str | None:
    return None if number == Outcome.NOT_ASKED else _member(Outcome)(number)


def _anomalies(bits: int) -> str:
    return ",".join(Anomaly(bits).words)


_CODES: Final[Mapping[str, Callable[[int], str | None]]] = {
    "transport": _member(Transport),
    "state": _member(State),
    "outcome": _member(Outcome),
    "asked": _asked,
    "ending": _member(Ending),
    "opcode": opcodes.text,
    "rcode": rcodes.text,
    "rrtype": rrtypes.text,
    "class": classes.text,
    "fullrcode": rcodes.text,
    "anomalies": _anomalies,
}


class _Spelled:
    """The dictionaries behind id columns, and the votes (sides, base names) that only the end of a run knows."""

    def __init__(self, context: Context, results: Mapping[str, Any]) -> None:
        texts, search = Texts(context.names, context.addresses), results["search"]
        labels = {info.id: info.name for info in context.interfaces}
        self._roles = results["roles"]
        self._texts: Mapping[str, Callable[[int], str | None]] = {
            **_CODES,
            "name": texts.name,
            "address": texts.address,
            "interface": lambda ident: labels.get(ident) or str(ident),
            "base": search.base_of.get,
            "suffix": search.suffix_of.get,
            "side": lambda number: SIDES[number].value,
        }

    def column(self, rows: Mapping[str, Array], spec: Spec) -> Col:
        values = rows[str(spec.source or spec.name)]
        absent = _absent(rows, spec.where)
        if spec.type == "time":
            return Col(spec, values)
        if spec.type == "bool":
            return Col(spec, (values & int(spec.spell[4:], 16)) != 0)
        if spec.type == "float":
            length = (values - rows["time_ns"] if spec.spell == "since" else values) / _PER_MS
            return Col(spec, length if absent is None else np.where(absent, np.nan, length))
        if spec.type == "word":
            words = words_of(self._numbers(rows, spec, values), self._texts[spec.spell])
            return Col(spec, words if absent is None else _without(words, absent))
        values = values.astype(spec.type)
        return Col(spec, values if absent is None else np.where(absent, 0, values).astype(spec.type), absent)

    def _numbers(self, rows: Mapping[str, Array], spec: Spec, values: Array) -> Array:
        if spec.spell == "side":
            return np.asarray(self._roles.side(values, rows["server"]))
        if spec.spell == "opcode":
            return (values >> 11) & 15
        return values & 15 if spec.spell == "rcode" else values


def _without(words: Words, absent: Array) -> Words:
    """The same words with some rows absent; words of no row go."""
    codes = np.where(absent, words.codes.dtype.type(-1), words.codes)
    return words_of(codes.astype(np.int64) + 1, lambda code: words.words[code - 1] if code else None)


def _absent(rows: Mapping[str, Array], where: str) -> Array | None:
    if not where:
        return None
    if where in ("rtt", "end"):
        return np.asarray(rows[f"{where}_ns"] < 0)
    if where == "response":
        return ~np.isin(rows["state"], (State.ANSWERED, State.LATE, State.ORPHAN))
    if where == "question":
        return np.asarray(rows["question"] == NO_ROW)
    if where == "RESPONSE":
        return np.asarray(rows["flags"] & 0x8000 == 0)
    return np.asarray(rows["present"] & int(Present[where]) == 0)
