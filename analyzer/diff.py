"""Two reports held side by side: what is new, gone, changed, per suffix, name, client, RCODE and finding.

Works on reports as JSON documents, so a saved one and one made now compare alike. Counts are compared as rates over the
covered time. A difference counts as a change from a ratio of 1.5 on, if it also exceeds three standard deviations of two
Poisson counts; the second needs no tuning for large captures, the first keeps trifles out of them.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from analyzer.errors import UsageError

__all__ = ["Change", "Comparison", "Delta", "Side", "compare"]

SCHEMA: Final = "dnsloupe/1"
RATIO: Final = 1.5
SIGMAS: Final = 3.0
SECTIONS: Final[Mapping[str, str]] = {
    "suffixes": "suffix",
    "names": "qname",
    "clients": "addr",
    "rcodes": "name",
}
"""Tables that are compared, and the field that names their rows."""


class Change(enum.StrEnum):
    """What became of a row. BELOW_THE_CUT: it is in one table only, and the other was cut before its end."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    BELOW_THE_CUT = "below the cut"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Delta:
    """One row: counts, and rates per second of covered time (None where a report covers none). `ratio` is after/before."""

    key: str
    side: str
    before: int
    after: int
    before_per_s: float | None
    after_per_s: float | None
    ratio: float | None
    change: Change
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two reports, in short."""

    name: str
    first: str | None
    last: str | None
    covered_s: float
    queries: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`notes` say what makes the two hard to compare and come first; `sections` hold rows by table, `findings` by key."""

    before: Side
    after: Side
    notes: tuple[str, ...]
    sections: Mapping[str, tuple[Delta, ...]]
    findings: tuple[Delta, ...]
    totals: tuple[Delta, ...] = field(default=())

    @property
    def changed(self) -> bool:
        """Whether anything is new, gone or changed."""
        every = (*self.totals, *self.findings, *(row for rows in self.sections.values() for row in rows))
        return any(row.change in (Change.NEW, Change.GONE, Change.CHANGED) for row in every)


def compare(
    before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, str] = ("before", "after")
) -> Comparison:
    """Compare two reports. Raises UsageError where one is no report, or has another schema."""
    for name, document in zip(names, (before, after), strict=True):
        schema = document.get("schema")
        if schema != SCHEMA:
            raise UsageError(f"{name}: schema {schema!r}, this version compares {SCHEMA!r}")
    try:
        return _compared(before, after, names)
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # written by hand, or by something else
        raise UsageError(
            f"{names[0]}, {names[1]}: a report lacks its parts ({type(error).__name__}: {error})"
        ) from error


