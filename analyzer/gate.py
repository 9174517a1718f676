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
from collections.abc import Callable, Collection, Mapping
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
_NUMBER: Final = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one condition: whether it is met (and so fails the run), and what was found."""

    text: str
    met: bool
    found: str


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
        if self.compare and self.word in numbers:
            value = numbers[self.word]
            met = value is not None and _OPERATORS[self.compare](value, self.limit)
            return Verdict(self.text, met, f"{self.word} is {'unknown' if value is None else value}")
        idents = GROUPS.get(self.word, (self.word,))
        found = [f for f in report["findings"] if f["id"] in idents]
        if self.compare:
            count = sum(int(f["count"]) for f in found)
            return Verdict(self.text, _OPERATORS[self.compare](count, self.limit), f"{self.word}: {count} events")
        bad = [f for f in found if f["severity"] != "info"]
        return Verdict(self.text, bool(bad), f"{self.word}: " + ("; ".join(f["title"] for f in bad) or "none"))

    def _severity(self, report: Mapping[str, Any]) -> Verdict:
        levels = [SEVERITIES.index(f["severity"]) for f in report["findings"]]
        hits = [
            f
            for f, level in zip(report["findings"], levels, strict=True)
            if _OPERATORS[self.compare](level, self.limit)
        ]
        return Verdict(
            self.text, bool(hits), f"{len(hits)} findings: " + ("; ".join(f["title"] for f in hits[:5]) or "none")
        )


def parse(text: str, detectors: Collection[str], report: Mapping[str, Any] | None = None) -> list[Condition]:
    """Read what `--fail-on` was given. `detectors` are all finding ids; `report`, where there is one, knows the numbers.

    Raises UsageError for a word that is no finding, group, severity or number.
    """
    return [_condition(part, detectors, report) for part in text.split(",")]


def _condition(text: str, detectors: Collection[str], report: Mapping[str, Any] | None) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(f"--fail-on: {text.strip()!r} is no condition (ID, ID>N, severity>=high or NAME>N)")
    word, compare, limit = match[1], match[2] or "", match[3] or ""
    if word == "severity":
        if limit not in SEVERITIES or not compare:
            raise UsageError(f"--fail-on: {text.strip()!r} (severity>=X, X one of {' '.join(SEVERITIES)})")
        return Condition(text.strip(), word, compare, SEVERITIES.index(limit))
    known = word in detectors or word in GROUPS
    if not known and (not compare or (report is not None and word not in _numbers(report["summary"]))):
        raise UsageError(f"--fail-on: unknown word {word!r} (see dnsloupe detectors, or the numbers of the summary)")
    if not compare:
        return Condition(text.strip(), word)
    if not _NUMBER.fullmatch(limit):
        raise UsageError(f"--fail-on: {limit!r} in {text.strip()!r} is no number")
    return Condition(text.strip(), word, compare, float(limit))


def _numbers(summary: Mapping[str, Any], prefix: str = "") -> dict[str, float | None]:
    """The summary's numbers by name, those of its parts as `part.name`."""
    out: dict[str, float | None] = {}
    for name, value in summary.items():
        if isinstance(value, Mapping):
            out.update(_numbers(value, f"{prefix}{name}."))
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            out[f"{prefix}{name}"] = value
    return out
