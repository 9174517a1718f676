"""Search candidates that got an answer they should not: one address for unrelated bases, or a name without addresses
that ends the search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked, AskedTable
from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.measures.leaks import peak_of
from analyzer.measures.rows import Frame
from analyzer.measures.search_lists import example
from analyzer.measures.search_rows import ExampleStep, Search
from analyzer.messages import Ending, Outcome, TransactionBatch

__all__ = ["Cut", "Measure", "Wildcard", "Wildcards"]

_NODATA: Final = (Outcome.NODATA, Outcome.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Bases that got one address under one suffix."""

    suffix: str
    address: str
    bases: tuple[str, ...]
    queries: int
    clients: tuple[str, ...]
    servers: tuple[str, ...]
    peak_60s: int
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame
    frames: tuple[tuple[str, int, Frame], ...] = ()  # name, time, frame of one query each


@dataclass(frozen=True, slots=True)
class Cut:
    """Lookups whose search ended at a candidate under `suffix` that exists without addresses."""

    suffix: str
    lookups: int
    bases: tuple[str, ...]
    clients: tuple[str, ...]
    lost: tuple[str, ...]  # bases that did resolve elsewhere in the capture
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame
    example: tuple[ExampleStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Wildcards:
    """Both kinds, most bases or lookups first."""

    hijacks: tuple[Wildcard, ...] = ()
    cuts: tuple[Cut, ...] = field(default=())


class Measure:
    """A fold over `asked` and `search`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("asked", "clusterdomain", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` and `search` count."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> Wildcards:
        """Group answered candidates by suffix and address, and cut searches by suffix."""
        search: Search = results["search"]
        return Wildcards(self._hijacks(results["asked"], search, results["clusterdomain"]), self._cuts(search))

    def _hijacks(self, asked: Asked, search: Search, domain: ClusterDomain) -> tuple[Wildcard, ...]:
        rows = asked.rows
        groups: dict[tuple[str, int], list[int]] = defaultdict(list)
        inside = f".{domain.name}"
        known = np.zeros(len(self._context.names), np.bool_)
        known[[name for name, suffix in search.suffix_of.items() if suffix]] = True
        for at in np.flatnonzero((rows.data > 0) & (rows.answer_addr > 0) & known[rows.qname]).tolist():
            suffix = search.suffix_of[int(rows.qname[at])]
            if suffix and suffix != domain.name and not suffix.endswith(inside):
                groups[suffix, int(rows.answer_addr[at])].append(at)
        found = [self._wildcard(asked, search, *key, members) for key, members in groups.items()]
        found = [row for row in found if len(row.bases) > 1]
        return tuple(sorted(found, key=lambda row: (-len(row.bases), row.suffix, row.address)))

    def _wildcard(self, asked: Asked, search: Search, suffix: str, address: int, members: list[int]) -> Wildcard:
        text = self._context.addresses.text
        chosen = np.array(members)
        rows: AskedTable = asked.rows.take(chosen)
        first: dict[str, str] = {}
        frames = []
        for name, time, file, frame in zip(
            *(c.tolist() for c in (rows.qname, rows.first_ns, rows.first_file, rows.first_frame)), strict=True
        ):
            base = search.base_of[name]
            if base.split(".")[0] not in first:  # unrelated: not even the leftmost label is the same
                first[base.split(".")[0]] = base
                frames.append((self._context.names.text(name), time, Frame(file, frame)))
        begin, end = int(np.argmin(rows.first_ns)), int(np.argmax(rows.last_ns))
        return Wildcard(
            suffix=suffix,
            address=text(address),
            bases=tuple(sorted(first.values())),
            queries=int(rows.queries.sum()),
            clients=tuple(sorted({text(c) for c in rows.client.tolist()})),
            servers=tuple(sorted({text(s) for s in rows.server.tolist()})),
            peak_60s=peak_of(asked, chosen),
            first=int(rows.first_ns.min()),
            last=int(rows.last_ns.max()),
            first_frame=Frame(int(rows.first_file[begin]), int(rows.first_frame[begin])),
            last_frame=Frame(int(rows.last_file[end]), int(rows.last_frame[end])),
            frames=tuple(sorted(frames, key=lambda row: row[1])[:10]),
        )

    def _cuts(self, search: Search) -> tuple[Cut, ...]:
        verdict = search.verdict
        table, steps = verdict.table, verdict.steps
        if not len(table):
            return ()
        last = table.first_step + table.steps - 1
        ended = (table.ending == Ending.NODATA) & (verdict.list_at >= 0) & (verdict.step_suffix[last] > 0)
        empty = np.isin(steps.outcome_a[last], _NODATA) & np.isin(steps.outcome_aaaa[last], _NODATA)
        ended &= empty & (verdict.as_is != 0)
        groups: dict[int, list[int]] = defaultdict(list)
        for row in np.flatnonzero(ended).tolist():
            groups[int(verdict.step_suffix[last[row]])].append(row)
        good = np.flatnonzero((table.ending == Ending.ANSWERED) & (verdict.base >= 0))
        resolved = {verdict.bases[at] for at in verdict.base[good].tolist()}
        found = [self._cut(search, suffix, rows, resolved) for suffix, rows in groups.items()]
        return tuple(sorted(found, key=lambda row: (-row.lookups, row.suffix)))

    def _cut(self, search: Search, suffix: int, members: list[int], resolved: set[str]) -> Cut:
        verdict, text = search.verdict, self._context.addresses.text
        table = verdict.table
        rows = np.array(members)
        bases = sorted({verdict.bases[at] for at in verdict.base[rows].tolist()})
        begin, end = rows[int(np.argmin(table.first_ns[rows]))], rows[int(np.argmax(table.last_ns[rows]))]
        at = int(table.first_step[begin])
        return Cut(
            suffix=self._context.names.text(suffix),
            lookups=int(table.lookups[rows].sum()),
            bases=tuple(bases),
            clients=tuple(sorted({text(client) for client in table.client[rows].tolist()})),
            lost=tuple(base for base in bases if base in resolved),
            first=int(table.first_ns[rows].min()),
            last=int(table.last_ns[rows].max()),
            first_frame=Frame(int(verdict.steps.file[at]), int(verdict.steps.frame[at])),
            last_frame=Frame(int(table.last_file[end]), int(table.last_frame[end])),
            example=example(self._context, verdict, int(begin)),
        )
