"""Tables of the page as compact JSON: rows of small values, with every text once in one list that all tables share.

The script draws a page of rows at a time; the first rows also stand in the HTML, for print and where scripts may not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from analyzer.measures.folds import Sided
from analyzer.measures.rows import Series
from analyzer.report.escape import terminal
from analyzer.report.model import Report
from analyzer.report.times import amount, percent, rfc3339

__all__ = ["KINDS", "Column", "Table", "Tables", "tables"]

STATIC: Final = 12  # rows that stand in the HTML itself
SPARK: Final = 24  # bins of a row's small time line
KINDS: Final = ("text", "side", "name", "words", "int", "rate", "share", "ms", "frame", "time", "spark", "factor")
"""How a column's values are stored, sorted and shown; the script knows the same."""


class Column(NamedTuple):
    """One column: its head, its kind, what the head's tooltip says, and how a row gives the value."""

    head: str
    kind: str
    value: Callable[[Any], Any]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table to show. `rows` are encoded for the script; `static` are the first ones as words."""

    id: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: list[list[Any]]
    static: list[list[str]]
    total: int
    side: str
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables, the texts that their rows point to, and the moment that times count from."""

    tables: tuple[Table, ...]
    strings: list[str]
    start_ns: int

    def data(self) -> dict[str, Any]:
        """For the script, in JSON's types."""
        return {
            "strings": self.strings,
            "start": self.start_ns // 1_000_000,
            "tables": {
                table.id: {
                    "heads": [column.head for column in table.columns],
                    "kinds": [column.kind for column in table.columns],
                    "hints": [column.hint for column in table.columns],
                    "side": table.side,
                    "sides": list(table.sides),
                    "total": table.total,
                    "rows": table.rows,
                }
                for table in self.tables
            },
        }


def tables(report: Report, cap: int) -> Tables:
    """All tables that have rows, at most `cap` of each."""
    writer = _Writer(report.summary.first or 0)
    found = [
        writer.table(name, title, note, columns, report.tables[name], cap)
        for name, title, note, columns in _plan(report)
        if name in report.tables
    ]
    return Tables(tuple(table for table in found if table.total), writer.strings, writer.start_ns)


class _Writer:
    """Encodes rows; a text that was seen before costs a number."""

    def __init__(self, start_ns: int) -> None:
        self.strings: list[str] = []
        self.start_ns = start_ns // 1_000_000 * 1_000_000
        self._known: dict[str, int] = {}

    def table(self, name: str, title: str, note: str, columns: Sequence[Column], table: Any, cap: int) -> Table:
        sides = _sides(table)
        total = sum(len(rows) for _, rows in sides)
        rows: list[Any] = []
        for _, part in sides:
            rows.extend(part[: cap - len(rows)])
        if len(sides) > 1:
            columns = (Column("side", "side", lambda row: row.side.value, "where on its way it was seen"), *columns)
        columns = tuple(_used(columns, rows))
        return Table(
            id=name,
            title=title,
            note=note,
            columns=columns,
            rows=[[self._code(column, row) for column in columns] for row in rows],
            static=[[_word(column.kind, column.value(row)) for column in columns] for row in rows[:STATIC]],
            total=total,
            side=sides[0][0] if len(sides) > 1 else "",
            sides=tuple(side for side, _ in sides) if len(sides) > 1 else (),
        )

    def _code(self, column: Column, row: Any) -> Any:
        value, kind = column.value(row), column.kind
        if value is None:
            return None
        if kind in ("text", "side", "name", "words"):
            return self._text(_word(kind, value))
        if kind == "time":
            return (value - self.start_ns) // 1_000_000
        if kind == "spark":
            return _spark(value)
        if kind == "frame":
            return value.frame if value.file == 0 else f"{value.file}:{value.frame}"
        if kind in ("rate", "share", "factor"):
            value = round(value, 4 if kind == "share" else 1)
        return int(value) if value == int(value) else value

    def _text(self, text: str) -> int:
        text = terminal(text)
        at = self._known.setdefault(text, len(self.strings))
        if at == len(self.strings):
            self.strings.append(text)
        return at


def _sides(table: Any) -> list[tuple[str, Sequence[Any]]]:
    """The parts of a table, the side to show first."""
    if not isinstance(table, Sided):
        return [("", tuple(table or ()))]
    order = [table.side, *(side for side in table.tables if side != table.side)]
    return [(side.value, table.tables[side]) for side in order if len(table.tables.get(side, ()))]


def _used(columns: Sequence[Column], rows: Sequence[Any]) -> Iterator[Column]:
    """Columns without a single value are left out."""
    for column in columns:
        if any(column.value(row) not in (None, "", {}) for row in rows):
            yield column


def _word(kind: str, value: Any) -> str:
    """A value as it is shown."""
    if value is None:
        return "-"
    spell = _WORDS.get(kind)
    return spell(value) if spell else str(value)


def _counts(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {amount(count)}" for name, count in list(value.items())[:4])
    more = f" and {len(value) - 3} more" if len(value) > 3 else ""
    return ", ".join(value[:3]) + more


_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "words": _counts,
    "int": amount,
    "rate": lambda value: amount(float(value)),
    "share": percent,
    "ms": lambda ns: f"{ns / 1e6:,.2f}",
    "frame": lambda frame: f"{frame.file}:{frame.frame}" if frame.file else str(frame.frame),
    "time": lambda ns: rfc3339(ns)[11:23],
    "spark": lambda series: "",
    "factor": lambda value: f"{value:.1f}×",
}  # fmt: skip


