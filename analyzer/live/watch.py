"""The watch itself: octets from the source to the session, what they show to the face, until there is a reason to end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from analyzer.errors import InputError
from analyzer.live.child import Counters, Wish, Words, counted, explain, notable
from analyzer.live.evidence import Evidence
from analyzer.live.findings_log import Event
from analyzer.live.keeper import Keeper
from analyzer.live.metrics import Metrics
from analyzer.live.session import Session
from analyzer.live.source import Source
from analyzer.live.state import State
from analyzer.report.model import Report

__all__ = ["Face", "Watch"]

_PACE_S: Final = 1.0  # packets are taken in together that often: each batch costs the same, however small
_ENOUGH: Final = 1 << 20  # octets that are taken in at once
_GLANCE_S: Final = 0.1  # how often keys are looked at
_COUNT_S: Final = 5.0  # how often the program is asked what it dropped
_OWNERS_S: Final = 2.0  # sockets of programs that ask are short-lived
_ADDRESSES: Final = 1000  # whose processes are remembered …
_NAMED: Final = 3  # … and so many of each
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Face(Protocol):
    """Something that shows: the screen, lines, JSON lines. `heed` looks at the keys and says whether to end."""

    at_once: bool  # whether to show before the first interval has passed

    def heed(self) -> bool: ...

    def show(self, state: State) -> None: ...

    def tell(self, events: Sequence[Event]) -> None: ...

    def end(self, report: Report) -> None: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Watch:
    """One run. `words` is the descriptor of the capturing program's standard error, if there is one."""

    session: Session
    source: Source
    face: Face
    where: str
    program: str
    interval_s: float
    evidence: Evidence | None = None
    keeper: Keeper | None = None
    words: int | None = None
    duration_s: float = 0
    count: int = 0
    wish: Wish | None = None
    metrics: Metrics | None = None
    said: Words = field(default_factory=Words)
    damage: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _ending: int = 0
    _owners: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def run(self) -> None:
        """Watch until the stream, the time or the count ends, or a signal or a key says so."""
        handlers = {number: signal.signal(number, self._end) for number in _ENDING}
        began = time.monotonic()
        taken = counted_at = owned = began
        shown = began - self.interval_s if self.face.at_once else began
        try:
            if self.words is not None:
                os.set_blocking(self.words, False)
            while not self._ending and not self.source.ended:
                self.source.wait_for(_GLANCE_S, _ENOUGH)
                now = time.monotonic()
                if now - taken >= _PACE_S or self.source.waiting >= _ENOUGH:
                    taken = now
                    self._take()
                if self.face.heed():
                    break
                if now - shown >= self.interval_s:
                    shown = now
                    state = self.state(now - began)
                    self.face.show(state)
                    if self.metrics is not None:
                        self.metrics.show(state)
                if now - counted_at >= _COUNT_S:
                    counted_at = now
                    self._guarded(Keeper.count)
                if now - owned >= _OWNERS_S:
                    owned = now
                    self._guarded(self._ask_owners)
                if self.duration_s and now - began >= self.duration_s:
                    break
                if self.count and self.session.ledger.total >= self.count:
                    break
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _end(self, number: int, _: Any) -> None:
        self._ending = number

    def finish(self) -> Report:
        """Stop the capture, take in what it had, and report on the whole run."""
        status = self._stop()
        if self.wish is not None and self.words is not None and self.source.ended and not self.session.octets:
            raise explain(self.said.text, self.program, self.wish)
        deadline = time.monotonic() + 2
        while not self.source.ended and status is not None and time.monotonic() < deadline:
            self._take(self.source.take(_GLANCE_S))
        self._take()
        with contextlib.suppress(InputError):  # nothing came at all
            self.session.end()
        if self.evidence is not None:
            self.evidence.close()
            self._note_evidence()
        self._tell()
        report = self.session.report(self.damage, self.counters.drops)
        self.face.end(report)
        return report

    def _stop(self) -> int | None:
        """End the capturing program, and say so where it had ended by itself."""
        own = not self.source.ended
        status = None
        if self.keeper is not None:
            try:
                status = self.keeper.stop()
            except OSError:
                self.damage.append("the process that held the capture is gone; this is what was read until then")
                self.keeper.abandon()
        self._hear()
        if self.words is not None and not own and status is not None and not self._expected:
            why = notable(self.said.text) or (
                f"it was ended by signal {-status}" if status < 0 else f"it ended with exit code {status}"
            )
            self.damage.append(f"{self.program} stopped capturing: {why}; this is what was read until then")
        return status

    @property
    def _expected(self) -> bool:
        """Whether the program was told to end after so many packets, and did."""
        return bool(self.count) and (self.counters.captured or 0) >= self.count

    def _take(self, chunks: Sequence[bytes] | None = None) -> None:
        waiting = deque(self.source.take(0) if chunks is None else chunks)
        while waiting:  # pieces of a size: what one piece takes on its way is many times its octets
            piece = bytearray()
            while waiting and len(piece) < _ENOUGH:
                piece += waiting.popleft()
            octets = bytes(piece)
            if self.evidence is not None:
                self.evidence.take(octets)
            self.session.feed(octets)
        self.session.tick()
        self._hear()
        self._tell()

    def _tell(self) -> None:
        events, self.session.events = self.session.events, []
        if not events:
            return
        self.face.tell(events)
        if self.evidence is not None:
            for event in events:
                if self.evidence.found(event):
                    self.notes.append(f"packets before {event.finding.id} written to file {self.evidence.files}")

    def _note_evidence(self) -> None:
        assert self.evidence is not None
        if self.evidence.failed:
            self.damage.append(f"-w: {self.evidence.failed}")

    def _hear(self) -> None:
        while self.words is not None:
            try:
                octets = os.read(self.words, 4096)
            except OSError:
                return
            if not octets:
                return
            self.said.add(octets)

    def _guarded(self, ask: Callable[[Keeper], Any]) -> None:
        """Ask the keeper; where it is gone its program is gone too, and the source ends."""
        if self.keeper is not None:
            with contextlib.suppress(OSError):
                ask(self.keeper)

    def _ask_owners(self, keeper: Keeper) -> None:
        sockets = self.session.sockets
        found = keeper.owners([(address, port) for _, address, port in sockets])
        if len(self._owners) > _ADDRESSES:
            self._owners.clear()
        for table, address, port in sockets:
            if (address, port) in found:
                names = self._owners.setdefault((table, address), [])
                names[:] = [*(name for name in names if name != found[address, port]), found[address, port]][-_NAMED:]

    # ---- what there is to show

    @property
    def counters(self) -> Counters:
        """What the capturing program said last."""
        return counted(self.said.text)

    def state(self, elapsed_s: float) -> State:
        """Everything at this moment."""
        session = self.session
        failed = [self.evidence.failed] if self.evidence is not None and self.evidence.failed else []
        counts: Mapping[str, int] = session.counters
        return State(
            where=self.where,
            program=self.program,
            now_ns=session.now_ns,
            elapsed_s=elapsed_s,
            packets=session.ledger.total,
            messages=counts["messages"],
            octets=session.octets,
            rates=session.pulse.now,
            minute=session.pulse.last_minute,
            series=session.pulse.series,
            entries=session.entries,
            window=session.window,
            counters=self.counters,
            owners=self._owners,
            notes=[*failed, *session.notes, *self.notes[-3:]],
        )
