"""The rows of every table: what measures hand to detectors and reports.

Times are ns since 1970 UTC. `queries` counts sends (QR=0 messages, retries included), `questions` counts a question and its
retries once, `responses` QR=1 messages; all after copies are collapsed. A share is None where there is nothing to divide by,
`per_min` where less than 60 s are covered; `peak_60s` is the exact count in the busiest half-open window of 60 s; rows
stand in the order count falling, then name. Mappings have their largest count first.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "ClientRow",
    "CodeRow",
    "ConnectionRow",
    "EdnsRow",
    "Forwarder",
    "Frame",
    "NameRow",
    "PairRow",
    "Quantiles",
    "Series",
    "ServerRow",
    "Side",
    "SuffixNode",
    "SuffixRow",
    "Summary",
    "TimeBin",
    "ViewPair",
]


class Side(enum.StrEnum):
    """Where on its way a message was seen (docs/semantics.md). Totals are per side and never added over sides."""

    CLIENT = "client"  # to a forwarder or final server, from who is no forwarder
    UPSTREAM = "upstream"  # from a forwarder
    SELF = "self"  # between addresses of one machine, or of one forwarder
    TRANSIT = "transit"  # unknown


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet: input file from 0, Wireshark's frame number from 1."""

    file: int
    frame: int


@dataclass(frozen=True, slots=True)
class Series:
    """Counts in bins of `width_ns`, the first beginning at `start_ns`; bins lie on the epoch."""

    start_ns: int = 0
    width_ns: int = 10_000_000_000
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of `count` durations in ns, by nearest rank, each at most 1 % too large."""

    count: int = 0
    p50_ns: int | None = None
    p95_ns: int | None = None
    p99_ns: int | None = None
    max_ns: int | None = None


@dataclass(frozen=True, slots=True)
class NameRow:
    """One name, or one base name (`qname` is then the name that programs asked for before a suffix was appended)."""

    side: Side
    qname: str
    queries: int
    questions: int
    responses: int
    per_min: float | None  # queries a minute over the covered time
    peak_60s: int  # queries
    active_per_min: float | None  # queries a minute between first and last; None below 10 s or 3 queries
    nxdomain_share: float | None  # of questions
    rcodes: Mapping[str, int]  # responses by mnemonic
    types: Mapping[str, int]  # queries by mnemonic
    outcomes: Mapping[str, int]  # questions by final outcome: data, nodata, nxdomain, servfail, refused, error, silence
    clients: int  # distinct
    servers: int  # distinct
    first: int
    last: int
    first_frame: Frame
    series: Series


@dataclass(frozen=True, slots=True)
class SuffixRow:
    """Names grouped. `grouped_by` is one of `search`, `cluster`, `reverse`, `zone-cut`, `public-suffix`, `labels`, `depth`."""

    side: Side
    suffix: str
    grouped_by: str
    queries: int
    questions: int
    responses: int
    per_min: float | None
    peak_60s: int
    nxdomain_share: float | None
    names: int  # distinct
    clients: int  # distinct
    rcodes: Mapping[str, int]
    types: Mapping[str, int]
    wasted_share: float | None  # queries of search chains that a better first candidate had saved; None if unknown
    namespace: str  # of the cluster domain, else empty
    service: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SuffixNode:
    """A node of the suffix tree; its counts include those of its children, the busiest of which comes first."""

    label: str  # the whole suffix, `.` for the root
    depth: int
    queries: int
    share: float  # of the root's queries
    per_min: float | None
    nxdomain_share: float | None
    wasted_share: float | None
    names: int  # distinct names at or below
    children: tuple[SuffixNode, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One address that asks, towards one side."""

    side: Side
    addr: str
    queries: int
    questions: int
    responses: int
    answered: int  # queries that got a response in time
    late: int
    unanswered: int
    pending: int  # the capture ended first
    retries: int  # queries less questions
    per_min: float | None
    peak_60s: int
    active_per_min: float | None
    nxdomain_share: float | None
    names: int  # distinct
    servers: tuple[str, ...]  # asked, the most asked first
    rcodes: Mapping[str, int]
    types: Mapping[str, int]
    forwarder: str  # the forwarder that the address belongs to, empty if none
    first: int
    last: int
    first_frame: Frame
    series: Series
    resolver: str = ""  # its resolver library or program by its habits, empty if unknown
    resolver_confidence: str = ""  # how sure that is: low, medium, high; empty if unknown


