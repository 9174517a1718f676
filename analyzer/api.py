"""The notebook's face: `analyzer.read(…)` gives a Capture whose tables are pandas DataFrames, made when they are asked for."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from analyzer.errors import UsageError
from analyzer.options import NS, AnalyzeOptions, Select

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from analyzer.compare import Comparison
    from analyzer.measures.search_replay import WhatIf
    from analyzer.messages import TransactionBatch
    from analyzer.report.model import Report
    from analyzer.report.tables import Col

__all__ = ["Capture", "compare", "read"]

Time = str | datetime | int
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_ROWS: Final = {"messages": "unique", "transactions": "transactions", "lookups": "lookups", "chains": "steps"}
_REPORT: Final = "names bases suffixes clients servers pairs qtypes rcodes connections timeline".split()
TABLES: Final = (*_ROWS, *_REPORT, "search_lists", "findings")
"""Names of all tables of a Capture."""


def read(paths: Paths, *, filter: str = "", select: Select | None = None, **options: Any) -> Capture:
    """A Capture of one or several files (a list is one capture, in order of time). Nothing is read before it is needed.

    `filter` is a BPF expression, `select` a DNS-level filter; `options` are those of `analyzer.options.AnalyzeOptions`
    (`ports={53, 5353}`, `cluster_domain="cluster.local"`, `dedupe=False`, `decoder="reference"` …).
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    try:
        asked = AnalyzeOptions(bpf=filter, select=select or Select(), **options)
    except TypeError as error:
        raise UsageError(str(error)) from None
    return Capture(tuple(os.fspath(path) for path in several), asked)


def compare(before: Capture, after: Capture) -> Comparison:
    """What is new, gone or changed between two captures; see `analyzer.compare`."""
    from analyzer.compare import compare as documents
    from analyzer.report.json import document

    names = ("before", "after") if before.paths == after.paths else (before.label, after.label)
    return documents(document(before.report()), document(after.report()), names)


class _Rows:
    """The rows of a run, kept for the tables that have a row for each message, transaction, lookup and step."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Any]] = {name: [] for name in _ROWS}

    def keep(self, batch: TransactionBatch) -> None:
        """Keep the columns that the tables show."""
        from analyzer.report.tables import COLUMNS

        for name, source in _ROWS.items():
            table = getattr(batch, source)
            if len(table):
                wanted = {spec[2] for spec in COLUMNS[name]} | {"time_ns", "rtt_ns", "end_ns", "present"}
                kept = {key: values for key, values in table.columns().items() if key in wanted}
                self._parts[name].append((type(table), kept))

    def table(self, name: str) -> Any:
        """All rows of one table; columns that no table shows are zero."""
        import numpy as np

        from analyzer.messages import LookupTable, StepTable, TransactionTable, UniqueTable

        empty = {"messages": UniqueTable, "transactions": TransactionTable, "lookups": LookupTable, "chains": StepTable}
        parts = self._parts[name]
        if not parts:
            return empty[name]()
        return _Shown({key: np.concatenate([kept[key] for _, kept in parts]) for key in parts[0][1]})


class _Shown:
    """Columns by name and by attribute, as a Table has them, without those that no table shows."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns

    def columns(self) -> dict[str, Any]:
        return self._columns

    def __getattr__(self, name: str) -> Any:
        try:
            return self._columns[name]
        except KeyError:
            raise AttributeError(name) from None


