"""The tables made from the report's rows: names, clients, findings …, one plain value a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from analyzer.findings import Confidence, Severity
from analyzer.measures.folds import Sided
from analyzer.measures.rows import Side, TimeBin
from analyzer.report.escape import json_text
from analyzer.report.json import plain
from analyzer.report.model import Report
from analyzer.report.tables_columns import Col, Spec, col

__all__ = ["DELTAS", "LEGS", "SPECS", "columns", "made"]

_Of = Callable[[Any], Any]
_RCODES: Final = ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED")
_TYPES: Final = ("A", "AAAA", "PTR")


def _counts(field: str, words: tuple[str, ...], unit: str, what: str, rest: str) -> tuple[Spec, ...]:
    """A column for each of the words of a mapping, and one for all others."""

    def one(word: str) -> _Of:
        return lambda row: getattr(row, field).get(word, 0)

    def others(row: Any) -> int:
        return sum(count for word, count in getattr(row, field).items() if word not in words)

    named = [Spec(word.lower(), "int64", unit, f"{what} {word}", one(word)) for word in words]
    return (*named, Spec(rest, "int64", unit, f"{what} any other", others))


def _ms(path: str) -> _Of:
    get = attrgetter(path)
    return lambda row: None if get(row) is None else get(row) / 1e6


def _spaced(field: str) -> _Of:
    return lambda row: " ".join(getattr(row, field))


def _of_frame(path: str, part: str) -> _Of:
    get = attrgetter(path)
    return lambda row: None if get(row) is None else getattr(get(row), part)


_NULL: Final = "known"
_SIDE: Final = Spec("side", "word", "", "leg of the way: client, upstream, self or transit; never add sides up")
_QUERIES: Final = Spec("queries", "int64", "messages", "queries, retries included")
_QUESTIONS: Final = Spec("questions", "int64", "questions", "questions; a question and its retries count once")
_RESPONSES: Final = Spec("responses", "int64", "messages", "responses")
_PER_MIN: Final = Spec("per_min", "float", "1/min", "queries a minute over the covered time, if that is at least 60 s")
_PEAK: Final = Spec("peak_60s", "int64", "messages", "queries in the busiest 60 s")
_ACTIVE: Final = Spec(
    "active_per_min", "float", "1/min", "queries a minute between the first and the last, if at least 10 s"
)
_NXDOMAIN: Final = Spec("nxdomain_share", "float", "0 to 1", "share of questions that ended in NXDOMAIN")
_FIRST: Final = Spec("first", "time", "UTC", "first message")
_LAST: Final = Spec("last", "time", "UTC", "last message")
_PLACE: Final = (
    Spec("first_file", "int64", "index", "input file of the first message, from 0", attrgetter("first_frame.file")),
    Spec("first_frame", "int64", "number", "frame of the first message, from 1", attrgetter("first_frame.frame")),
)
_RATES: Final = (_QUERIES, _QUESTIONS, _RESPONSES, _PER_MIN, _PEAK)
_BY_RCODE: Final = _counts("rcodes", _RCODES, "messages", "responses:", "other_rcodes")
_BY_TYPE: Final = _counts("types", _TYPES, "messages", "queries:", "other_types")
_STATES: Final = (
    Spec("answered", "int64", "messages", "queries answered in time"),
    Spec("late", "int64", "messages", "queries answered late"),
    Spec("unanswered", "int64", "messages", "queries without an answer"),
    Spec("pending", "int64", "messages", "queries still open when the capture ended"),
)
_NAMES: Final = (
    _SIDE,
    Spec("qname", "word", "", "name, lower case, no final dot"),
    *_RATES, _ACTIVE, _NXDOMAIN, *_BY_RCODE, *_BY_TYPE,
    Spec("clients", "int64", "count", "distinct clients"),
    Spec("servers", "int64", "count", "distinct servers"),
    _FIRST, _LAST, *_PLACE,
)  # fmt: skip
_SUFFIXES: Final = (
    _SIDE,
    Spec("suffix", "word", "", "what the names end in"),
    Spec("grouped_by", "word", "", "search, cluster, reverse, zone-cut, public-suffix, labels or depth"),
    *_RATES, _NXDOMAIN, *_BY_RCODE, *_BY_TYPE,
    Spec("names", "int64", "count", "distinct names"),
    Spec("clients", "int64", "count", "distinct clients"),
    Spec("wasted_share", "float", "0 to 1", "share of queries of search chains that a better first name had saved, if known"),
    Spec("namespace", "word", "", "namespace of the cluster domain, or empty"),
    Spec("service", "word", "", "service of the cluster domain, or empty"),
    _FIRST, _LAST,
)  # fmt: skip
_CLIENTS: Final = (
    _SIDE,
    Spec("addr", "word", "", "address that asks"),
    *_RATES, _ACTIVE, *_STATES,
    Spec("retries", "int64", "messages", "queries less questions"),
    _NXDOMAIN, *_BY_RCODE, *_BY_TYPE,
    Spec("names", "int64", "count", "distinct names"),
    Spec("servers", "text", "", "servers asked, the most asked first, parted by spaces", _spaced("servers")),
    Spec("forwarder", "word", "", "forwarder that the address belongs to, or empty"),
    Spec("resolver", "word", "", "its resolver library or program by its habits, or empty"),
    Spec("resolver_confidence", "word", "", "how sure that is: low, medium, high, or empty"),
    _FIRST, _LAST, *_PLACE,
)  # fmt: skip
_SERVERS: Final = (
    _SIDE,
    Spec("addr", "word", "", "address that is asked"),
    *_RATES, *_STATES,
    Spec("orphans", "int64", "messages", "responses whose query was not captured"),
    _NXDOMAIN, *_BY_RCODE,
    Spec("clients", "int64", "count", "distinct clients"),
    Spec("names", "int64", "count", "distinct names"),
    Spec("rtt_count", "int64", "count", "round-trip times: of questions sent once, as the client saw them", attrgetter("rtt.count")),
    *(Spec(f"rtt_{q}_ms", "float", "ms", f"round-trip time: {q}, at most 1 % too large", _ms(f"rtt.{q}_ns")) for q in ("p50", "p95", "p99", "max")),
    Spec("server_rtt_p50_ms", "float", "ms", "the same nearest to the server, where copies were captured: p50", _ms("server_rtt.p50_ns")),
    _FIRST, _LAST,
)  # fmt: skip
_CONNECTIONS: Final = (
    _SIDE,
    Spec("client", "word", "", "address that opens"),
    Spec("server", "word", "", "address that is opened to"),
    Spec("opened", "int64", "count", "TCP connections seen"),
    Spec("established", "int64", "count", "with SYN and SYN-ACK, or joined in the middle with data"),
    Spec("failed", "int64", "count", "SYN without SYN-ACK"),
    Spec("reset", "int64", "count", "ended by RST"),
    Spec("queries", "int64", "messages", "queries on them"),
    Spec("responses", "int64", "messages", "responses on them"),
    Spec("queries_per_connection", "float", "1", "queries an established connection, if there is any"),
    Spec("peak_open", "int64", "count", "open at once, at most"),
    Spec("peak_60s", "int64", "count", "opened in the busiest 60 s"),
    Spec("octets_out", "int64", "octets", "client to server"),
    Spec("octets_in", "int64", "octets", "server to client"),
    Spec("first", "time", "UTC", "first segment"),
    Spec("last", "time", "UTC", "last segment"),
)
_CODES: Final = (
    _SIDE,
    Spec("code", "int64", "number", "number of the type or response code"),
    Spec("name", "word", "", "its mnemonic"),
    *_RATES,
    Spec("share", "float", "0 to 1", "of the side's queries (types) or responses (response codes)"),
    _NXDOMAIN,
)
_EDNS: Final = (
    _SIDE,
    Spec("size", "int64", "octets", "UDP payload size offered; none: without EDNS", "", "", _NULL),
    Spec("queries", "int64", "messages", "queries that offer it"),
    Spec("responses", "int64", "messages", "responses that offer it"),
    Spec("dnssec_ok", "int64", "messages", "of these with the bit DO"),
    Spec("clients", "int64", "count", "distinct senders of such queries"),
)


class _Bin(NamedTuple):
    """A bin of the time line with its side and width."""

    side: Side
    bin: TimeBin
    width_s: float


def _of_bin(word: str) -> _Of:
    return lambda row: row.bin.rcodes.get(word, 0)


_TIMELINE: Final = (
    Spec("start", "time", "UTC", "begin of the bin; the index of the DataFrame", attrgetter("bin.start")),
    Spec("side", "word", "", "leg of the way: client, upstream, self or transit; never add sides up"),
    Spec("width_s", "float", "s", "width of the bin"),
    Spec("queries", "int64", "messages", "queries in the bin", attrgetter("bin.queries")),
    Spec("responses", "int64", "messages", "responses in the bin", attrgetter("bin.responses")),
    *(Spec(word.lower(), "int64", "messages", f"responses: {word}", _of_bin(word)) for word in _RCODES),
    Spec("other_rcodes", "int64", "messages", "responses: any other",
         lambda row: sum(n for word, n in row.bin.rcodes.items() if word not in _RCODES)),
)  # fmt: skip
_SEARCH_LISTS: Final = (
    Spec("suffixes", "text", "", "the list, parted by spaces", _spaced("suffixes")),
    Spec("clients", "int64", "count", "clients that have it", lambda row: len(row.clients)),
    Spec("addresses", "text", "", "their addresses, parted by spaces", lambda row: " ".join(c.addr for c in row.clients)),
    Spec("ndots_min", "int64", "dots", "ndots is at least", attrgetter("ndots.min"), "", _NULL),
    Spec("ndots_max", "int64", "dots", "ndots is at most", attrgetter("ndots.max"), "", _NULL),
    Spec("lookups", "int64", "count", "lookups by it"),
    Spec("queries", "int64", "messages", "queries of these lookups"),
    Spec("needed", "int64", "messages", "queries, had the name that won been asked first"),
    Spec("wasted", "int64", "messages", "the difference"),
    Spec("full_chains", "int64", "count", "lookups that tried every name"),
    Spec("bases", "int64", "count", "distinct names that programs asked for"),
    Spec("complete", "bool", "", "whether the name as typed was seen before or after the suffixes"),
    Spec("confidence", "word", "", "low, medium or high"),
    Spec("namespace", "word", "", "Kubernetes namespace that it speaks of, or empty"),
    Spec("servers", "text", "", "servers asked, parted by spaces", _spaced("servers")),
    Spec("resolv_conf", "text", "", "the resolv.conf that explains it"),
    Spec("differs", "text", "", "how it differs from the list that most clients have, or empty"),
    Spec("first", "time", "UTC", "first lookup"),
    Spec("last", "time", "UTC", "last lookup"),
)  # fmt: skip
_FINDINGS: Final = (
    Spec("key", "text", "", "id, kind and subject: the same in every capture"),
    Spec("id", "word", "", "detector; `dnsloupe explain ID` says more"),
    Spec("kind", "word", "", "which of its findings"),
    Spec("severity", "word", "", "how much it hurts", attrgetter("severity.word"), order=tuple(s.word for s in Severity)),
    Spec("confidence", "word", "", "how sure it is", attrgetter("confidence.word"), order=tuple(c.word for c in Confidence)),
    Spec("title", "text", "", "the finding in a line"),
    Spec("side", "word", "", "leg that it was seen on, or empty"),
    Spec("subject_kind", "word", "", "what it is about: client, server, leg, name, suffix, …", attrgetter("subject.kind")),
    Spec("subject", "text", "", "which one", attrgetter("subject.value")),
    Spec("first", "time", "UTC", "first event, if it was read from packets", "", "", _NULL),
    Spec("last", "time", "UTC", "last event, if it was read from packets", "", "", _NULL),
    Spec("file_first", "int64", "index", "input file of the first event", _of_frame("first_frame", "file"), "", _NULL),
    Spec("frame_first", "int64", "number", "frame of the first event", _of_frame("first_frame", "frame"), "", _NULL),
    Spec("file_last", "int64", "index", "input file of the last event", _of_frame("last_frame", "file"), "", _NULL),
    Spec("frame_last", "int64", "number", "frame of the last event", _of_frame("last_frame", "frame"), "", _NULL),
    Spec("count", "int64", "events", "events behind it"),
    Spec("per_min", "float", "1/min", "events a minute, if at least 60 s are covered"),
    Spec("peak_60s", "int64", "events", "events in the busiest 60 s, if they have times", "", "", _NULL),
    Spec("numbers", "text", "JSON", "what was measured", lambda row: json_text(plain(row.numbers))),
    Spec("fix", "text", "", "what to change, a line each", lambda row: "\n".join(f"{fix.where}: {fix.text}" for fix in row.fix)),
    Spec("wireshark_filter", "text", "", "display filter that shows the events"),
)  # fmt: skip
SPECS: Final[Mapping[str, tuple[Spec, ...]]] = {
    "names": _NAMES,
    "bases": _NAMES,
    "suffixes": _SUFFIXES,
    "clients": _CLIENTS,
    "servers": _SERVERS,
    "connections": _CONNECTIONS,
    "search_lists": _SEARCH_LISTS,
    "findings": _FINDINGS,
    "timeline": _TIMELINE,
    "qtypes": _CODES,
    "rcodes": _CODES,
    "edns": _EDNS,
}
"""The columns of these tables, in order."""

DELTAS: Final = (
    Spec("key", "text", "", "name, suffix, client, response code, or the finding's key"),
    Spec("side", "word", "", "leg of the way"),
    Spec("change", "word", "", "new, gone, changed, below the cut or same", attrgetter("change.value")),
    Spec("before", "int64", "events", "count before"),
    Spec("after", "int64", "events", "count after"),
    Spec("before_per_s", "float", "1/s", "rate before, if time is covered"),
    Spec("after_per_s", "float", "1/s", "rate after, if time is covered"),
    Spec("ratio", "float", "1", "after by before"),
    Spec("detail", "text", "", "the finding's severity and title"),
)
"""The columns of a comparison's tables."""

