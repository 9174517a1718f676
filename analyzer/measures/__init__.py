"""Counting: one file each, never judging.

A module here with a class `Measure` is one measure; its id is the module's name. `registry()` finds them all, so a new
measure is a new file. A measure gets every TransactionBatch in order (`update`), may be joined with one that saw the
following batches (`merge`, associative), and answers any number of times (`result`). Accumulators are integers.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from analyzer.messages import AddressTable, InterfaceInfo, Ledger, NameTree, TransactionBatch
from analyzer.options import AnalyzeOptions

__all__ = ["Context", "MeasureType", "registry"]


@dataclass(slots=True)
class Context:
    """What all measures share: the dictionaries behind ids, the settings, and what is known of the capture."""

    names: NameTree = field(default_factory=NameTree)
    addresses: AddressTable = field(default_factory=AddressTable)
    options: AnalyzeOptions = field(default_factory=AnalyzeOptions)
    interfaces: list[InterfaceInfo] = field(default_factory=list)
    first_ns: int | None = None
    last_ns: int | None = None
    covered_ns: int = 0  # time that the files cover, gaps between files left out
    ledger: Ledger = field(default_factory=Ledger)  # what became of every frame; known at the end


class MeasureType(Protocol):
    """The face of every `Measure` class. `needs` names measures whose results `result` gets, by id."""

    needs: tuple[str, ...]

    def __init__(self, context: Context) -> None: ...

    def update(self, batch: TransactionBatch) -> None: ...

    def merge(self, other: Self) -> None: ...

    def result(self, results: Mapping[str, Any]) -> Any: ...


@functools.cache
def registry() -> Mapping[str, type[MeasureType]]:
    """All measures by id, found by looking into this folder; ordered so that each comes after those it needs."""
    found: dict[str, type[MeasureType]] = {}
    for info in pkgutil.iter_modules(__path__):
        measure = getattr(importlib.import_module(f"{__name__}.{info.name}"), "Measure", None)
        if measure is not None:
            found[info.name] = measure
    ordered: dict[str, type[MeasureType]] = {}

    def place(name: str, seen: tuple[str, ...]) -> None:
        if name in seen:
            raise ValueError(f"measures need each other in a circle: {' > '.join((*seen, name))}")
        for needed in found[name].needs:
            place(needed, (*seen, name))
        ordered[name] = found[name]

    for name in sorted(found):
        place(name, ())
    return ordered