class Capture:
    """One or several files as one capture. Tables, report and plots are made on first use and kept.

    Narrowing (`between`, `client`, `under`) gives a new Capture, which reads the files again when it is used.
    """

    def __init__(self, paths: tuple[str, ...], options: AnalyzeOptions) -> None:
        self.paths, self.options = paths, options

    # -- running

    @functools.cached_property
    def _run(self) -> tuple[Report, Any, _Rows]:
        from analyzer import pipeline

        rows = _Rows()
        analysis = pipeline.run(self.paths, self.options, tap=rows.keep)
        return analysis.report, analysis, rows

    def report(self) -> Report:
        """The report that `dnsloupe analyze` shows."""
        return self._run[0]

    @property
    def label(self) -> str:
        """The file's name, or the first's and how many more."""
        first = os.path.basename(self.paths[0])
        return first if len(self.paths) == 1 else f"{first} and {len(self.paths) - 1} more"

    # -- tables

    def _columns(self, name: str) -> list[Col]:
        from analyzer.report import tables

        report, analysis, rows = self._run
        if name in _ROWS:
            context = analysis.context
            labels = {info.id: info.name for info in context.interfaces}
            return tables.columns(name, rows.table(name), context.names, context.addresses, labels)
        if name == "findings":
            return tables.record_columns(_finding_row(f) for f in report.findings)
        if name == "search_lists":
            return tables.record_columns(_list_row(one) for one in report.details["search"].lists)
        if name in _REPORT:
            return tables.record_columns(report.tables[name])
        raise UsageError(f"no table {name!r}; there are {', '.join(TABLES)}")

    def table(self, name: str) -> pd.DataFrame:
        """A table by name; see TABLES. `df.attrs["columns"]` holds the unit and meaning of every column."""
        from analyzer.report.tables import frame

        return frame(self._columns(name), index="start" if name == "timeline" else "")

    def to_arrow(self, name: str = "messages") -> pa.Table:
        """The same table for Arrow, DuckDB and Polars. Raises MissingExtra without pyarrow."""
        from analyzer.report.tables import arrow

        return arrow(self._columns(name))

    @functools.cached_property
    def messages(self) -> pd.DataFrame:
        """One row per DNS message, copies collapsed."""
        return self.table("messages")

    @functools.cached_property
    def transactions(self) -> pd.DataFrame:
        """One row per query with its answer, and per answer without a query."""
        return self.table("transactions")

    @functools.cached_property
    def lookups(self) -> pd.DataFrame:
        """One row per lookup: what a resolver did for one name."""
        return self.table("lookups")

    @functools.cached_property
    def chains(self) -> pd.DataFrame:
        """One row per name that a lookup tried."""
        return self.table("chains")

    @functools.cached_property
    def names(self) -> pd.DataFrame:
        """One row per name and side."""
        return self.table("names")

    @functools.cached_property
    def suffixes(self) -> pd.DataFrame:
        """One row per suffix group and side."""
        return self.table("suffixes")

    @functools.cached_property
    def clients(self) -> pd.DataFrame:
        """One row per client and side."""
        return self.table("clients")

    @functools.cached_property
    def servers(self) -> pd.DataFrame:
        """One row per server and side."""
        return self.table("servers")

    @functools.cached_property
    def connections(self) -> pd.DataFrame:
        """One row per client and server that spoke TCP."""
        return self.table("connections")

    @functools.cached_property
    def search_lists(self) -> pd.DataFrame:
        """One row per search list seen at work."""
        return self.table("search_lists")

    @functools.cached_property
    def findings(self) -> pd.DataFrame:
        """One row per finding, the worst first."""
        return self.table("findings")

    @functools.cached_property
    def timeline(self) -> pd.DataFrame:
        """Queries and responses over time, indexed by the start of each bin, UTC."""
        return self.table("timeline")

    # -- narrowing

    def between(self, since: Time | None = None, until: Time | None = None) -> Capture:
        """Only messages from `since` on and before `until`: RFC 3339 text, datetime, or ns since 1970; UTC if no zone."""
        begin, end = _ns(since), _ns(until)
        old = self.options.select
        if begin is None or (old.since is not None and old.since > begin):
            begin = old.since
        if end is None or (old.until is not None and old.until < end):
            end = old.until
        return self._narrowed(since=begin, until=end, relative=frozenset())

    def client(self, address: str) -> Capture:
        """Only messages of one client, or of a network of clients."""
        return self._narrowed(clients=(_inner(address, self.options.select.clients),))

    def server(self, address: str) -> Capture:
        """Only messages of one server, or of a network of servers."""
        return self._narrowed(servers=(_inner(address, self.options.select.servers),))

    def under(self, name: str) -> Capture:
        """Only questions at or under a name."""
        wanted, old = name.strip(".").lower(), self.options.select.names
        within = [n for n in old if wanted == n or wanted.endswith(f".{n}")]
        outside = [n for n in old if n.endswith(f".{wanted}")]
        if old and not within and not outside:
            raise UsageError(f"no name is under both {wanted} and {', '.join(old)}")
        return self._narrowed(names=(wanted,) if within or not old else tuple(outside))

    def _narrowed(self, **changes: Any) -> Capture:
        select = dataclasses.replace(self.options.select, **changes)
        return Capture(self.paths, dataclasses.replace(self.options, select=select))

    # -- conclusions

    def what_if(self, *rules: str) -> WhatIf:
        """What a change would save: `ndots=2`, `fqdn`, `drop-search=example.org`, `no-aaaa`, `negative-ttl=30`, together."""
        from analyzer import whatif

        _, analysis, _ = self._run
        return whatif.what_if(analysis.results, analysis.context, whatif.parse(rules))

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The page of `dnsloupe analyze -o html`; written to `path` where one is given."""
        from analyzer.report.html import render

        page = render(self.report())
        if path is not None:
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(page)
        return page

    @property
    def plot(self) -> Plots:
        """Plots of this capture: `cap.plot.rate()`, … each returns a matplotlib Figure."""
        return Plots(self)

    def __repr__(self) -> str:
        narrowed = " (narrowed)" if self.options.select or self.options.bpf else ""
        return f"<Capture {self.label}{narrowed}>"

    def _repr_html_(self) -> str:
        """The verdict, for a notebook."""
        from analyzer.report.escape import html

        report = self.report()
        shown = [f for f in report.findings if f.severity]
        rows = "".join(
            f"<tr><td><b>{f.severity.word}</b></td><td>{html(f.id)}</td><td style='text-align:left'>{html(f.title)}</td></tr>"
            for f in shown[:20]
        )
        summary = report.summary
        head = f"{html(self.label)}: {summary.queries:,} queries, {summary.responses:,} responses in {summary.covered_s:,.1f} s"
        more = f"<p>… and {len(shown) - 20} more</p>" if len(shown) > 20 else ""
        verdict = f"<table>{rows}</table>{more}" if rows else "<p>Looks healthy: nothing found that needs a change.</p>"
        return f"<div><p><b>{head}</b></p>{verdict}</div>"


class Plots:
    """The plots of `analyzer.plots`, drawn from one capture."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def __dir__(self) -> Iterable[str]:
        from analyzer import plots

        return sorted(plots.KINDS)

    def __getattr__(self, kind: str) -> Any:
        if kind.startswith("_"):
            raise AttributeError(kind)
        from analyzer import plots

        if kind not in plots.KINDS:
            raise AttributeError(f"no plot {kind!r}; there are {', '.join(sorted(plots.KINDS))}")
        return functools.partial(plots.KINDS[kind], self._capture.report())


def _finding_row(found: Any) -> Any:
    from analyzer.report.records_flat import FindingRow

    return FindingRow.of(found)


def _list_row(one: Any) -> Any:
    from analyzer.report.records_flat import ListRow

    return ListRow.of(one)


def _ns(time: Time | None) -> int | None:
    if time is None or (isinstance(time, int) and not isinstance(time, bool)):
        return time
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        raise UsageError(f"{time!r} is no time (2026-11-22T19:00:00Z)") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * NS + moment.microsecond * 1000


def _inner(address: str, old: tuple[str, ...]) -> str:
    """The smaller of two networks where one lies in the other. Raises UsageError where they do not meet."""
    try:
        wanted = ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise UsageError(f"{address!r} is no address or network") from None
    for text in old:
        other = ipaddress.ip_network(text, strict=False)
        if wanted.version == other.version and wanted.subnet_of(other):  # type: ignore[arg-type]  # versions are equal
            return address
        if wanted.version == other.version and other.subnet_of(wanted):  # type: ignore[arg-type]  # versions are equal
            return text
    if old:
        raise UsageError(f"no address is in both {address} and {', '.join(old)}")
    return address
