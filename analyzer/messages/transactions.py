"""What `transactions/` makes of messages: unique messages and their copies, transactions, questions, lookups.

All rows are in order of time (their first `time_ns`), and every row is final when it is handed on: nothing in it
depends on how the input was cut into pieces. Whatever needs a vote over the whole capture (roles, sides, base names) is
left to results.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from analyzer.messages.batch import COLUMNS
from analyzer.messages.decoded import ConnectionBatch, QuoteBatch
from analyzer.messages.table import Column, Table

__all__ = [
    "NO_ROW",
    "Ending",
    "LookupTable",
    "Outcome",
    "QuestionTable",
    "State",
    "StepTable",
    "TransactionBatch",
    "TransactionTable",
    "UniqueTable",
    "ViewTable",
]

NO_ROW: Final = np.uint64(2**64 - 1)  # "no such row" in row-number columns


class State(enum.IntEnum):
    """How a transaction ended (docs/semantics.md)."""

    ANSWERED = 0
    LATE = 1  # answered after the client's own retry, or after more than 5 s
    UNANSWERED = 2  # no answer within 30 s, or at the end of a capture that went on for at least 5 s
    PENDING = 3  # the capture ended first; never a failure
    ORPHAN = 4  # a response whose query was not captured; the row stands for the response


class Outcome(enum.IntEnum):
    """What a question got, as a resolver's next step depends on it."""

    NOT_ASKED = 0
    DATA = 1
    NODATA = 2  # NOERROR without a record of the type asked for (RFC 2308 section 2.2)
    NXDOMAIN = 3
    SERVFAIL = 4
    REFUSED = 5
    ERROR = 6  # any other RCODE
    SILENCE = 7
    PENDING = 8


class Ending(enum.IntEnum):
    """How a lookup ended."""

    ANSWERED = 0  # data for at least one of the types
    NODATA = 1  # the last name exists without the types asked for, which ends a search
    FAILED = 2  # the last candidate failed too
    ABANDONED = 3  # silence
    PENDING = 4  # the capture ended first


_DERIVED = (
    Column("row", "u8", "number", "unique message, from 0, in order of time over the whole input"),
    Column("views", "u2", "frames", "frames that carried this one packet (1: no copies)"),
    Column("client", "u4", "address id", "who asks: sender of a query, receiver of a response"),
    Column("server", "u4", "address id", "who is asked"),
    Column("client_port", "u2", "port", "port of the client"),
    Column("server_port", "u2", "port", "port of the server"),
)


class UniqueTable(Table):
    """Messages, copies collapsed: a query is its earliest copy, a response its latest. All opcodes and classes."""

    COLUMNS: ClassVar[tuple[Column, ...]] = COLUMNS + _DERIVED
    __slots__ = ()


class ViewTable(Table):
    """Every frame that carried a unique message seen more than once, the representative included."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("row", "u8", "number", "the unique message"),
        *(
            c
            for c in COLUMNS
            if c.name in "file frame interface direction time_ns src_addr dst_addr src_port dst_port ip_ttl".split()
        ),
    )
    __slots__ = ()


class TransactionTable(Table):
    """One row per query (opcode QUERY, one question, class not CH) with the response that closed it; orphan responses.

    `r_*` columns and everything under "response" count where `state` is ANSWERED, LATE or ORPHAN. For ORPHAN the
    query's columns (`time_ns frame file flags size`) are the response's own.
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("row", "u8", "number", "unique message of the query (of the response, for ORPHAN)"),
        *(
            c
            for c in COLUMNS
            if c.name
            in (
                "frame file interface time_ns transport flow msg_id flags qname qname_hash case_hash qtype qclass size "
                "edns_size edns_flags edns_options present anomalies ip_ttl ip_id"
            ).split()
        ),
        *_DERIVED[1:],
        Column("state", "u1", "State", "how it ended"),
        Column("outcome", "u1", "Outcome", "what the response says"),
        Column("rtt_ns", "i8", "ns", "response less query; -1 without a response or query"),
        Column("r_row", "u8", "number", "unique message of the response, or NO_ROW"),
        Column("r_frame", "u8", "number", "response: frame"),
        Column("r_file", "u2", "index", "response: file"),
        Column("r_time_ns", "i8", "ns since 1970 UTC", "response: time (of its latest copy)"),
        Column("r_flags", "u2", "bits", "response: flags"),
        Column("rcode", "u2", "RCODE", "response: RCODE, with the extended bits where EDNS is there"),
        Column("r_size", "u4", "octets", "response: size"),
        Column("r_present", "u4", "Present bits", "response: which of the following hold a value"),
        Column("r_nscount", "u2", "records", "response: NSCOUNT"),
        *(
            c
            for c in COLUMNS
            if c.name
            in (
                "ancount answer_ttl answer_matches answer_addr answer_cname soa_ttl soa_minimum soa_owner ns_owner ede"
            ).split()
        ),
        Column(
            "server_rtt_ns",
            "i8",
            "ns",
            "shortest time between any view of the response and the latest view of the query; -1 unknown",
        ),
        Column(
            "question",
            "u8",
            "number",
            "`row` of the first send of its question (question instance); NO_ROW for ORPHAN",
        ),
        Column(
            "strict_question",
            "u8",
            "number",
            "the same if only resends from one port under one ID join (for forwarders)",
        ),
        Column("send", "u1", "number", "0 for the first send of its question, 1 for the first retry, …"),
        Column(
            "fed_by",
            "u8",
            "number",
            "`row` of the transaction that caused it (roles: the latest enclosing one), or NO_ROW",
        ),
        Column("fed_by_client", "u4", "address id", "client of that transaction (0 without)"),
        Column("fed_by_server", "u4", "address id", "server of that transaction (0 without)"),
    )
    __slots__ = ()


