"""What there is to show at one moment: made by the watch, read by every face of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.live.child import Counters
from analyzer.live.findings_log import Entry
from analyzer.report.model import Report

__all__ = ["State"]


@dataclass(frozen=True, slots=True)
class State:
    """`now_ns` is packet time (None before the first packet); rates are a second, counts over the last minute."""

    where: str
    program: str
    now_ns: int | None
    elapsed_s: float
    packets: int
    messages: int
    octets: int
    rates: Mapping[str, float]
    minute: Mapping[str, int]
    series: Sequence[int]
    entries: Sequence[Entry]
    window: Report | None
    counters: Counters
    owners: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)  # of table and address: processes
    notes: Sequence[str] = ()

    @property
    def lost(self) -> int:
        """Packets that were dropped before they could be read."""
        return (self.counters.dropped_kernel or 0) + (self.counters.dropped_interface or 0)

    @property
    def active(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.active]
