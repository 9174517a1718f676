"""The tables of the terminal report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType

from analyzer.measures.folds import Sided
from analyzer.measures.rows import Side
from analyzer.measures.search_rows import Search
from analyzer.report.look import Look, columns, heading, styled
from analyzer.report.model import Report
from analyzer.report.search_text import section
from analyzer.report.times import amount, percent, spark

__all__ = ["all_tables", "cells_of", "table_of"]

_SIDES: Final = {
    Side.CLIENT: "asked by clients",
    Side.UPSTREAM: "sent on by forwarders",
    Side.SELF: "from a server to itself",
    Side.TRANSIT: "on a leg whose ends are unknown",
}
_TITLES: Final = {
    "bases": "NAMES AS PROGRAMS ASKED",
    "names": "NAMES ON THE WIRE",
    "suffixes": "SUFFIX GROUPS",
    "rcodes": "RESPONSE CODES",
    "qtypes": "QUERY TYPES",
    "connections": "TCP",
}
SPARK: Final = 16
WIDE: Final = 110  # from here on there is room for more columns


def all_tables(report: Report, look: Look) -> Iterator[RenderableType]:
    """Search lists, time line, then every table, the first rows of each."""
    yield from _search(report, look)
    yield from _timeline(report, look)
    lists = report.details.get("search")
    if isinstance(lists, Search) and lists.lists:
        yield from table_of("bases", report, look)
    for name in ("names", "suffixes", "clients", "servers", "rcodes", "qtypes", "connections"):
        yield from table_of(name, report, look)
    yield from _graph(report, look)
    yield from _crosscheck(report, look)


def cells_of(name: str, report: Report, look: Look) -> tuple[str, str, Sequence[str], list[Sequence[str]]]:
    """One table by its id: title, what the title leaves unsaid, heads, the first rows as texts."""
    table = report.tables.get(name)
    rows = _rows(table)
    shown = rows[: look.rows]
    heads, _, cells = _FORMS[name](look)
    note = f"{len(shown)} of {amount(len(rows))}" if len(rows) > len(shown) else ""
    side = f", {_SIDES[table.side]}" if isinstance(table, Sided) else ""
    return _TITLES.get(name, name.upper()), (note + side).strip(", "), heads, [cells(row) for row in shown]


def table_of(name: str, report: Report, look: Look) -> Iterator[RenderableType]:
    """One table by its id; nothing where it has no rows."""
    title, note, heads, rows = cells_of(name, report, look)
    if rows:
        yield heading(look, title, note)
        yield columns(look, heads, rows, _FORMS[name](look)[1])


def _rows(table: Any) -> Sequence[Any]:
    """The rows to show: of a table by side, those of the side that matters."""
    return table.rows if isinstance(table, Sided) else tuple(table or ())


Form = tuple[Sequence[str], Sequence[int], Callable[[Any], Sequence[str]]]


def _names(look: Look) -> Form:
    heads = ["name", "queries", "/min", "peak min", "NXDOMAIN"]
    if look.width >= WIDE:
        heads += ["clients", "types", "over time"]

    def cells(row: Any) -> list[str]:
        out = [row.qname, amount(row.queries), amount(row.per_min), amount(row.peak_60s), percent(row.nxdomain_share)]
        if look.width >= WIDE:
            out += [amount(row.clients), _most(row.types), spark(row.series.counts, SPARK, look.ascii_only)]
        return out

    return heads, (0, 6, 7), cells


def _suffixes(look: Look) -> Form:
    heads = ["suffix", "by", "queries", "/min", "NXDOMAIN", "wasted"]
    if look.width >= WIDE:
        heads += ["names", "clients", "peak min"]

    def cells(row: Any) -> list[str]:
        out = [
            row.suffix,
            row.grouped_by,
            amount(row.queries),
            amount(row.per_min),
            percent(row.nxdomain_share),
            percent(row.wasted_share),
        ]
        if look.width >= WIDE:
            out += [amount(row.names), amount(row.clients), amount(row.peak_60s)]
        return out

    return heads, (0, 1), cells


def _clients(look: Look) -> Form:
    heads = ["client", "queries", "/min", "NXDOMAIN", "unanswered", "retries", "resolver"]
    if look.width >= WIDE:
        heads += ["names", "asks", "over time"]

    def cells(row: Any) -> list[str]:
        who = look.named(row.addr)
        if row.forwarder and row.forwarder != row.addr:
            who += f" of {look.named(row.forwarder)}" if who != row.addr else f" ({row.forwarder})"
        out = [
            who,
            amount(row.queries),
            amount(row.per_min),
            percent(row.nxdomain_share),
            amount(row.unanswered),
            amount(row.retries),
            f"{row.resolver} ({row.resolver_confidence})" if row.resolver else "-",
        ]
        if look.width >= WIDE:
            out += [amount(row.names), ", ".join(row.servers[:2]), spark(row.series.counts, SPARK, look.ascii_only)]
        return out

    return heads, (0, 6, 8, 9), cells


def _servers(look: Look) -> Form:
    heads = ["server", "queries", "NXDOMAIN", "unanswered", "late", "median", "95 %"]
    if look.width >= WIDE:
        heads += ["/min", "clients", "answers"]

    def cells(row: Any) -> list[str]:
        out = [
            look.named(row.addr),
            amount(row.queries),
            percent(row.nxdomain_share),
            amount(row.unanswered),
            amount(row.late),
            _ms(row.rtt.p50_ns),
            _ms(row.rtt.p95_ns),
        ]
        if look.width >= WIDE:
            out += [amount(row.per_min), amount(row.clients), _most(row.rcodes)]
        return out

    return heads, (0, 9), cells


def _rcodes(look: Look) -> Form:
    def cells(row: Any) -> list[str]:
        return [row.name, amount(row.responses), percent(row.share), amount(row.per_min), amount(row.peak_60s)]

    return ["response", "messages", "share", "/min", "peak min"], (0,), cells


def _qtypes(look: Look) -> Form:
    def cells(row: Any) -> list[str]:
        return [row.name, amount(row.queries), percent(row.share), amount(row.per_min), percent(row.nxdomain_share)]

    return ["type", "queries", "share", "/min", "NXDOMAIN"], (0,), cells


def _connections(look: Look) -> Form:
    def cells(row: Any) -> list[str]:
        return [
            look.named(row.client),
            look.named(row.server),
            amount(row.opened),
            amount(row.failed),
            amount(row.reset),
            amount(row.queries_per_connection),
            amount(row.peak_open),
        ]

    return ["TCP client", "server", "opened", "failed", "reset", "queries each", "open at once"], (0, 1), cells


_FORMS: Final[Mapping[str, Callable[[Look], Form]]] = {
    "names": _names,
    "bases": _names,
    "suffixes": _suffixes,
    "clients": _clients,
    "servers": _servers,
    "rcodes": _rcodes,
    "qtypes": _qtypes,
    "connections": _connections,
}  # fmt: skip


def _ms(ns: int | None) -> str:
    return "-" if ns is None else f"{ns / 1e6:.1f} ms"


def _most(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name} {amount(count)}" for name, count in list(counts.items())[:3])


def _search(report: Report, look: Look) -> Iterator[RenderableType]:
    """Shown where a list was seen, or where names with an outside suffix came past."""
    search, left = report.details.get("search"), report.details.get("outgoing")
    if not isinstance(search, Search):
        return
    if search.lists or (left is not None and left.bill is not None and left.bill.multi.queries):
        yield from section(search, look, report.details["search_whatif"].rows, (), left, brief=True)


def _timeline(report: Report, look: Look) -> Iterator[RenderableType]:
    bins = _rows(report.tables.get("timeline"))
    if len(bins) < 2:
        return
    width = min(look.width - 24, 64)
    queries = [one.queries for one in bins]
    first, step = bins[0].start, bins[1].start - bins[0].start
    per = -(-len(queries) // width) * step / 1e9
    yield heading(
        look,
        "OVER TIME",
        f"from {look.moment(first)[11:]}, {per:.0f} s a mark, busiest {amount(max(queries))} queries in {step / 1e9:.0f} s",
    )
    yield styled(look, f"{'queries':>9}  ", spark(queries, width, look.ascii_only))
    codes: dict[str, int] = {}
    for one in bins:
        for name, count in one.rcodes.items():
            codes[name] = codes.get(name, 0) + count
    for name in sorted(codes, key=lambda n: -codes[n])[:4]:
        line = spark([one.rcodes.get(name, 0) for one in bins], width, look.ascii_only)
        yield styled(look, f"{name:>9}  ", line, f"  {amount(codes[name])}")


def _graph(report: Report, look: Look) -> Iterator[RenderableType]:
    graph = report.details.get("graph")
    if graph is None or not graph.edges:
        return
    shown = graph.edges[: look.rows]
    note = f"{len(shown)} of {len(graph.edges)}" if len(graph.edges) > len(shown) else ""
    yield heading(look, "WHO ASKS WHOM", note)
    nodes = {node.id: node for node in graph.nodes}

    def name(ident: str) -> str:
        node = nodes.get(ident)
        return look.named(ident) if node is None or node.count == 1 else f"{ident} ({node.count} clients)"

    rows = [(name(e.source), name(e.target), amount(e.queries), "LOOP" if e.looping else "") for e in shown]
    yield columns(look, ("from", "to", "queries", ""), rows, left=(0, 1, 3))
    for cycle in graph.cycles[:3]:
        yield styled(look, ("loop: ", "bold red"), " > ".join((*cycle, cycle[0])))


def _crosscheck(report: Report, look: Look) -> Iterator[RenderableType]:
    """Forwarding steps of the given configurations, and what of them the capture shows."""
    if not report.crosscheck:
        return
    yield heading(look, "CONFIGURATION AGAINST CAPTURE", "forwarding steps, those of a cycle first")
    shown = report.crosscheck[: max(look.rows, 20)]
    for step in shown:
        seen = f", {amount(step.queries)} queries" if step.queries else ""
        frame = f", first in frame {step.first.frame}" if step.first is not None else ""
        chance = (
            ""
            if step.probability is None
            else ", on failure only"
            if step.on_failure
            else f", chance {step.probability:.2g}"
        )
        yield styled(
            look,
            (f"{step.origin} > {step.target}", "bold red" if step.cycle and step.queries else "bold"),
            f" for {step.zone}: {step.status.value}{seen}{frame}{chance}{', part of a cycle' if step.cycle else ''}",
        )
        for source in step.sources[:2]:
            yield styled(look, ("    ", ""), (f"{source.place}: {source.text.strip()}", "dim"))
    if len(report.crosscheck) > len(shown):
        yield styled(look, f"and {len(report.crosscheck) - len(shown)} more")
