"""The tables of the view: which there are, how they are sorted and filtered, and how they look."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from rich.console import RenderableType

from analyzer.live.state import State
from analyzer.measures.folds import Sided
from analyzer.measures.search_rows import Search
from analyzer.report.look import Look, columns, heading, styled
from analyzer.report.model import Report
from analyzer.report.text_tables import table_of
from analyzer.report.times import amount, percent

__all__ = ["SORTS", "TABLES", "lines_of"]

TABLES: Final = ("names", "suffixes", "clients", "servers", "search", "loops", "codes", "drops")
SORTS: Final = ("queries", "NXDOMAIN", "peak", "name")


def lines_of(table: str, state: State, look: Look, sort: str, only: str) -> Iterator[RenderableType]:
    """The table, its first `look.rows` rows."""
    report = state.window
    if table == "drops":
        yield from _drops(state, look)
    elif report is None:
        yield styled(look, ("the first window is judged after a few seconds", "dim"))
    elif table == "search":
        yield from _bill(report, look, only)
    elif table == "loops":
        yield from _loops(state, report, look)
    elif table == "codes":
        for name in ("rcodes", "qtypes"):
            yield from table_of(name, report, dataclasses.replace(look, rows=max(1, look.rows // 2 - 2)))
    else:
        arranged = _arranged(report, table, sort, only, state)
        if only and not arranged.tables[table].rows:
            yield styled(look, (f"no {table} with {only!r} among those of the last minute", "dim"))
        else:
            yield from table_of(table, arranged, look)


def _arranged(report: Report, table: str, sort: str, only: str, state: State) -> Report:
    """The report with one table sorted and filtered; clients and servers with the process behind them.

    Where the side that is shown has nothing that passes the filter, the first side that has is shown instead.
    """
    found = report.tables.get(table)
    if not isinstance(found, Sided):
        return report
    rows, side = _passing(found.rows, only), found.side
    for other in () if rows else found.tables:
        if passing := _passing(found.tables[other], only):
            rows, side = passing, other
            break
    rows.sort(key=_ORDERS[sort])
    if table in ("clients", "servers"):
        rows = [_with_owner(row, table, state) for row in rows[:100]]
    tables = {**report.tables, table: Sided(side, found.fallback, {side: rows}, found.others)}
    return dataclasses.replace(report, tables=tables)


def _passing(rows: Sequence[Any], only: str) -> list[Any]:
    return [row for row in rows if only.lower() in _name(row).lower()]


def _name(row: Any) -> str:
    for field in ("qname", "suffix", "addr", "key"):
        if hasattr(row, field):
            return str(getattr(row, field))
    return ""


_ORDERS: Final[dict[str, Callable[[Any], Any]]] = {
    "queries": lambda row: (-row.queries, _name(row)),
    "NXDOMAIN": lambda row: (-(row.nxdomain_share or 0), -row.queries, _name(row)),
    "peak": lambda row: (-row.peak_60s, _name(row)),
    "name": _name,
}


def _with_owner(row: Any, table: str, state: State) -> Any:
    owners = state.owners.get((table, row.addr))
    return dataclasses.replace(row, addr=f"{row.addr} {', '.join(owners)}") if owners else row


def _bill(report: Report, look: Look, only: str) -> Iterator[RenderableType]:
    """What search lists cost: by suffix, then by base name."""
    search = report.details.get("search")
    if not isinstance(search, Search) or not search.bill.total.queries:
        yield styled(look, ("no lookup was seen yet", "dim"))
        return
    total = search.bill.total
    yield heading(
        look, "SEARCH BILL", f"{amount(total.wasted)} of {amount(total.queries)} queries wasted in the window"
    )
    half = max(2, (look.rows - 3) // 2)
    for word, rows in (("suffix", search.bill.suffixes), ("base name", search.bill.bases)):
        shown: Sequence[Any] = [row for row in rows if only.lower() in row.key.lower()][:half]
        cells = [
            (r.key, amount(r.lookups), amount(r.queries), amount(r.wasted), percent(r.wasted_share)) for r in shown
        ]
        if cells:
            yield columns(look, (word, "lookups", "queries", "wasted", ""), cells)


def _loops(state: State, report: Report, look: Look) -> Iterator[RenderableType]:
    """Findings about loops, and the circles among who asks whom."""
    yield heading(look, "LOOPS")
    found = [entry for entry in state.entries if "loop" in entry.finding.id]
    for entry in found[: look.rows]:
        word = entry.finding.severity.word.upper() if entry.active else "cleared"
        yield styled(look, f"{word:9}", entry.finding.title)
    graph = report.details.get("graph")
    for cycle in getattr(graph, "cycles", ())[:3]:
        yield styled(look, ("circle   ", "bold red"), " > ".join((*cycle, cycle[0])))
    if not found and not getattr(graph, "cycles", ()):
        yield styled(look, ("none", "dim"))


def _drops(state: State, look: Look) -> Iterator[RenderableType]:
    """What the capture itself lost, and what was read."""
    counters = state.counters
    yield heading(look, "CAPTURE", f"{state.program} on {state.where}, which counts every 5 s")
    rows = (
        ("captured by the program", counters.captured),
        ("received by the filter", counters.received),
        ("dropped by the kernel", counters.dropped_kernel),
        ("dropped by the interface", counters.dropped_interface),
        ("parsed", state.packets),
        ("DNS messages", state.messages),
        ("octets", state.octets),
    )
    yield columns(look, ("", "packets"), [(word, amount(count)) for word, count in rows])
    for note in state.notes:
        yield styled(look, ("note ", "dim"), note)