def _spark(series: Series) -> str:
    """Counts as digits 0 to 9, at most SPARK of them; 0 only where nothing was counted."""
    step = -(-len(series.counts) // SPARK) or 1
    joined = [sum(series.counts[at : at + step]) for at in range(0, len(series.counts), step)]
    top = max(joined, default=0)
    return "".join(str(-(-count * 9 // top)) for count in joined) if top else ""


def _plan(report: Report) -> Iterator[tuple[str, str, str, tuple[Column, ...]]]:
    """Every table in the order of the page: id, title, what it says, columns."""
    search = report.details.get("search")
    if search is not None and search.lists:
        yield (
            "bases",
            "Names as programs asked",
            "search suffixes taken off again, so one row is one name in a program",
            _NAMES,
        )
    yield "names", "Names on the wire", "every name as it was sent", _NAMES
    yield "suffixes", "Suffix groups", "names grouped by what they end in", _SUFFIXES
    yield "clients", "Clients", "who asks", _clients({row.key: row for row in search.bill.clients} if search else {})
    yield "servers", "Servers", "who is asked, and how fast they answer", _SERVERS
    yield "pairs", "Client and name", "which client asks for which name", _PAIRS
    yield "rcodes", "Response codes", "", _RCODES
    yield "qtypes", "Query types", "", _QTYPES
    yield "connections", "TCP connections", "on DNS ports", _CONNECTIONS
    yield "edns", "EDNS sizes", "UDP payload sizes that were offered; empty: no EDNS", _EDNS


def _column(field: str, head: str, kind: str = "int", hint: str = "") -> Column:
    return Column(head, kind, lambda row: getattr(row, field), hint)


_QUERIES: Final = _column("queries", "queries", hint="sends, retries included")
_RATE: Final = _column("per_min", "per min", "rate", "queries a minute over the covered time")
_PEAK: Final = _column("peak_60s", "peak min", hint="queries in the busiest 60 s")
_NX: Final = _column("nxdomain_share", "NXDOMAIN", "share", "share of questions that do not exist")
_TYPES: Final = _column("types", "types", "words")
_CODES: Final = _column("rcodes", "answers", "words")
_FIRST: Final = _column("first", "first (UTC)", "time")
_FRAME: Final = _column("first_frame", "frame", "frame", "of the first packet, as Wireshark numbers it")
_SPARKS: Final = _column("series", "over time", "spark")

_NAMES: Final = (
    _column("qname", "name", "name"), _QUERIES, _RATE, _PEAK, _NX, _column("clients", "clients"), _TYPES, _CODES,
    _FIRST, _FRAME, _SPARKS,
)  # fmt: skip
_SUFFIXES: Final = (
    _column("suffix", "suffix", "name"), _column("grouped_by", "grouped by", "text"), _QUERIES, _RATE, _PEAK, _NX,
    _column("wasted_share", "wasted", "share", "share of queries that a better first candidate had saved"),
    _column("names", "names"), _column("clients", "clients"), _column("namespace", "namespace", "text"), _TYPES, _CODES,
)  # fmt: skip
_SERVERS: Final = (
    _column("addr", "server", "text"), _QUERIES, _RATE, _NX, _column("unanswered", "unanswered"), _column("late", "late"),
    Column("median ms", "ms", lambda row: row.rtt.p50_ns), Column("95 % ms", "ms", lambda row: row.rtt.p95_ns),
    Column("99 % ms", "ms", lambda row: row.rtt.p99_ns), Column("slowest ms", "ms", lambda row: row.rtt.max_ns),
    _column("clients", "clients"), _column("names", "names"), _CODES,
)  # fmt: skip
_PAIRS: Final = (
    _column("client", "client", "text"), _column("qname", "name", "name"), _QUERIES, _RATE, _PEAK, _NX, _TYPES, _FIRST,
)  # fmt: skip
_RCODES: Final = (
    _column("name", "response", "text"), _column("responses", "responses"), _column("share", "share", "share"),
    _column("per_min", "per min", "rate"), _column("peak_60s", "peak min"),
)  # fmt: skip
_QTYPES: Final = (
    _column("name", "type", "text"), _QUERIES, _column("share", "share", "share"), _RATE, _PEAK, _NX,
    _CODES, _column("outcomes", "outcomes", "words"),
)  # fmt: skip
_CONNECTIONS: Final = (
    _column("client", "client", "text"), _column("server", "server", "text"), _column("opened", "opened"),
    _column("failed", "failed"), _column("reset", "reset"), _column("queries", "queries"),
    _column("queries_per_connection", "queries each", "rate"), _column("peak_open", "open at once"), _FIRST,
)  # fmt: skip
_EDNS: Final = (
    _column("size", "octets"), _column("queries", "queries"), _column("responses", "responses"),
    _column("dnssec_ok", "DO set"), _column("clients", "clients"),
)  # fmt: skip


def _clients(bill: Mapping[str, Any]) -> tuple[Column, ...]:
    """Columns of the clients' table, with what their search lists cost them."""

    def billed(field: str) -> Callable[[Any], Any]:
        return lambda row: getattr(bill.get(row.addr), field, None) if row.side.value == "client" else None

    return (
        _column("addr", "client", "text"), _QUERIES, _RATE, _PEAK, _NX,
        Column("wasted", "share", billed("wasted_share"), "share of queries that a better first candidate had saved"),
        Column("factor", "factor", billed("amplification"), "queries for each that was needed"),
        _column("unanswered", "unanswered"), _column("retries", "retries"), _column("names", "names"),
        _column("resolver", "resolver", "text", "library or program, by its habits"),
        _column("resolver_confidence", "sure", "text", "how sure the resolver is: low, medium, high"),
        _column("forwarder", "part of", "text"), _column("servers", "asks", "words"), _CODES, _FIRST, _FRAME,
        _SPARKS,
    )  # fmt: skip
