"""The analysis of a stream while it comes: bytes in; a window, findings that come and go, and in the end the report.

Two chains of transactions read the same messages. The one of the run waits as long as `analyze` does, so the final report is
the one that `analyze` gives on the same packets. The one of the window waits two seconds at most, so a finding shows while
it still helps. Time is packet time; where no packet comes it goes on with the clock.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from analyzer import detectors
from analyzer.decode import decoder
from analyzer.findings import Finding
from analyzer.live.ceiling import Ceiling
from analyzer.live.findings_log import Entry, Event, FindingsLog
from analyzer.live.panes import Measures, Panes, results_of
from analyzer.live.pulse import Pulse
from analyzer.live.settings import Settings
from analyzer.measures import Context
from analyzer.messages import (
    OTHERS,
    AddressTable,
    ConnectionBatch,
    Decoded,
    InterfaceInfo,
    Ledger,
    MessageBatch,
    NameTree,
    QuoteBatch,
    TransactionBatch,
    UniqueTable,
)
from analyzer.options import NS, AnalyzeOptions
from analyzer.report.model import Report, build
from analyzer.transactions.bounded import Bounded

__all__ = ["Judge", "Session"]

Judge = Callable[[Mapping[str, Any], Context], tuple[Finding, ...]]

_PATIENCE: Final = 3  # windows are judged for at most a third of the time; else less often
_SOCKETS: Final = 32  # of the latest messages
_TOP: Final = 1000  # rows a table of the last report: ten thousand take more memory than the watch itself
_SHOWN: Final = 200  # rows a table of a window
_TOGETHER: Final = 20_000  # messages that wait for the run at most …
_BATCHES: Final = 8  # … and batches, some seconds of them
_SMALL_S: Final = 0.25  # a judgement longer than this is not made in the middle of a pane
_LAG_NS: Final = 65 * NS  # until a lookup is final in the run


class Session:
    """Feed it octets of one capture stream, and tick it about once a second; `events` collects what findings did."""

    def __init__(
        self, name: str, options: AnalyzeOptions, settings: Settings, judge: Judge, *, hurry: bool = False
    ) -> None:
        self._name, self._settings, self._judge = name, settings, judge
        self._hurry = hurry  # packets are lost where they are not read in time
        self._options = dataclasses.replace(options, limits=settings.run(options.limits), top=min(options.top, _TOP))
        quick = dataclasses.replace(options, limits=settings.window(options.limits), top=min(options.top, _SHOWN))
        self.decoder = decoder(options.decoder, settings.decode(options))
        self.decoder.open(0)
        self._names, self._addresses = NameTree(), AddressTable()
        self._quick = quick
        share = settings.rows
        self._run_stage = Bounded(self._names, self._addresses, self._options, share - share // 4)
        self._window_stage = Bounded(self._names, self._addresses, quick, share // 4)
        self._run = Measures(self._context(self._options))
        slim = dataclasses.replace(options, limits=settings.pane(options.limits))
        self._panes = Panes(self._context(slim), settings.panes)
        self._ceiling = Ceiling(settings.memory)
        self.pulse = Pulse()
        self.log = FindingsLog(settings.quiet)
        self.events: list[Event] = []
        self._window_keys: set[str] = set()
        self._run_findings: tuple[Finding, ...] = ()
        self._run_judged_ns: int | None = None
        self._half: int | None = None  # half panes that have passed
        self._first_ns: int | None = None
        self._latest_ns: int | None = None
        self._heard = time.monotonic()  # when the latest packet came
        self._judged, self._cost = 0.0, 0.0
        self.window: Report | None = None
        self.skipped_windows = 0
        self._waiting: list[Decoded] = []
        self.octets = 0
        self._sockets: list[tuple[str, str, int]] = []

    # ---- time

    @property
    def now_ns(self) -> int | None:
        """Packet time, carried on by the clock since the latest packet; None before the first one."""
        if self._latest_ns is None:
            return None
        return self._latest_ns + max(0, int((time.monotonic() - self._heard) * NS))

    def tick(self) -> None:
        """Let time pass where no packet comes."""
        now = self.now_ns
        if now is None or self._latest_ns is None:
            return
        self.pulse.advance(now - NS)
        if now - self._latest_ns > self._quick.limits.match_ns and not self._window_stage.idle:
            self._count(self._window_stage.close(now))
        if now - self._latest_ns > NS:
            self._reach(now)

    # ---- packets

    def feed(self, octets: bytes) -> None:
        """Take the stream's next octets. Raises NotACapture."""
        self.octets += len(octets)
        for batch in (*self.decoder.feed(octets), *self.decoder.flush()):
            self._take(batch)
        self._ceiling.hold(self._panes.shed)

    def end(self) -> None:
        """The stream has ended; what was held back is counted. Raises NotACapture where it was too short to be one."""
        for batch in self.decoder.finish():
            self._take(batch)
        self._settle()
        self._run.update(self._run_stage.close(self._latest_ns))
        self._count(self._window_stage.close(self._latest_ns))
        self._panes.clear()  # no window follows, and the last report takes memory
        self._ceiling.hold(self._panes.shed)

    def _take(self, batch: Decoded) -> None:
        self._names.append(batch.names)
        self._addresses.append(batch.addresses)
        self._wait(batch)
        for latest, piece in _cut(batch, self._settings.pane_ns // 2):
            if latest is not None:
                if self._first_ns is None:
                    self._first_ns = int(piece.messages.time_ns.min())
                self._reach(latest)
                self._latest_ns = latest if self._latest_ns is None else max(latest, self._latest_ns)
                self._heard = time.monotonic()
            self._count(self._window_stage.feed(piece))

    def _wait(self, batch: Decoded) -> None:
        """For the run batches are taken together: each costs the same, however small."""
        self._waiting.append(batch)
        rows = sum(len(one.messages) for one in self._waiting)
        if rows > _TOGETHER or len(self._waiting) > _BATCHES:
            self._settle()

    def _settle(self) -> None:
        """Hand the run what waits for it."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            joined = dataclasses.replace(
                waiting[0],
                messages=MessageBatch.concat(one.messages for one in waiting),
                connections=ConnectionBatch.concat(one.connections for one in waiting),
                quotes=QuoteBatch.concat(one.quotes for one in waiting),
            )
            self._run.update(self._run_stage.feed(joined))

    def _count(self, batches: Iterable[TransactionBatch]) -> None:
        for batch in batches:
            self.pulse.add(batch.unique)
            self._note_sockets(batch.unique)
            self._panes.update([batch])

    def _note_sockets(self, rows: UniqueTable) -> None:
        if len(rows):
            text, last = self._addresses.text, slice(-_SOCKETS, None)
            ends = {"clients": (rows.client, rows.client_port), "servers": (rows.server, rows.server_port)}
            found = {
                (table, text(at), port)
                for table, (who, ports) in ends.items()
                for at, port in zip(who[last].tolist(), ports[last].tolist(), strict=True)
            }
            self._sockets = sorted(socket for socket in found if socket[1] != OTHERS.decode())

    # ---- windows

    def _reach(self, now_ns: int) -> None:
        """Let time come so far: close the panes that end before, judge at the end and in the middle of each."""
        half = self._settings.pane_ns // 2
        reached = now_ns // half
        if self._half is None:
            self._half = reached
        gap = 2 * (self._settings.panes + self._settings.quiet)  # after so much silence nothing changes any more
        self._half = max(self._half, reached - gap)
        while self._half < reached:
            self._half += 1
            ends = self._half % 2 == 0
            if ends:
                self._panes.close()
            if self._due() and (ends or self._cost < _SMALL_S):
                self.judge(self._half * half, ends)
            elif ends:
                self.skipped_windows += 1

    def _due(self) -> bool:
        return not self._hurry or time.monotonic() - self._judged >= _PATIENCE * self._cost

    def judge(self, now_ns: int, ends: bool = True) -> None:
        """Look at the window that ends now; only windows that end with a pane count as quiet ones."""
        began = time.monotonic()
        self._ceiling.hold(self._panes.shed)
        context = self._context(self._quick)
        context.last_ns = now_ns
        context.first_ns = max(now_ns - self._settings.window_ns, self._first_ns or 0)
        context.covered_ns = max(0, context.last_ns - context.first_ns)
        results = self._panes.window(context)
        found = self._judge(results, context)
        self._window_keys.update(finding.key for finding in found)
        if len(self._window_keys) > 10_000:
            self._window_keys = {finding.key for finding in found}
        self._judge_run(now_ns)
        self.events += self.log.take([*found, *self._slow(now_ns)], now_ns, ends)
        self.window = self._report(results, context, found)
        self._judged = time.monotonic()
        self._cost = self._judged - began

    def _judge_run(self, now_ns: int) -> None:
        if self._run_judged_ns is None:
            self._run_judged_ns = now_ns
        due = max(self._settings.judge_run_ns, int(20 * NS * self._cost))
        if now_ns - self._run_judged_ns >= due:
            self._run_judged_ns = now_ns
            self._run_findings = self._judge(results_of(self._run_so_far()), self._run.context)

    def _slow(self, now_ns: int) -> Iterator[Finding]:
        """What only the whole run shows, while it is fresh."""
        oldest = now_ns - self._settings.window_ns - _LAG_NS
        for finding in self._run_findings:
            if finding.key not in self._window_keys and finding.last is not None and finding.last >= oldest:
                yield finding

    # ---- reports

    def report(self, damage: Sequence[str] = (), drops: Mapping[str, int] | None = None) -> Report:
        """The whole run. `drops` are the capturing program's counters, `damage` what went wrong."""
        run = self._run_so_far()
        results = results_of(run)
        return self._report(results, run.context, self._judge(results, run.context), damage, drops)

    def _run_so_far(self) -> Measures:
        self._settle()
        context = self._run.context
        context.first_ns, context.last_ns = self._first_ns, self._latest_ns
        context.covered_ns = max(0, (self._latest_ns or 0) - (self._first_ns or 0))
        for info in self.decoder.captures:
            if info.first_ns is not None and info.last_ns is not None:
                context.first_ns, context.last_ns = info.first_ns, info.last_ns
                context.covered_ns = info.last_ns - info.first_ns
        context.interfaces = list(self.decoder.interfaces)
        return self._run

    def _context(self, options: AnalyzeOptions) -> Context:
        return Context(self._names, self._addresses, options, list(self.decoder.interfaces))

    def _report(
        self,
        results: Mapping[str, Any],
        context: Context,
        found: Sequence[Finding],
        damage: Sequence[str] = (),
        drops: Mapping[str, int] | None = None,
    ) -> Report:
        report = build(
            inputs=[self._name],
            captures=self.decoder.captures,
            interfaces=_with_drops(context.interfaces, drops),
            ledger=self.decoder.ledger,
            counters=self._run_stage.counters,
            damage=[*(info.damage for info in self.decoder.captures if info.damage), *damage],
            results=results,
            context=context,
            findings=found,
            decoder=self.decoder.name,
            checked=tuple(detectors.registry()),
        )
        return dataclasses.replace(report, notes=tuple(self.notes))

    @property
    def notes(self) -> Iterator[str]:
        """What the bounds of memory did."""
        if self._run_stage.cut:
            yield f"held too many open queries for --memory {self._run_stage.cut} times: some count as pending, answers as orphans"
        if self._ceiling.sheds:
            yield f"merged or dropped panes of the window {self._ceiling.sheds} times for --memory"
        if self.log.left_out:
            yield f"{self.log.left_out} findings more than can be followed"

    @property
    def sockets(self) -> list[tuple[str, str, int]]:
        """Table (`clients`, `servers`), address and port of the latest few: whose processes are worth knowing."""
        return self._sockets

    @property
    def ledger(self) -> Ledger:
        return self.decoder.ledger

    @property
    def counters(self) -> Mapping[str, int]:
        """Messages, unique ones, copies so far."""
        counted = self._run_stage.counters
        return {**counted, "messages": counted["messages"] + sum(len(one.messages) for one in self._waiting)}

    @property
    def entries(self) -> list[Entry]:
        return self.log.entries


def _cut(batch: Decoded, step_ns: int) -> Iterator[tuple[int | None, Decoded]]:
    """The batch cut where a step of time begins, with the latest time of each piece. Late rows go with those before them."""
    rows = batch.messages
    if not len(rows):
        yield None, batch
        return
    reached = np.maximum.accumulate(rows.time_ns // step_ns)
    starts = [0, *(np.flatnonzero(reached[1:] > reached[:-1]) + 1).tolist(), len(rows)]
    for first, stop in itertools.pairwise(starts):
        piece = dataclasses.replace(batch, messages=rows.take(slice(first, stop)))
        if first:  # those went with the first piece
            piece = dataclasses.replace(piece, connections=ConnectionBatch(), quotes=QuoteBatch())
        yield int(piece.messages.time_ns.max()), piece


def _with_drops(interfaces: Sequence[InterfaceInfo], drops: Mapping[str, int] | None) -> list[InterfaceInfo]:
    """The program's counters stand with the first interface: it sums them over all."""
    found = list(interfaces)
    if found and drops:
        found[0] = dataclasses.replace(found[0], drops={**found[0].drops, **drops})
    return found
