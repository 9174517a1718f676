"""The lookups seen, asked again under other rules: how many queries would there be (issue: what-if).

Each signature is walked candidate by candidate in its new order until one answers, as its client's resolver does it (musl
asks nothing after the name as typed, others try the suffixes too). A candidate that this signature never
asked takes the outcome that its name got elsewhere in the capture; where it got none, both ways are walked, so the result is an
interval, and the share of lookups that such a guess touches is told. So it is where nothing shows which resolver it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analyzer.measures.asked import Asked
from analyzer.measures.rows import Side
from analyzer.measures.search_habits import Habit
from analyzer.measures.search_rows import Search, Verdict
from analyzer.messages import Array, Ending, NameTree, Outcome

__all__ = ["Leg", "Replay", "Rules", "WhatIf", "replay"]

_AS_TYPED: Final = 0
_WALKED: Final = 20_000  # signatures; random names make up any number, each with a lookup or two
_AAAA, _BOTH = 2, 3
_OUTCOME, _RESOLVER = "outcome", "resolver"  # what may have to be guessed


@dataclass(frozen=True, slots=True)
class Rules:
    """What is changed. `drop` names search suffixes, `negative_ttl_s` how long forwarders keep denials."""

    ndots: int | None = None
    fqdn: bool = False
    drop: tuple[str, ...] = ()
    no_aaaa: bool = False
    negative_ttl_s: int | None = None

    @property
    def words(self) -> str:
        """As given on the command line."""
        parts = [f"ndots={self.ndots}"] if self.ndots is not None else []
        parts += ["fqdn"] if self.fqdn else []
        parts += [f"drop-search={suffix}" for suffix in self.drop]
        parts += ["no-aaaa"] if self.no_aaaa else []
        parts += [f"negative-ttl={self.negative_ttl_s}"] if self.negative_ttl_s is not None else []
        return " ".join(parts)


@dataclass(slots=True)
class Replay:
    """Queries before and after; `names` holds, by name id, queries before and the bounds after."""

    before: int = 0
    low: float = 0.0
    high: float = 0.0
    lookups: int = 0
    assumed: int = 0
    unsure: int = 0  # lookups whose resolver is unknown where that matters
    kept: int = 0  # lookups left as they are because there are too many kinds of them
    names: dict[int, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0, 0.0]))

    @property
    def assumed_share(self) -> float:
        return self.assumed / self.lookups if self.lookups else 0.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One side (`server` empty), or the queries to one server: before, and between `low` and `high` after."""

    side: Side
    server: str
    before: int
    low: int
    high: int
    per_min_before: float | None
    per_min_low: float | None
    per_min_high: float | None

    @property
    def saved(self) -> tuple[int, int]:
        """At least, at most."""
        return self.before - self.high, self.before - self.low


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The outcome for `rules`. `assumed_share`: lookups that touch a name of which nothing was seen. `notes` in words."""

    rules: Rules
    legs: tuple[Leg, ...]
    lookups: int
    assumed_share: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One candidate of one signature: queries a lookup, and whether the search ended there."""

    name: int
    queries: float
    stops: bool


class _Seen:
    """What each name got anywhere in the capture."""

    def __init__(self, asked: Asked, names: NameTree, no_aaaa: bool) -> None:
        rows = asked.rows
        self._names = names
        address = (rows.qtype == 1) | ((rows.qtype == 28) & (not no_aaaa))
        self._data = np.zeros(len(names), np.bool_)
        self._data[rows.qname[address & (rows.data > 0)]] = True
        self._denied, self._empty = (np.zeros(len(names), np.bool_) for _ in range(2))
        self._denied[rows.qname[rows.nxdomain > 0]] = True
        self._empty[rows.qname[rows.nodata > 0]] = True

    def __call__(self, name: str) -> tuple[int, Outcome | None]:
        """The name's id (0 if never seen), and DATA, NODATA or NXDOMAIN; None where nothing is known."""
        node = self._names.find(name)
        if node is None:
            return 0, None
        if self._data[node]:
            return node, Outcome.DATA
        return node, Outcome.NXDOMAIN if self._denied[node] else Outcome.NODATA if self._empty[node] else None


