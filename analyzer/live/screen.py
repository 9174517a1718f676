"""The full-screen view: what there is now, what is wrong, one table, and the keys."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.text import Text

from analyzer.live.findings_log import Entry, Event
from analyzer.live.keys import Keys
from analyzer.live.state import State
from analyzer.live.tables import SORTS, TABLES, lines_of
from analyzer.report.look import SEVERITY_STYLE, Look, heading, styled
from analyzer.report.model import Report
from analyzer.report.text_findings import long_form
from analyzer.report.times import amount, clock, duration, spark

__all__ = ["Screen", "widths"]

_WIDE: Final = 110  # columns from which on there is room for when a finding was last seen
_KEYS: Final = "q quit tab table s sort / filter ↑↓ f freeze p pause"


def widths() -> None:
    """Have rich read how wide characters are: it does so at the first one that is not ASCII, maybe too late to be let."""
    Console(file=io.StringIO(), force_terminal=True, width=80).print(Text("é中·"))


class Screen:
    """Shown on the alternate screen; `close` puts the terminal back, whatever happened."""

    at_once = True

    def __init__(self, ascii_only: bool = False) -> None:
        self._quit = False
        self._ascii = ascii_only
        self._console = Console(markup=False, highlight=False, emoji=False, no_color=bool(os.environ.get("NO_COLOR")))
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._keys = Keys()
        self._table, self._sort, self._chosen = 0, 0, 0
        self._only, self._typing = "", False
        self._paused: State | None = None
        self._frozen: Entry | None = None
        self._state: State | None = None
        self._keys.begin()
        self._live.start()
        self._handlers = {
            signal.SIGTSTP: signal.signal(signal.SIGTSTP, lambda *_: self._stop()),
        }

    # ---- the terminal

    def _stop(self) -> None:
        """Ctrl-Z: give the terminal back, stop, and take it again when continued."""
        self._live.stop()
        self._keys.restore()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._keys.begin()
        self._live.start()
        if self._state is not None:
            self._draw()

    def close(self) -> None:
        """The terminal as it was."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        with contextlib.suppress(OSError):
            self._live.stop()
        self._keys.restore()
        with contextlib.suppress(OSError):
            sys.stdout.flush()

    # ---- keys

    def heed(self) -> bool:
        """Do what the keys say, and show it at once; whether to end."""
        seen = False
        for key in self._keys.pressed():
            seen = True
            self._type(key) if self._typing else self._press(key)
        if seen and self._state is not None:
            self._draw()
        return self._quit

    def _type(self, key: str) -> None:
        if key in ("enter", "escape"):
            self._typing = False
            self._only = "" if key == "escape" else self._only
        elif key == "backspace":
            self._only = self._only[:-1]
        elif len(key) == 1 and key.isprintable():
            self._only = (self._only + key)[:64]

    def _press(self, key: str) -> None:
        if key == "q":
            self._quit = True
        elif key in ("tab", "right"):
            self._table = (self._table + 1) % len(TABLES)
        elif key == "left":
            self._table = (self._table - 1) % len(TABLES)
        elif key in "12345678" and len(key) == 1:
            self._table = int(key) - 1
        elif key == "s":
            self._sort = (self._sort + 1) % len(SORTS)
        elif key == "/":
            self._typing, self._only = True, ""
        elif key == "p":
            self._paused = None if self._paused else _still(self._state)
        elif key in ("f", "enter"):
            self._freeze()
        elif key == "escape":
            self._frozen, self._only = None, ""
        elif key in ("up", "down", "k", "j"):
            self._chosen = max(0, self._chosen + (1 if key in ("down", "j") else -1))

    def _freeze(self) -> None:
        """Hold the chosen finding's evidence as it is now."""
        state = self._paused or self._state
        if self._frozen is not None or state is None or not state.entries:
            self._frozen = None
            return
        entry = state.entries[min(self._chosen, len(state.entries) - 1)]
        self._frozen = Entry(entry.finding, entry.since_ns, entry.seen_ns, entry.active)

    # ---- drawing

    def show(self, state: State) -> None:
        """Draw the state; where paused, the one that was there then."""
        self._state = state
        self._draw()

    def tell(self, events: Sequence[Event]) -> None:
        """Nothing: findings are on the screen."""

    def end(self, report: Report) -> None:
        """Nothing: the report follows on the normal screen."""

    def _draw(self) -> None:
        state = self._paused or self._state
        if state is None:
            return
        width, height = self._console.size
        look = Look(width=width, colour=True, ascii_only=self._ascii, rows=max(1, height))
        top = 4
        room = max(3, height - top - 1)
        if self._frozen is not None:
            body: list[Layout] = [Layout(Group(*_evidence(self._frozen, look)), name="evidence")]
        else:
            wanted = min(max(2, len(state.entries) + 1), max(3, room // 3))
            self._chosen = min(self._chosen, max(0, len(state.entries) - 1))
            shown = Look(width=width, colour=True, ascii_only=self._ascii, rows=max(1, room - wanted - 3))
            table = lines_of(TABLES[self._table], state, shown, SORTS[self._sort], self._only)
            body = [
                Layout(Group(*self._findings(state, look, wanted)), name="findings", size=wanted),
                Layout(Group(*table), name="table"),
            ]
        page = Layout()
        page.split_column(
            Layout(Group(*self._head(state, look)), name="head", size=top),
            *body,
            Layout(self._foot(state, look), name="foot", size=1),
        )
        self._live.update(page, refresh=True)

    def _head(self, state: State, look: Look) -> Iterator[RenderableType]:
        when = clock(state.now_ns, 1000)[:8] + " UTC" if state.now_ns is not None else "no DNS yet"
        yield _line(
            look,
            ("dnsloupe live ", "bold"),
            ("PAUSED ", "bold yellow") if self._paused else "",
            (state.where, "bold cyan"),
            f" · {state.program} · {when} · {duration(state.elapsed_s)} · {amount(state.packets)} packets · ",
            (f"{amount(state.lost)} dropped", "bold red" if state.lost else ""),
        )
        yield _line(look, ("now         ", "dim"), *_rates(state.rates, "/s"))
        yield _line(look, ("last minute ", "dim"), *_rates(state.minute, ""))
        yield _line(look, ("queries/s   ", "dim"), spark(state.series, min(60, look.width - 14), look.ascii_only))

    def _findings(self, state: State, look: Look, lines: int) -> Iterator[RenderableType]:
        active = state.active
        note = f"{len(active)} now, {len(state.entries) - len(active)} cleared"
        yield _line(look, ("FINDINGS", "bold"), (f"  {note}", "dim"))
        if not state.entries:
            yield _line(look, ("nothing found yet", "dim"))
        first = max(0, min(self._chosen - lines + 2, len(state.entries) - lines + 1))
        for at, entry in list(enumerate(state.entries))[first : first + lines - 1]:
            finding = entry.finding
            word = finding.severity.word.upper() if entry.active else "cleared"
            style = SEVERITY_STYLE[finding.severity] if entry.active else "dim"
            yield _line(
                look,
                (">" if at == self._chosen else " ", "bold"),
                (f"{word:8}", style),
                f" {clock(entry.since_ns)[:8]}{f'-{clock(entry.seen_ns)[:8]}' if look.width >= _WIDE else ''} ",
                (f"{amount(finding.count):>6}× ", "dim"),
                (finding.title, "" if entry.active else "dim"),
            )

    def _foot(self, state: State, look: Look) -> RenderableType:
        if self._typing:
            return _line(look, ("filter: ", "bold"), f"{self._only}_")
        what = f"[{TABLES[self._table]}, by {SORTS[self._sort]}{f', only {self._only}' if self._only else ''}] "
        if self._frozen is not None:
            return _line(look, ("f or esc: back to the view", "dim"))
        return _line(look, (what, "bold"), (_KEYS, "dim"))


def _still(state: State | None) -> State | None:
    """The state with its findings as they are now: those of the log go on changing."""
    return state and dataclasses.replace(state, entries=[dataclasses.replace(entry) for entry in state.entries])


def _line(look: Look, *parts: str | tuple[str, str]) -> Text:
    """One line that is cut, not wrapped."""
    text = styled(look, *parts)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _rates(rates: object, unit: str) -> list[str | tuple[str, str]]:
    parts: list[str | tuple[str, str]] = []
    assert isinstance(rates, dict)
    for name, value in list(rates.items())[:6]:
        style = {"NXDOMAIN": "yellow", "SERVFAIL": "red", "REFUSED": "red"}.get(name, "")
        parts.append((f"{name} {amount(value)}{unit}  ", style if value else "dim"))
    return parts


def _evidence(entry: Entry, look: Look) -> Iterator[RenderableType]:
    """All that proves one finding, held as it was."""
    times = f"raised {clock(entry.since_ns)[:8]}, last seen {clock(entry.seen_ns)[:8]}"
    yield heading(look, "FROZEN", times)
    yield from long_form(entry.finding, 1, look, {})
