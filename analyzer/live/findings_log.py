"""What became of each finding: raised, updated, cleared. Keys do not depend on time, so one finding is one entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from analyzer.findings import Finding

__all__ = ["Entry", "Event", "FindingsLog"]

_ENTRIES: Final = 500  # a run that finds more has said enough; the others are counted


@dataclass(slots=True)
class Entry:
    """One finding over time. `since_ns` is when it was raised, `seen_ns` when a window last held it; both packet time."""

    finding: Finding
    since_ns: int
    seen_ns: int
    active: bool = True
    quiet: int = 0  # windows without it, one after another
    told: int = 0  # its count when it was last told
    times: int = 1  # how often it was raised


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is `raised`, `updated` or `cleared`; `finding` as it was then."""

    kind: str
    time_ns: int
    since_ns: int
    finding: Finding

    @classmethod
    def of(cls, kind: str, time_ns: int, entry: Entry) -> Event:
        return cls(kind, time_ns, entry.since_ns, entry.finding)


class FindingsLog:
    """Takes what each window shows. A finding clears after `quiet` windows without it."""

    def __init__(self, quiet: int) -> None:
        self._quiet = quiet
        self._entries: dict[str, Entry] = {}
        self.left_out = 0

    def take(self, findings: Iterable[Finding], now_ns: int, counts: bool = True) -> list[Event]:
        """The findings of the window that ends now; what changed. `counts`: whether their absence counts as quiet."""
        events: list[Event] = []
        present: set[str] = set()
        for finding in findings:
            present.add(finding.key)
            event = self._seen(finding, now_ns)
            if event:
                events.append(event)
        for key, entry in self._entries.items():
            if key in present or not entry.active or not counts:
                continue
            entry.quiet += 1
            if entry.quiet >= self._quiet:
                entry.active = False
                events.append(Event.of("cleared", now_ns, entry))
        return events

    def _seen(self, finding: Finding, now_ns: int) -> Event | None:
        entry = self._entries.get(finding.key)
        if entry is None:
            if not self._room():
                self.left_out += 1
                return None
            entry = self._entries[finding.key] = Entry(finding, now_ns, now_ns, told=finding.count)
            return Event.of("raised", now_ns, entry)
        before = entry.finding
        entry.finding, entry.seen_ns, entry.quiet = finding, now_ns, 0
        if not entry.active:
            entry.active, entry.since_ns, entry.told = True, now_ns, finding.count
            entry.times += 1
            return Event.of("raised", now_ns, entry)
        if finding.severity == before.severity and entry.told // 2 < finding.count < 2 * max(entry.told, 1):
            return None
        entry.told = finding.count
        return Event.of("updated", now_ns, entry)

    def _room(self) -> bool:
        """Whether one more fits, where need be in place of the one that cleared first."""
        if len(self._entries) < _ENTRIES:
            return True
        cleared = [(entry.seen_ns, key) for key, entry in self._entries.items() if not entry.active]
        if not cleared:
            return False
        del self._entries[min(cleared)[1]]
        return True

    @property
    def entries(self) -> list[Entry]:
        """The active ones first, the worst first, then the cleared ones, the latest first."""
        return sorted(
            self._entries.values(),
            key=lambda e: (not e.active, -e.finding.severity if e.active else -e.seen_ns, -e.finding.count),
        )
