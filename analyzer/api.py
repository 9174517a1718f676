"""The notebook's face: `analyzer.read(…)` gives a Capture whose tables are pandas DataFrames, made when they are asked for."""

from __future__ import annotations

import dataclasses
import functools
import io
import ipaddress
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from analyzer.options import NS, AnalyzeOptions, Select

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from analyzer.diff import Comparison
    from analyzer.measures.search_replay import WhatIf
    from analyzer.pipeline import Analysis
    from analyzer.report.model import Report
    from analyzer.report.tables_columns import Col
    from analyzer.report.tables_kept import Kept

__all__ = ["Capture", "Compared", "Saving", "compare", "read"]

Time = str | datetime | int
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def read(
    paths: Paths,
    *,
    filter: str = "",  # noqa: A002 - the word of every capture tool; the builtin is not wanted here
    select: Select | None = None,
    **options: Any,
) -> Capture:
    """A Capture of one or several files (a list is one capture, in order of time). Nothing is read before it is needed.

    `filter` is a BPF expression, `select` a DNS-level filter; `options` are those of `analyzer.options.AnalyzeOptions`
    (`ports={53, 5353}`, `cluster_domain="cluster.local"`, `dedupe=False`, `decoder="reference"` …).
    Raises UsageError for an option that does not exist or is none; what is wrong with the files is said when they are read.
    """
    several: list[Any] = [paths] if isinstance(paths, str | os.PathLike) else _listed(paths)
    if not all(isinstance(path, str | os.PathLike) for path in several):
        raise UsageError(f"{paths!r} is no path and no list of paths")
    if not several:
        raise UsageError("no capture given")
    if select is not None and not isinstance(select, Select):
        raise UsageError(f"select takes an analyzer.options.Select, not {select!r}")
    known = {field.name for field in dataclasses.fields(AnalyzeOptions)} - {"bpf", "select"}
    if unknown := sorted(set(options) - known):
        raise UsageError(f"unknown option {', '.join(unknown)}; there are filter, select, {', '.join(sorted(known))}")
    if "ports" in options:
        options["ports"] = _ports(options["ports"])
    asked = AnalyzeOptions(bpf=filter, select=select or Select(), **options)
    return Capture(tuple(os.fspath(path) for path in several), asked)


def _ports(given: Any) -> frozenset[int]:
    ports = _listed(given)
    if not ports or not all(isinstance(port, Integral) and 0 <= int(port) < 65536 for port in ports):
        raise UsageError(f"ports takes port numbers ({{53, 5353}}), not {given!r}")
    return frozenset(map(int, ports))


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, Iterable) else [None]


def compare(before: Capture, after: Capture) -> Compared:
    """What is new, gone or changed from one capture to another, in rates over the covered time."""
    from analyzer.diff import compare as documents
    from analyzer.report.json import document

    names = ("before", "after") if before.paths == after.paths else (before.label, after.label)
    return Compared(documents(document(before.report()), document(after.report()), names))


class Capture:
    """One or several files as one capture. Tables, report and plots are made on first use and kept.

    Narrowing (`between`, `client`, `server`, `under`) gives a new Capture, which reads the files again when it is used.
    """

    def __init__(self, paths: tuple[str, ...], options: AnalyzeOptions) -> None:
        self.paths, self.options = paths, options
        self._made: dict[str, list[Col]] = {}

    # -- running

    @functools.cached_property
    def _run(self) -> tuple[Analysis, Kept]:
        from analyzer import pipeline
        from analyzer.report.tables_kept import Kept

        kept = Kept()
        made = pipeline.run(self.paths, self.options, tap=kept.keep), kept
        _hand_back()
        return made

    def report(self) -> Report:
        """The report that `dnsloupe analyze` shows."""
        return self._run[0].report

    @property
    def label(self) -> str:
        """The file's name, or the first's and how many more."""
        first = Path(self.paths[0]).name
        return first if len(self.paths) == 1 else f"{first} and {len(self.paths) - 1} more"

    # -- tables

    def _columns(self, name: str) -> list[Col]:
        from analyzer.report import tables

        if name not in tables.SPECS:
            raise UsageError(f"no table {name!r}; there are {', '.join(tables.SPECS)}")
        if name not in self._made:
            analysis, kept = self._run
            self._made[name] = tables.columns(name, kept, analysis.report, analysis.results, analysis.context)
            _hand_back()
        return self._made[name]

    def table(self, name: str) -> pd.DataFrame:
        """A table by name, made anew each time; `docs/tables.md` describes them, `df.attrs["columns"]` its columns."""
        from analyzer.report.tables_frames import frame

        return frame(self._columns(name), index="start" if name == "timeline" else "")

    def to_arrow(self, name: str = "messages") -> pa.Table:
        """The same table for Arrow, DuckDB and Polars, `start` of the time line being a column. Raises MissingExtra."""
        from analyzer.report.tables_frames import arrow

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
        begin, end, old = _ns(since), _ns(until), self.options.select
        if old.relative and (begin is not None or end is not None):
            raise UsageError("between() cannot narrow a selection whose times count from the first frame")
        begins = [limit for limit in (begin, old.since) if limit is not None]
        ends = [limit for limit in (end, old.until) if limit is not None]
        return self._narrowed(since=max(begins, default=None), until=min(ends, default=None))

    def client(self, address: str) -> Capture:
        """Only messages of one client, or of a network of clients."""
        return self._narrowed(clients=_within(address, self.options.select.clients))

    def server(self, address: str) -> Capture:
        """Only messages of one server, or of a network of servers."""
        return self._narrowed(servers=_within(address, self.options.select.servers))

    def under(self, name: str) -> Capture:
        """Only questions at or under a name."""
        wanted, old = name.strip(".").lower(), self.options.select.names
        if any("*" in n or "?" in n for n in (wanted, *old)):
            raise UsageError("under() takes a name; patterns go into read(select=Select(names=…))")
        if not old or any(wanted == n or wanted.endswith(f".{n}") for n in old):
            return self._narrowed(names=(wanted,))
        inside = tuple(n for n in old if n.endswith(f".{wanted}"))
        if not inside:
            raise UsageError(f"no name is under both {wanted} and {', '.join(old)}")
        return self._narrowed(names=inside)

    def _narrowed(self, **changes: Any) -> Capture:
        select = dataclasses.replace(self.options.select, **changes)
        return Capture(self.paths, dataclasses.replace(self.options, select=select))

    # -- conclusions

    def what_if(self, *rules: str) -> Saving:
        """What a change would save: `ndots=2`, `fqdn`, `drop-search=example.org`, `no-aaaa`, `negative-ttl=30`, together."""
        from analyzer import whatif

        asked = whatif.parse(rules)
        analysis, _ = self._run
        return Saving(whatif.what_if(analysis.results, analysis.context, asked))

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The page of `dnsloupe analyze -o html`; written to `path` where one is given."""
        from analyzer.report.html import render

        page = render(self.report())
        if path is not None:
            try:
                Path(path).write_text(page, encoding="utf-8", newline="\n")
            except OSError as error:
                raise UsageError(f"{os.fspath(path)}: {(error.strerror or str(error)).lower()}") from error
        return page

    @property
    def plot(self) -> Plots:
        """Plots of this capture: `cap.plot.rate()`, …; each returns a matplotlib Figure."""
        return Plots(self)

    def __repr__(self) -> str:
        narrowed = " (narrowed)" if self.options.select or self.options.bpf else ""
        return f"<Capture {self.label}{narrowed}>"

    def _repr_html_(self) -> str:
        """The verdict, for a notebook."""
        from analyzer.report.cards import verdict

        return verdict(self.report(), self.label)


class Plots:
    """The plots of `analyzer.plots`, drawn from one capture."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def __dir__(self) -> Iterable[str]:
        from analyzer.report import plots

        return sorted(plots.KINDS)

    def __getattr__(self, kind: str) -> Any:
        if kind.startswith("_"):
            raise AttributeError(kind)
        from analyzer.report import plots

        if kind not in plots.KINDS:
            raise AttributeError(f"no plot {kind!r}; there are {', '.join(sorted(plots.KINDS))}")
        _show_figures()
        return functools.partial(plots.KINDS[kind], self._capture.report())


