"""Every table by name, for notebooks and for export: what it holds, its declared columns, and its columns with values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from analyzer.measures import Context
from analyzer.report import tables_messages, tables_rows
from analyzer.report.model import Report
from analyzer.report.tables_columns import Col, Spec
from analyzer.report.tables_kept import Kept

__all__ = ["DOCS", "SPECS", "columns"]

DOCS: Final[Mapping[str, str]] = {
    "messages": "One row per DNS message, copies of one packet collapsed, in order of time.",
    "transactions": "One row per query with its answer, and per answer whose query was not captured.",
    "lookups": "One row per lookup: what a resolver did for one name that a program asked for.",
    "chains": "One row per name that a lookup tried; join with `lookups` on `lookup`.",
    "names": "One row per name and side, the most asked first.",
    "bases": "One row per name that programs asked for (search suffixes taken off again) and side.",
    "suffixes": "One row per group of names with one ending, and side.",
    "clients": "One row per address that asks, and side.",
    "servers": "One row per address that is asked, and side.",
    "connections": "One row per client and server that spoke TCP, and side.",
    "search_lists": "One row per resolv.conf search list seen at work.",
    "findings": "One row per finding, the worst first.",
    "timeline": "One row per bin of time and side; bins lie on the epoch, 10 s wide or 20, 40, … for long captures.",
    "qtypes": "One row per type asked, and side.",
    "rcodes": "One row per response code, and side; only `responses` counts.",
    "edns": "One row per UDP payload size offered, and side.",
}
"""Names of all tables, and what a row of each is."""

SPECS: Final[Mapping[str, tuple[Spec, ...]]] = {**tables_messages.SPECS, **tables_rows.SPECS}


def columns(name: str, kept: Kept, report: Report, results: Mapping[str, Any], context: Context) -> list[Col]:
    """The columns of one table. Those of `tables_messages` take their rows out of `kept`, so they are made once."""
    if name in tables_messages.SPECS:
        return tables_messages.columns(name, kept.pop(name), context, results)
    return tables_rows.columns(name, report)
