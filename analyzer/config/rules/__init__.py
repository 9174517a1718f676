"""The rules: one file each, judging a site and its graph.

A module here with a function `check(graph)` is one rule; `ID` names it, its docstring is its documentation under the
headings of the detectors. `registry()` finds them all: a new rule is a new file.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analyzer.config.graph import Graph
from analyzer.findings import Finding

__all__ = ["Rule", "check_all", "registry"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id (`R1`), its documentation, and the function that yields findings."""

    id: str
    documentation: str
    check: Callable[[Graph], Iterable[Finding]]


@functools.cache
def registry() -> tuple[Rule, ...]:
    """All rules: loops first, then R1, R2, ... in number."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        if hasattr(loaded, "check"):
            found.append(Rule(loaded.ID, (loaded.__doc__ or "").strip(), loaded.check))
    return tuple(sorted(found, key=lambda rule: (_number(rule.id), rule.id)))


def _number(rule_id: str) -> int:
    match = re.fullmatch(r"R(\d+)", rule_id)
    return int(match.group(1)) if match else 0


def check_all(graph: Graph) -> list[Finding]:
    """Every finding of every rule, the worst first, in the rules' order within a severity."""
    found = [finding for rule in registry() for finding in rule.check(graph)]
    return sorted(found, key=lambda finding: -finding.severity)