@dataclass(frozen=True, slots=True)
class PairRow:
    """One client and one name. `error` bounds how many queries may be missing; 0 up to a million pairs."""

    side: Side
    client: str
    qname: str
    queries: int
    questions: int
    per_min: float | None
    peak_60s: int
    nxdomain_share: float | None
    types: Mapping[str, int]
    first: int
    last: int
    error: int


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One address that is asked, from one side."""

    side: Side
    addr: str
    queries: int
    questions: int
    responses: int
    answered: int
    late: int
    unanswered: int
    pending: int
    orphans: int  # responses whose query was not captured
    per_min: float | None
    peak_60s: int
    nxdomain_share: float | None
    rcodes: Mapping[str, int]
    clients: int  # distinct
    names: int  # distinct
    rtt: Quantiles  # client's view, only of questions sent once (Karn)
    server_rtt: Quantiles  # between the views nearest to the server, where copies were captured
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One type (`qtypes`: counts by the question's type) or one response code (`rcodes`: only `responses` counts)."""

    side: Side
    code: int
    name: str  # mnemonic
    queries: int
    questions: int
    responses: int
    share: float  # of the side's queries (qtypes) or responses (rcodes)
    per_min: float | None  # of what `share` counts
    peak_60s: int
    nxdomain_share: float | None
    rcodes: Mapping[str, int]  # empty in `rcodes`
    outcomes: Mapping[str, int]  # questions; empty in `rcodes`


@dataclass(frozen=True, slots=True)
class EdnsRow:
    """Messages that offer one UDP payload size; `size` None: messages without EDNS."""

    side: Side
    size: int | None  # octets
    queries: int
    responses: int
    dnssec_ok: int  # messages with DO
    clients: int  # distinct senders of such queries


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """TCP connections from one address to one server, on DNS ports."""

    side: Side
    client: str
    server: str
    opened: int  # connections seen
    established: int  # with SYN and SYN-ACK, or joined in the middle with data
    failed: int  # SYN without SYN-ACK
    reset: int  # ended by RST
    queries: int
    responses: int
    queries_per_connection: float | None  # of the established
    peak_open: int  # open at once, at most: what `ss` would have shown
    peak_60s: int  # opened
    octets_out: int  # client to server
    octets_in: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class TimeBin:
    """One bin of the time line; bins lie on the epoch and are all of one width."""

    start: int
    queries: int
    responses: int
    rcodes: Mapping[str, int]  # responses
    suffixes: Mapping[str, int]  # queries by the busiest suffix groups, the rest under `(others)`


@dataclass(frozen=True, slots=True)
class ViewPair:
    """How many messages had a copy on both of two interfaces; with rewritten addresses it is a NAT."""

    first: str  # interface name, or its number
    second: str
    messages: int
    rewritten: int  # of which addresses or ports differ
    spread_ns: int  # longest time between the two


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole input: unique messages on all legs, so a query and its forwarded copy count twice."""

    messages: int
    queries: int
    responses: int
    first: int | None
    last: int | None
    duration_s: float  # last less first
    covered_s: float  # without gaps between files
    frames: int  # frames that carried the messages, copies included
    copies_per_packet: float | None
    views: tuple[ViewPair, ...]
    transports: Mapping[str, int]  # messages, as all that follow
    opcodes: Mapping[str, int]
    classes: Mapping[str, int]
    multi_question: int
    no_question: int
    anomalies: Mapping[str, int]
    derived: bool  # no query was captured: everything that says queries was counted from responses
    one_way: tuple[str, ...]  # servers seen only asked, or only answering
    sides: Mapping[Side, int]  # queries by side
    states: Mapping[str, int]  # transactions: answered, late, unanswered, pending, orphan
    overflow: Mapping[str, int] = field(default_factory=dict)  # queries left to `(others)` where a table was full


@dataclass(frozen=True, slots=True)
class Forwarder:
    """A server that also asks, under all its addresses."""

    name: str  # its name on the command line, else its busiest serving address
    addresses: tuple[str, ...]
    declared: bool  # by `--forwarder`
    links: int  # upstream queries that a client's query explains
    upstreams: tuple[str, ...]  # whom it asks, the most asked first