def _show_figures() -> None:
    """In a notebook, let a Figure at the end of a cell be seen without `%matplotlib inline`."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        png = shell.display_formatter.formatters["image/png"]
        if ("matplotlib.figure", "Figure") not in png.deferred_printers:
            png.for_type_by_name("matplotlib.figure", "Figure", _png)


def _png(figure: Any) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=80, facecolor="white")
    return out.getvalue()


class Compared:
    """Two captures held side by side; `comparison` is all of it, and a notebook shows what differs."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison

    def table(self, name: str) -> pd.DataFrame:
        """A row per `totals`, `findings`, `suffixes`, `names`, `clients` or `rcodes`; the greatest difference first."""
        from analyzer.report.tables_frames import frame
        from analyzer.report.tables_rows import DELTAS, made

        rows = {"totals": self.comparison.totals, "findings": self.comparison.findings, **self.comparison.sections}
        if name not in rows:
            raise UsageError(f"no table {name!r}; there are {', '.join(rows)}")
        return frame(made(DELTAS, rows[name]))

    def __repr__(self) -> str:
        return f"<Compared {self.comparison.before.name} and {self.comparison.after.name}>"

    def _repr_html_(self) -> str:
        from analyzer.report.cards import comparison

        return comparison(self.comparison)


class Saving:
    """What a change would save; `outcome` is all of it."""

    def __init__(self, outcome: WhatIf) -> None:
        self.outcome = outcome

    @property
    def legs(self) -> pd.DataFrame:
        """Queries before, and at least and at most after; one row per side, and per server asked by a forwarder."""
        from analyzer.report.tables_frames import frame
        from analyzer.report.tables_rows import LEGS, made

        return frame(made(LEGS, self.outcome.legs))

    def __repr__(self) -> str:
        return f"<Saving {self.outcome.rules.words}>"

    def _repr_html_(self) -> str:
        from analyzer.report.cards import what_if

        return what_if(self.outcome)


def _hand_back() -> None:
    """Give freed memory back to the system. A notebook lives long, and glibc would keep hundreds of megabytes of it."""
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _ns(time: Time | None) -> int | None:
    if time is None or isinstance(time, int):
        return time
    nanoseconds = getattr(time, "value", None)
    if isinstance(nanoseconds, int) and getattr(time, "unit", "") == "ns":  # a pandas Timestamp, to the nanosecond
        return nanoseconds
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.replace(microsecond=0).timestamp()) * NS + moment.microsecond * 1000
    except (ValueError, AttributeError, TypeError):
        raise UsageError(f"{time!r} is no time (2026-11-22T19:00:00Z)") from None


def _within(address: str, old: tuple[str, ...]) -> tuple[str, ...]:
    """What lies both in `address` and in the old networks. Raises UsageError where nothing does."""
    try:
        wanted = ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise UsageError(f"{address!r} is no address or network") from None
    if not old:
        return (str(wanted),)
    others = [ipaddress.ip_network(text, strict=False) for text in old]
    shared = (other for other in others if other.version == wanted.version and other.overlaps(wanted))
    both = [str(max(wanted, other, key=lambda network: network.prefixlen)) for other in shared]
    if not both:
        raise UsageError(f"no address is in both {address} and {', '.join(old)}")
    return tuple(both)