def replay(search: Search, asked: Asked, names: NameTree, rules: Rules, rows: Array) -> Replay:
    """Walk the lookups of the signatures `rows` under `rules`."""
    verdict = search.verdict
    out = Replay(int(verdict.table.queries[rows].sum()), lookups=int(verdict.table.lookups[rows].sum()))
    seen = _Seen(asked, names, rules.no_aaaa)
    changed = np.zeros(len(verdict.table), np.bool_)
    if rules.fqdn or rules.ndots is not None or rules.drop:
        changed |= (verdict.list_at >= 0) | ((verdict.base >= 0) & (verdict.step_suffix[verdict.table.first_step] > 0))
        if rules.ndots is not None:
            changed |= _searchable(search, names, rules.ndots)
    walker = _Walker(search, names, rules, seen)
    touched = rows[changed[rows]]
    if len(touched) > _WALKED:
        touched = touched[np.argsort(-verdict.table.queries[touched], kind="stable")]
        out.kept = int(verdict.table.lookups[touched[_WALKED:]].sum())
        changed[touched[_WALKED:]] = False
    for row in touched[:_WALKED].tolist():
        walker.walk(row, out)
    _unchanged(verdict, rows[~changed[rows]], rules, out)
    out.low, out.high = min(out.low, out.high), max(out.low, out.high)
    return out


def _searchable(search: Search, names: NameTree, ndots: int) -> Array:
    """Names asked alone as typed by clients with a list, that have dots enough now, and not under the new rule. A name with
    fewer dots that was not searched either came with a final dot or from a program that does not search, and so did one
    from a port that carries many names (nginx)."""
    verdict = search.verdict
    table = verdict.table
    enough: dict[int, int] = {}
    for client, at in zip(table.client.tolist(), verdict.list_at.tolist(), strict=True):
        if at >= 0:
            enough.setdefault(client, search.lists[at].ndots.min or 0)
    limit = np.array([enough.get(client, 1 << 16) for client in table.client.tolist()], np.int64)
    dots = names.depth[verdict.steps.qname[table.first_step]].astype(np.int64) - 1
    typed = verdict.step_suffix[table.first_step] <= 0
    return np.asarray((table.steps == 1) & typed & (table.pooled == 0) & (dots >= limit) & (dots < ndots))


def _unchanged(verdict: Verdict, rows: Array, rules: Rules, out: Replay) -> None:
    """Signatures whose candidates stay as they are."""
    table, steps = verdict.table, verdict.steps
    count = table.steps[rows]
    begin = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(rows) else count
    at = np.repeat(table.first_step[rows] - begin, count) + np.arange(int(count.sum()))
    queries = steps.queries[at].astype(float)
    after = queries * np.array([1.0, 1.0, 0.0, 0.5, 1, 1, 1, 1])[steps.qtypes[at]] if rules.no_aaaa else queries
    out.low += float(after.sum())
    out.high += float(after.sum())
    distinct, index = np.unique(steps.qname[at], return_inverse=True)
    for name, sent, left in zip(
        distinct.tolist(), np.bincount(index, queries).tolist(), np.bincount(index, after).tolist(), strict=True
    ):
        row = out.names[name]
        row[0], row[1], row[2] = row[0] + sent, row[1] + left, row[2] + left


