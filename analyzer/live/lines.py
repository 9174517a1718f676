"""The view where there is no terminal: a summary line at each interval and one for each change of a finding, or JSON lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

from analyzer.live.findings_log import Event
from analyzer.live.state import State
from analyzer.report import json as report_json
from analyzer.report.escape import json_text, terminal
from analyzer.report.model import Report
from analyzer.report.times import amount, clock, rfc3339

__all__ = ["JsonLines", "Lines", "Silent"]


class Lines:
    """Text, a line each."""

    at_once = False

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def show(self, state: State) -> None:
        """One summary line."""
        codes = ", ".join(f"{name} {rate:.1f}/s" for name, rate in state.rates.items() if name != "queries" and rate)
        active = state.active
        worst = f", worst {active[0].finding.severity.word}: {active[0].finding.title}" if active else ""
        when = clock(state.now_ns, 1000)[:8] if state.now_ns is not None else "--:--:--"
        self._write(
            f"{when} {state.rates.get('queries', 0):.1f} queries/s{f' ({codes})' if codes else ''}, "
            f"{amount(state.minute.get('queries', 0))} in the last minute, {amount(state.packets)} packets, "
            f"{amount(state.lost)} dropped, {len(active)} findings{worst}"
        )

    def tell(self, events: Sequence[Event]) -> None:
        """A line for each change."""
        for event in events:
            finding = event.finding
            when = clock(event.time_ns, 1000)[:8]
            self._write(f"{when} {event.kind} {finding.severity.word.upper()} {finding.title} [{finding.id}]")

    def end(self, report: Report) -> None:
        """Nothing: the report follows."""

    def heed(self) -> bool:
        """No keys."""
        return False

    def close(self) -> None:
        """Nothing to put back."""

    def _write(self, line: str) -> None:
        self._out.write(terminal(line) + "\n")
        self._out.flush()


class JsonLines:
    """One JSON object a line: `raised`, `updated`, `cleared` with the finding, `summary` at each interval, `end` with the report."""

    at_once = False

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def show(self, state: State) -> None:
        """A `summary`."""
        counters = state.counters
        self._write(
            "summary",
            state.now_ns,
            rates=dict(state.rates),
            last_minute=dict(state.minute),
            packets=state.packets,
            messages=state.messages,
            findings=len(state.active),
            received=counters.received,
            dropped_kernel=counters.dropped_kernel,
            dropped_interface=counters.dropped_interface,
        )

    def tell(self, events: Sequence[Event]) -> None:
        """An object for each change."""
        for event in events:
            since = rfc3339(event.since_ns)
            self._write(event.kind, event.time_ns, since=since, finding=report_json.finding(event.finding))

    def end(self, report: Report) -> None:
        """The whole run."""
        self._write("end", report.summary.last, report=report_json.document(report))

    def heed(self) -> bool:
        """No keys."""
        return False

    def close(self) -> None:
        """Nothing to put back."""

    def _write(self, event: str, time_ns: int | None, **more: Any) -> None:
        line = {"schema": "dnsloupe-live/1", "event": event, "time": None if time_ns is None else rfc3339(time_ns)}
        self._out.write(json_text({**line, **more}) + "\n")
        self._out.flush()


class Silent:
    """Nothing until the report."""

    at_once = False

    def heed(self) -> bool:
        """No keys."""
        return False

    def show(self, state: State) -> None:
        """Nothing."""

    def tell(self, events: Sequence[Event]) -> None:
        """Nothing."""

    def end(self, report: Report) -> None:
        """Nothing: the report follows."""

    def close(self) -> None:
        """Nothing to put back."""