def _compared(before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, str]) -> Comparison:
    scale = _Scale(_covered(before), _covered(after))
    return Comparison(
        before=_side(before, names[0]),
        after=_side(after, names[1]),
        notes=tuple(_notes(before, after)),
        sections={table: _section(table, before, after, scale) for table in SECTIONS},
        findings=_findings(before, after, scale),
        totals=_totals(before, after, scale),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Covered seconds of both."""

    before_s: float
    after_s: float

    def delta(self, key: str, side: str, before: int, after: int, detail: str = "", cut: bool = False) -> Delta:
        rate_before = before / self.before_s if self.before_s else None
        rate_after = after / self.after_s if self.after_s else None
        first, second = (
            (rate_before, rate_after) if rate_before is not None and rate_after is not None else (before, after)
        )
        ratio = second / first if first else None
        if cut and not (before and after):
            change = Change.BELOW_THE_CUT
        elif not before and after:
            change = Change.NEW
        elif before and not after:
            change = Change.GONE
        else:
            change = Change.CHANGED if self._differs(before, after) else Change.SAME
        return Delta(key, side, before, after, rate_before, rate_after, ratio, change, detail)

    def _differs(self, before: int, after: int) -> bool:
        factor = self.after_s / self.before_s if self.before_s and self.after_s else 1.0
        expected = before * factor
        spread = math.sqrt(before * factor * factor + after)
        high, low = max(expected, float(after)), min(expected, float(after))
        return high >= RATIO * low and high - low >= SIGMAS * spread and high > low


def _covered(document: Mapping[str, Any]) -> float:
    summary = document["summary"]
    return float(summary.get("covered_s") or summary.get("duration_s") or 0)


def _side(document: Mapping[str, Any], name: str) -> Side:
    summary = document["summary"]
    return Side(name, summary.get("first"), summary.get("last"), _covered(document), int(summary.get("queries", 0)))


def _notes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What differs about the two points of view."""
    sides = [sorted(s for s, n in (d["summary"].get("sides") or {}).items() if n) for d in (before, after)]
    if sides[0] != sides[1]:
        seen = [", ".join(s) or "none" for s in sides]
        yield f"different vantage points: before shows {seen[0]}, after {seen[1]}; compare one side at a time"
    domains = [d.get("cluster_domain") or d["summary"].get("cluster_domain") for d in (before, after)]
    if domains[0] != domains[1]:
        yield f"different cluster domains: {domains[0] or 'unknown'} and {domains[1] or 'unknown'}"
    for name, document in (("before", before), ("after", after)):
        if document.get("partial"):
            yield f"{name} is partial: not all of its input could be read"
        if document["capture"].get("filter"):
            yield f"{name} was read with the filter {document['capture']['filter']!r}"
        if not _covered(document):
            yield f"{name} covers no time: counts are compared as they are"


def _section(table: str, before: Mapping[str, Any], after: Mapping[str, Any], scale: _Scale) -> tuple[Delta, ...]:
    first, second = _rows(table, before), _rows(table, after)
    cut_before, cut_after = (table in (d.get("truncated") or {}) for d in (before, after))
    deltas = []
    for key in {**first, **second}:
        was, now = first.get(key, 0), second.get(key, 0)
        cut = (cut_before and not was) or (cut_after and not now)
        deltas.append(scale.delta(key[1], key[0], was, now, cut=cut))
    return _sorted(deltas)


def _rows(table: str, document: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """Counts by (side, key): queries, or responses for RCODEs."""
    field_name = SECTIONS[table]
    counted = "responses" if table == "rcodes" else "queries"
    rows: Sequence[Mapping[str, Any]] = document.get(table) or ()
    return {(str(row.get("side", "")), str(row[field_name])): int(row.get(counted) or 0) for row in rows}


def _findings(before: Mapping[str, Any], after: Mapping[str, Any], scale: _Scale) -> tuple[Delta, ...]:
    first, second = ({f["key"]: f for f in document["findings"]} for document in (before, after))
    deltas = []
    for key in {**first, **second}:
        was, now = first.get(key), second.get(key)
        words = [f["severity"] for f in (was, now) if f]
        detail = " > ".join(dict.fromkeys(words)) + f" {(now or was or {}).get('title', '')}"
        counts = [int(f["count"]) if f else 0 for f in (was, now)]
        delta = scale.delta(key, str((now or was or {}).get("side", "")), counts[0], counts[1], detail)
        if was and now and was["severity"] != now["severity"]:
            delta = Delta(**{**_fields(delta), "change": Change.CHANGED})
        deltas.append(delta)
    worst = {
        key: max(_LEVELS.get(f["severity"], 0) for f in (first.get(key), second.get(key)) if f)
        for key in {**first, **second}
    }
    return tuple(sorted(_sorted(deltas), key=lambda d: (_ORDER[d.change], -worst[d.key])))


def _fields(delta: Delta) -> dict[str, Any]:
    return {name: getattr(delta, name) for name in Delta.__slots__}


def _totals(before: Mapping[str, Any], after: Mapping[str, Any], scale: _Scale) -> tuple[Delta, ...]:
    """Queries by side: totals of different sides are never added."""
    first, second = (document["summary"].get("sides") or {} for document in (before, after))
    rows = [
        scale.delta("queries", side, int(first.get(side, 0)), int(second.get(side, 0))) for side in {**first, **second}
    ]
    return _sorted(row for row in rows if row.before or row.after)


_LEVELS: Final = {word: level for level, word in enumerate(("info", "low", "medium", "high", "critical"))}
_ORDER: Final = {Change.NEW: 0, Change.GONE: 0, Change.CHANGED: 0, Change.BELOW_THE_CUT: 1, Change.SAME: 2}


def _sorted(deltas: Iterable[Delta]) -> tuple[Delta, ...]:
    """What differs, what is below the cut, what is the same; the greatest difference first."""
    return tuple(sorted(deltas, key=lambda d: (_ORDER[d.change], -abs(d.after - d.before), d.side, d.key)))
