"""Judging: one file each, never counting.

A module here with a function `detect(evidence)` is one detector; its id is the module's name with hyphens, its
docstring is its documentation, under the headings of `HEADINGS`. `registry()` finds them all: a new detector is a
new file.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from analyzer.findings import Finding
from analyzer.measures import Context
from analyzer.options import Thresholds

__all__ = ["HEADINGS", "Detector", "Evidence", "registry"]

HEADINGS: Final = (
    "What it detects",
    "What you feel",
    "Evidence",
    "Not to be confused with",
    "Fix",
    "References",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a detector may look at: the measures' results by id, the measures' context, and the thresholds.

    `findings` holds what earlier detectors said (only for those that name them in `after`).
    """

    results: Mapping[str, Any]
    context: Context
    thresholds: Thresholds
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector: `needs` are ids of measures, `after` ids of detectors whose findings it looks at."""

    id: str
    doc: str
    needs: tuple[str, ...]
    after: tuple[str, ...]
    detect: Callable[[Evidence], Iterable[Finding]]

    @classmethod
    def of(cls, name: str, module: ModuleType) -> Detector:
        return cls(
            id=name.replace("_", "-"),
            doc=module.__doc__ or "",
            needs=tuple(module.NEEDS),
            after=tuple(getattr(module, "AFTER", ())),
            detect=module.detect,
        )


@functools.cache
def registry() -> Mapping[str, Detector]:
    """All detectors by id, each after those that it looks at."""
    found: dict[str, Detector] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if hasattr(module, "detect"):
            detector = Detector.of(info.name, module)
            found[detector.id] = detector
    ordered: dict[str, Detector] = {}

    def place(ident: str) -> None:
        if ident not in ordered:
            for earlier in found[ident].after:
                place(earlier)
            ordered[ident] = found[ident]

    for ident in sorted(found):
        place(ident)
    return ordered