class QuestionTable(Table):
    """One row per question (question instance): a query with its retries, until an answer that ends it."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("question", "u8", "number", "`row` of its first send"),
        Column("file", "u2", "index", "file of the first send"),
        Column("frame", "u8", "number", "frame of the first send"),
        Column("time_ns", "i8", "ns since 1970 UTC", "first send"),
        Column("end_ns", "i8", "ns since 1970 UTC", "final answer; -1 without one"),
        Column("client", "u4", "address id", "who asks"),
        Column("server", "u4", "address id", "server of the first send"),
        Column("client_port", "u2", "port", "port of the first send"),
        Column("transport", "u1", "Transport", "of the first send"),
        Column("qname", "u4", "name id", "name"),
        Column("qname_hash", "u8", "hash", "of the name"),
        Column("qtype", "u2", "RR type", "type"),
        Column("present", "u4", "Present bits", "of the first send (EDNS)"),
        Column("sends", "u1", "messages", "queries sent"),
        Column("servers", "u1", "count", "distinct servers asked"),
        Column("same_id", "u1", "bool", "1 where all sends have one ID"),
        Column("same_port", "u1", "bool", "1 where all sends have one port"),
        Column("gap_ns", "i8", "ns", "first send to second; -1 if sent once"),
        Column("state", "u1", "State", "of the transaction that ended it, else UNANSWERED or PENDING"),
        Column("outcome", "u1", "Outcome", "final outcome"),
        Column("rcode", "u2", "RCODE", "final RCODE"),
        Column("first_outcome", "u1", "Outcome", "outcome of the first send"),
        Column("rtt_ns", "i8", "ns", "only if sent once and answered (Karn), else -1"),
        Column(
            "strict",
            "u1",
            "number",
            "1: the same question whichever way resends are joined; 0: only if other IDs and ports join too (sum 0 and 1 for "
            "clients that are no forwarders); 2: only if one ID and port join (sum 1 and 2 for forwarders)",
        ),
    )
    __slots__ = ()


class StepTable(Table):
    """One row per candidate name that a lookup tried; A and AAAA of one name are one step."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("lookup", "u8", "number", "the lookup's `lookup`"),
        Column("position", "u1", "number", "0 for the first candidate, …"),
        Column("qname", "u4", "name id", "the candidate"),
        Column("qtypes", "u1", "bits", "1 A, 2 AAAA, 4 any other type"),
        Column("qtype", "u2", "RR type", "the first type asked"),
        Column("outcome_a", "u1", "Outcome", "what A got"),
        Column("outcome_aaaa", "u1", "Outcome", "what AAAA got"),
        Column("outcome_other", "u1", "Outcome", "what the other type got"),
        Column("queries", "u1", "messages", "queries sent, retries included"),
        Column("questions", "u1", "count", "questions (types asked)"),
        Column("server", "u4", "address id", "server asked first"),
        Column("client_port", "u2", "port", "port of the first send"),
        Column("transport", "u1", "Transport", "of the first send"),
        Column("file", "u2", "index", "file of the first send"),
        Column("frame", "u8", "number", "frame of the first send"),
        Column("time_ns", "i8", "ns since 1970 UTC", "first send"),
        Column("end_ns", "i8", "ns since 1970 UTC", "last answer; -1 without one"),
        Column("rcode", "u2", "RCODE", "of the first answer"),
        Column("serial", "u1", "bool", "1 where the second type was asked only after the first was answered"),
        Column("answer_addr", "u4", "address id", "first address answered (0 none)"),
        Column("answer_cname", "u4", "name id", "first CNAME target answered (0 none)"),
    )
    __slots__ = ()


class LookupTable(Table):
    """One row per lookup: what a resolver did for one name that a program asked for."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("lookup", "u8", "number", "`row` of its first query"),
        Column("client", "u4", "address id", "who asks"),
        Column("server", "u4", "address id", "server of the first query"),
        Column("time_ns", "i8", "ns since 1970 UTC", "first query"),
        Column("end_ns", "i8", "ns since 1970 UTC", "last answer; -1 without one"),
        Column("steps", "u1", "count", "candidates tried"),
        Column("queries", "u2", "messages", "queries sent, retries included"),
        Column("questions", "u2", "count", "questions"),
        Column("ending", "u1", "Ending", "how it ended"),
        Column("common", "u1", "labels", "labels that all candidates share on the left (the base has at most so many)"),
        Column("one_port", "u1", "bool", "1 where all candidates of a lookup with several went out from one port"),
        Column("serial", "u1", "bool", "1 where A and AAAA followed one another"),
        Column("pooled", "u1", "bool", "1 where its port also carried other names: a forwarder or nginx, not a stub"),
    )
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TransactionBatch:
    """What became final since the last batch. The tables need not speak of the same messages: each has its own time."""

    unique: UniqueTable = field(default_factory=UniqueTable)
    views: ViewTable = field(default_factory=ViewTable)
    transactions: TransactionTable = field(default_factory=TransactionTable)
    questions: QuestionTable = field(default_factory=QuestionTable)
    lookups: LookupTable = field(default_factory=LookupTable)
    steps: StepTable = field(default_factory=StepTable)
    connections: ConnectionBatch = field(default_factory=ConnectionBatch)
    quotes: QuoteBatch = field(default_factory=QuoteBatch)