LEGS: Final = (
    Spec("side", "word", "", "leg of the way: client or upstream", attrgetter("side.value")),
    Spec("server", "text", "", "server of that leg, empty for the whole side"),
    Spec("before", "int64", "messages", "queries as captured"),
    Spec("low", "int64", "messages", "queries after the change, at least"),
    Spec("high", "int64", "messages", "queries after the change, at most"),
)
"""The columns of a what-if's table."""


def columns(name: str, report: Report) -> list[Col]:
    """The columns of one of SPECS."""
    return made(SPECS[name], _rows(name, report))


def made(specs: Iterable[Spec], rows: Iterable[Any]) -> list[Col]:
    """The columns that specs make of rows, one plain value a cell."""
    listed = list(specs)
    getters = [spec.source if callable(spec.source) else attrgetter(spec.source or spec.name) for spec in listed]
    cells: list[list[Any]] = [[] for _ in listed]
    for row in rows:  # one at a time: a row is many objects, and is built when it is asked for
        for get, column in zip(getters, cells, strict=True):
            column.append(get(row))
    return [col(spec, column) for spec, column in zip(listed, cells, strict=True)]


def _rows(name: str, report: Report) -> Iterator[Any]:
    if name == "findings":
        yield from report.findings
    elif name == "search_lists":
        yield from report.details["search"].lists
    elif name == "timeline":
        yield from _bins(report.tables[name], report.options.limits.bin_ns)
    else:
        yield from report.tables[name].all()


def _bins(timeline: Sided[TimeBin], width_ns: int) -> Iterator[_Bin]:
    for side, bins in timeline.tables.items():
        width = bins[1].start - bins[0].start if len(bins) > 1 else width_ns
        yield from (_Bin(side, one, width / 1e9) for one in bins)