class _Walker:
    """Walks signatures under the new rules."""

    def __init__(self, search: Search, names: NameTree, rules: Rules, seen: _Seen) -> None:
        self._verdict, self._names, self._rules, self._seen = search.verdict, names, rules, seen
        self._lists = [
            [node for suffix in found.suffixes if (node := names.find(suffix)) is not None] for found in search.lists
        ]
        self._drop = {node for suffix in rules.drop if (node := names.find(suffix)) is not None}
        table = search.verdict.table
        self._list_of: dict[int, int] = {}
        for client, at in zip(table.client.tolist(), search.verdict.list_at.tolist(), strict=True):
            if at >= 0:
                self._list_of.setdefault(client, at)

    def walk(self, row: int, out: Replay) -> None:
        """Count one signature."""
        verdict = self._verdict
        table = verdict.table
        lookups = int(table.lookups[row])
        known = self._known(row)
        for candidate in known.values():
            out.names[candidate.name][0] += candidate.queries * lookups
        at = int(verdict.list_at[row])
        if at < 0:
            at = self._list_of.get(int(table.client[row]), -1)
        base = (
            verdict.bases[int(verdict.base[row])]
            if verdict.base[row] >= 0
            else self._names.text(int(verdict.steps.qname[int(table.first_step[row])]))
        )
        if at < 0:
            guessed = self._outer(row, base, known, lookups, out)
        else:
            order = self._order(row, at, base, known)
            guessed = self._both(row, order, base, known, lookups, out)
        out.assumed += lookups if guessed else 0

    def _known(self, row: int) -> dict[int, _Candidate]:
        """What the signature asked, by suffix (0: as typed)."""
        verdict = self._verdict
        table, steps = verdict.table, verdict.steps
        begin, count = int(table.first_step[row]), int(table.steps[row])
        lookups = max(int(table.lookups[row]), 1)
        found = {}
        for at in range(begin, begin + count):
            types = int(steps.qtypes[at])
            share = (0.0 if types == _AAAA else 0.5 if types == _BOTH else 1.0) if self._rules.no_aaaa else 1.0
            data = steps.outcome_a[at] == Outcome.DATA or steps.outcome_other[at] == Outcome.DATA
            data = data or (not self._rules.no_aaaa and steps.outcome_aaaa[at] == Outcome.DATA)
            last = at == begin + count - 1 and int(table.ending[row]) == Ending.NODATA and verdict.as_is[row] < 0
            suffix = max(int(verdict.step_suffix[at]), _AS_TYPED)
            found[suffix] = _Candidate(int(steps.qname[at]), share * steps.queries[at] / lookups, bool(data or last))
        return found

    def _order(self, row: int, at: int, base: str, known: dict[int, _Candidate]) -> list[int]:
        """Suffixes in the order in which they would be tried."""
        if self._rules.fqdn:
            ends = [suffix for suffix, candidate in known.items() if candidate.stops]
            return ends[:1] or [_AS_TYPED]
        suffixes = [suffix for suffix in self._lists[at] if suffix not in self._drop]
        first = int(self._verdict.as_is[row]) == 0
        if int(self._verdict.list_at[row]) < 0:
            first = _AS_TYPED in known
        if self._rules.ndots is not None:
            first = base.count(".") >= self._rules.ndots
        return [_AS_TYPED, *suffixes] if first else [*suffixes, _AS_TYPED]

    def _both(
        self, row: int, order: list[int], base: str, known: dict[int, _Candidate], lookups: int, out: Replay
    ) -> bool:
        usual = max((c.queries for c in known.values()), default=2.0)
        # What cut a search before the name as typed (the capture's end, a program that gave up) would cut it then too.
        found = int(self._verdict.table.ending[row]) in (Ending.ANSWERED, Ending.NODATA)
        cut = self._verdict.table.steps[row] > 1 and self._verdict.as_is[row] < 0 and not found
        most = sum(c.queries for c in known.values()) if cut else float("inf")
        guessed = unsure = False
        for bound, hopeful in ((1, True), (2, False)):
            total = 0.0
            for name, each, guess in self._steps(row, order, base, known, usual, hopeful):
                queries = min(each, most - total / lookups)
                total += queries * lookups
                guessed |= guess is _OUTCOME
                unsure |= guess is _RESOLVER
                if name:
                    out.names[name][bound] += queries * lookups
            if bound == 1:
                out.low += total
            else:
                out.high += total
        out.unsure += lookups if unsure else 0
        return guessed

    def _steps(
        self, row: int, order: list[int], base: str, known: dict[int, _Candidate], usual: float, hopeful: bool
    ) -> Iterator[tuple[int, float, str]]:
        """Name, queries and what of it was guessed, until the search ends; `hopeful` guesses that it ends."""
        habit = int(self._verdict.habit[row])
        for position, suffix in enumerate(order):
            candidate = known.get(suffix)
            if candidate is not None:
                yield candidate.name, candidate.queries, ""
                if candidate.stops:
                    return
            else:
                text = f"{base}.{self._names.text(suffix)}" if suffix else base
                node, outcome = self._seen(text)
                yield node, usual, _OUTCOME if outcome is None else ""
                ends = outcome == Outcome.DATA or (outcome == Outcome.NODATA and habit == Habit.STOPS)
                if ends or (outcome is None and hopeful):
                    return
            if position == 0 and suffix == _AS_TYPED and len(order) > 1 and habit != Habit.GOES_ON:
                if habit == Habit.UNKNOWN:
                    yield 0, 0.0, _RESOLVER
                if hopeful or habit == Habit.STOPS:
                    return

    def _outer(self, row: int, base: str, known: dict[int, _Candidate], lookups: int, out: Replay) -> bool:
        """A lone candidate with an outside suffix, past a forwarder: it goes if the suffix goes."""
        (suffix, candidate), *_ = known.items()
        queries = candidate.queries * lookups
        gone = suffix > 0 and (suffix in self._drop or self._rules.fqdn)
        maybe = suffix > 0 and self._rules.ndots is not None and base.count(".") >= self._rules.ndots
        low, high = (0.0, 0.0) if gone else (0.0, queries) if maybe else (queries, queries)
        out.low, out.high = out.low + low, out.high + high
        row_of = out.names[candidate.name]
        row_of[1], row_of[2] = row_of[1] + low, row_of[2] + high
        return maybe
