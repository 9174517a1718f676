"""`--fail-on`: conditions on a report that make a run fail, for pipelines that keep a repaired cluster repaired.

A comma means "any of". A condition is

    ID              a finding with this id (`cluster-name-leak`), or of a group (`loop`, `leak`), at any severity above info
    ID>N            more than N events of it in all (also >=, <, <=, ==, !=; a group too)
    severity>=X     a finding of this severity or worse (also >, <, <=, ==; X: info low medium high critical)
    NAME op N       a number of the report's summary (`amplification>3`, `queries>=1000`, `states.unanswered>0`)
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from analyzer.errors import UsageError

__all__ = ["GROUPS", "Condition", "Verdict", "parse"]

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "loop": ("loop-probe-loop", "forward-loop", "ip-routing-loop"),
    "leak": ("cluster-name-leak", "bogus-tld-leak"),
}
"""Words that stand for several findings."""

SEVERITIES: Final = ("info", "low", "medium", "high", "critical")
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_CONDITION: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.-]*)\s*(?:(>=|<=|==|!=|>|<|=)\s*(\S+))?\s*", re.ASCII)
_TALLIES: Final = frozenset(("transports", "opcodes", "classes", "anomalies", "overflow"))
_NUMBER: Final = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one condition: whether it is met (and so fails the run), and what was found."""

    text: str
    met: bool
    found: str
    keys: tuple[str, ...] = ()
    """The findings behind it, by key."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, understood."""

    text: str
    word: str
    compare: str = ""
    limit: float = 0.0

    def judge(self, report: Mapping[str, Any]) -> Verdict:
        """Hold the condition against a report as JSON document. Raises UsageError for a number that it does not hold."""
        if self.word == "severity":
            return self._severity(report)
        numbers = _numbers(report["summary"])
        if self.compare and (self.word in numbers or _tally(self.word)):
            value = numbers.get(self.word, 0)
            met = value is not None and _OPERATORS[self.compare](value, self.limit)
            return Verdict(self.text, met, f"{self.word} is {'unknown' if value is None else value}")
        idents = GROUPS.get(self.word, (self.word,))
        found = [f for f in report["findings"] if f["id"] in idents]
        if self.compare:
            count = sum(int(f["count"]) for f in found)
            met = _OPERATORS[self.compare](count, self.limit)
            return Verdict(self.text, met, f"{self.word}: {count} events", _keys(found))
        bad = [f for f in found if f["severity"] != "info"]
        said = f"{self.word}: " + ("; ".join(f["title"] for f in bad) or "none")
        return Verdict(self.text, bool(bad), said, _keys(bad))

    def _severity(self, report: Mapping[str, Any]) -> Verdict:
        levels = [SEVERITIES.index(f["severity"]) for f in report["findings"]]
        hits = [
            f
            for f, level in zip(report["findings"], levels, strict=True)
            if _OPERATORS[self.compare](level, self.limit)
        ]
        said = f"{len(hits)} findings: " + ("; ".join(f["title"] for f in hits[:5]) or "none")
        return Verdict(self.text, bool(hits), said, _keys(hits))


def _keys(findings: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(f.get("key", "")) for f in findings)


def parse(
    text: str, detectors: Collection[str], report: Mapping[str, Any] | None = None, numbers: Collection[str] = ()
) -> list[Condition]:
    """Read what `--fail-on` was given. `detectors` are all finding ids; `report`, where there is one, knows the numbers.

    Before there is one, `numbers` are names that its summary will hold (first words: `states` for `states.answered`); none
    given, any name passes until then. Raises UsageError for a word that is no finding, group, severity or number.
    """
    return [_condition(part, detectors, report, numbers) for part in text.split(",")]


def _condition(
    text: str, detectors: Collection[str], report: Mapping[str, Any] | None, numbers: Collection[str]
) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(f"--fail-on: {text.strip()!r} is no condition (ID, ID>N, severity>=high or NAME>N)")
    word, compare, limit = match[1], match[2] or "", match[3] or ""
    if word == "severity":
        if limit not in SEVERITIES or not compare:
            raise UsageError(f"--fail-on: {text.strip()!r} (severity>=X, X one of {' '.join(SEVERITIES)})")
        return Condition(text.strip(), word, compare, SEVERITIES.index(limit))
    known = word in detectors or word in GROUPS
    if not known and (not compare or not _countable(word, report, numbers)):
        raise UsageError(f"--fail-on: unknown word {word!r} (see dnsloupe detectors, or the numbers of the summary)")
    if not compare:
        return Condition(text.strip(), word)
    if not _NUMBER.fullmatch(limit):
        raise UsageError(f"--fail-on: {limit!r} in {text.strip()!r} is no number")
    return Condition(text.strip(), word, compare, float(limit))


def _countable(word: str, report: Mapping[str, Any] | None, numbers: Collection[str]) -> bool:
    if report is None:
        return not numbers or word.partition(".")[0] in numbers
    return word in _numbers(report["summary"]) or (_tally(word) and word.partition(".")[0] in report["summary"])


def _tally(word: str) -> bool:
    """Whether the word counts one kind of many, of which the summary lists only those that occurred."""
    first, dot, rest = word.partition(".")
    return first in _TALLIES and bool(dot and rest)


def _numbers(summary: Mapping[str, Any], prefix: str = "") -> dict[str, float | None]:
    """The summary's numbers by name, those of its parts as `part.name`."""
    out: dict[str, float | None] = {}
    for name, value in summary.items():
        if isinstance(value, Mapping):
            out.update(_numbers(value, f"{prefix}{name}."))
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            out[f"{prefix}{name}"] = value
    return out
