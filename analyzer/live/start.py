"""How a run begins: the keeper first, then everything is imported, then privileges go, and only then traffic is read."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.capture.expressions import resolved
from analyzer.errors import InputError, UsageError
from analyzer.live.child import Wish, command, default_filter, fallback, nothing_captures, program
from analyzer.live.keeper import Files, Keeper, Plan
from analyzer.live.privileges import Account, calling_account, drop
from analyzer.options import AnalyzeOptions

if TYPE_CHECKING:
    from analyzer.live.session import Judge
    from analyzer.live.watch import Face, Watch

    Parts = tuple[Judge, Callable[[], Face]]

__all__ = ["Order", "begin"]


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asked for. `path` is a stream to read (`-`: standard input) instead of capturing."""

    options: AnalyzeOptions
    interfaces: tuple[str, ...] = ()
    filter: str = ""
    path: str = ""
    snaplen: int = 262_144
    buffer_kib: int = 16_384
    promiscuous: bool = True
    immediate: bool = False
    count: int = 0
    duration_s: float = 0
    interval_s: float = 1.0
    memory: int = 256 << 20
    write: str = ""
    rotate_size: int = 0
    rotate_s: float = 0
    keep: int = 0
    ring_s: float = 0
    ring_severity: str = "high"

    def check(self) -> None:
        """Raise UsageError for what does not go together."""
        if self.path and self.interfaces:
            raise UsageError("-r reads a stream, -i captures: one of them")
        if not self.write and (self.rotate_size or self.rotate_s or self.keep or self.ring_s):
            raise UsageError("--rotate-size, --rotate-time, --keep and --ring need -w FILE")
        if self.write == "-":
            raise UsageError("-w needs the name of a file (tcpdump -w - writes packets to a pipe)")
        if self.ring_s and (self.rotate_size or self.rotate_s):
            raise UsageError(
                "--ring writes a file for each finding: it does not go with --rotate-size and --rotate-time"
            )
        if self.keep and not (self.rotate_size or self.rotate_s or self.ring_s):
            raise UsageError("--keep needs --rotate-size, --rotate-time or --ring")

    def wish(self) -> Wish:
        """What to capture; names of hosts are looked up in local tables only. Raises FilterError."""
        text = resolved(self.filter, self.options.hosts) if self.filter else default_filter(self.options.ports)
        return Wish(
            interfaces=tuple(map(_interface, self.interfaces)) or ("any",),
            filter=text,
            snaplen=self.snaplen,
            buffer_kib=self.buffer_kib,
            promiscuous=self.promiscuous,
            immediate=self.immediate,
            count=self.count,
        )

    def files(self) -> Files | None:
        """The files to write."""
        if not self.write:
            return None
        numbered = bool(self.rotate_size or self.rotate_s or self.ring_s)
        return Files(str(Path(self.write).absolute()), numbered, self.keep)


def _interface(name: str) -> str:
    """By name, or by its number as `-D` shows it."""
    if name.isdecimal():
        try:
            return socket.if_indextoname(int(name))
        except (OSError, OverflowError) as error:
            raise UsageError(f"no interface number {name} (dnsloupe live -D lists them)") from error
    return name


def begin(order: Order, parts: Callable[[], Parts]) -> Watch:
    """Fork the keeper, import, drop privileges, start. `parts` imports, and gives the judge and what makes the face.

    Raises DnsloupeError.
    """
    order.check()
    wish, account = order.wish(), calling_account()
    path, stream = "", None
    argv: tuple[str, ...] = ()
    if order.path:
        stream = 0 if order.path == "-" else _opened(order.path)
    else:
        path = program(wish) or ""
        argv = tuple(command(path, wish)) if path else fallback(wish)
        if not argv:
            raise nothing_captures()
    keeper = Keeper(Plan(argv, order.files(), account))
    try:
        return _prepared(order, wish, keeper, account, stream, Path(path).name or "scapy", parts)
    except BaseException:
        keeper.close()
        raise


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _prepared(
    order: Order,
    wish: Wish,
    keeper: Keeper,
    account: Account | None,
    stream: int | None,
    name: str,
    parts: Callable[[], Parts],
) -> Watch:
    from analyzer.findings import Severity
    from analyzer.live.ceiling import few_arenas
    from analyzer.live.evidence import Evidence, Rules
    from analyzer.live.session import Session
    from analyzer.live.settings import Settings
    from analyzer.live.source import Source
    from analyzer.live.watch import Watch

    few_arenas()
    settings = Settings(memory=order.memory)
    where = ", ".join(wish.interfaces) if stream is None else "standard input" if order.path == "-" else order.path
    options = order.options if stream is None else _filtering(order)
    verdict, face = parts()
    session = Session(where, options, settings, verdict, hurry=stream is None)
    _warm(Session("", options, settings, verdict))
    severity = Severity[order.ring_severity.upper()]
    rules = Rules(order.rotate_size, order.rotate_s, order.ring_s, settings.ring, severity)
    evidence = Evidence(keeper.open, rules) if order.write else None
    drop(account)
    fd, words = (stream, None) if stream is not None else keeper.start()
    return Watch(
        session=session,
        source=Source(fd, settings.queue),
        face=face(),
        where=where,
        program=name if stream is None else "stream",
        interval_s=order.interval_s,
        evidence=evidence,
        keeper=keeper,
        words=words,
        duration_s=order.duration_s,
        count=order.count,
        wish=wish,
    )


def _filtering(order: Order) -> AnalyzeOptions:
    """Over a stream the filter is run here, not in a kernel."""
    import dataclasses

    return dataclasses.replace(order.options, bpf=order.filter)


def _warm(session: Any) -> None:
    """Do everything once over nothing: what is imported or read from the package lazily is there before rights are dropped."""
    from analyzer.dns.suffixes import registrable
    from analyzer.report.json import render as render_json
    from analyzer.report.look import Look
    from analyzer.report.text import render

    registrable([b"a", b"example", b"org"])
    session.judge(0)
    report = session.report()
    render(report, Look(), io.StringIO())
    render_json(report)
