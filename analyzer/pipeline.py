"""Wires the rooms: capture, decode, transactions, measures, detectors, report. The only module that knows them all."""

from __future__ import annotations

import contextlib
import ctypes
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from analyzer import detectors, measures
from analyzer.capture import bpf, files
from analyzer.decode import decoder as make_decoder
from analyzer.decode.several import Adopter
from analyzer.detectors import Evidence
from analyzer.errors import InputError, NothingToRead
from analyzer.findings import Finding
from analyzer.measures import Context
from analyzer.messages import (
    AddressTable,
    CaptureInfo,
    Decoded,
    DecodeOptions,
    Decoder,
    InterfaceInfo,
    Ledger,
    NameTree,
    TransactionBatch,
)
from analyzer.options import AnalyzeOptions
from analyzer.report.ledger import what_was_there
from analyzer.report.model import Report, build
from analyzer.transactions.bounded import Bounded

if TYPE_CHECKING:
    from analyzer.crosscheck import Checked

__all__ = ["Analysis", "Progress", "Reading", "analyze", "judge", "run"]

Progress = Callable[[int], None]
"""Called with the number of input octets read since the last call."""

_BATCH_ROWS: Final = 1 << 17  # some ten batches are alive at once
_AHEAD: Final = 2  # batches that a decoding thread may be ahead of the analysis: memory stays bounded
_TOO_DENSE: Final = (
    "more than {:,} messages in about a minute: some queries count as pending, their answers as responses alone"
)
_PATIENCE_S: Final = 1.0  # a chunk is decoded in milliseconds


class _Chain(threading.Thread):
    """Decodes files that follow one another in time, in a thread of its own: the native decoder releases the GIL."""

    def __init__(
        self, sources: Sequence[tuple[int, files.Source]], decoder: Decoder, progress: Progress | None
    ) -> None:
        super().__init__(name="decode", daemon=True)
        self.sources, self.decoder, self._progress = sources, decoder, progress
        self.failed: list[InputError] = []
        self._queue: queue.Queue[Decoded | BaseException | None] = queue.Queue(_AHEAD)
        self._ending = threading.Event()

    def run(self) -> None:
        try:
            for batch in self._batches():
                self._put(batch)
            self._put(None)
        except BaseException as error:  # handed to the thread that reads the batches, which raises it
            self._put(error)

    def _batches(self) -> Iterator[Decoded]:
        last = None
        for number, source in self.sources:
            if self._ending.is_set():
                return
            with self._failing(last):  # a file too short to be a capture is known as such when it ends
                self.decoder.open(number)
            last = source
            with self._failing(source):
                for chunk in source.chunks():
                    if self._ending.is_set():
                        return
                    yield from self.decoder.feed(chunk)
                    if self._progress:
                        self._progress(len(chunk))
        batches: list[Decoded] = []
        with self._failing(last):
            batches = self.decoder.finish()
        yield from batches

    @contextlib.contextmanager
    def _failing(self, source: files.Source | None) -> Iterator[None]:
        """An input that cannot be read is noted under its name, and the others are read all the same."""
        try:
            yield
        except InputError as error:
            text, name = str(error), source.name if source else ""
            self.failed.append(error if text.startswith(name) else type(error)(f"{name}: {text}"))

    def _put(self, item: Decoded | BaseException | None) -> None:
        while not self._ending.is_set():
            try:
                self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def next(self) -> Decoded | None:
        """The next batch, None at the end."""
        item = self._queue.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """End the thread after the chunk that it decodes, whatever is left to read."""
        self._ending.set()

    def wait(self) -> None:
        """Until the thread has let go of its decoder; one that waits for a pipe has, and is left behind."""
        if self.is_alive():
            self.join(_PATIENCE_S)


class Reading:
    """All inputs, decoded. Iterate once for `(chain, batch)`; then `ledger`, `captures`, `interfaces`, `damage` hold.

    Files that follow one another in time form a chain and share a decoder; chains that overlap are read side by side,
    the one that is behind first. Raises InputError where no input could be read at all.
    """

    def __init__(
        self,
        paths: Sequence[str],
        options: AnalyzeOptions,
        *,
        answers: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.names, self.addresses = NameTree(), AddressTable()
        self.options = options
        programs = bpf.programs(options.bpf, options.hosts) if options.bpf else None
        settings = DecodeOptions(ports=options.ports, programs=programs, answers=answers, batch_rows=_BATCH_ROWS)
        self.inputs = files.sources(paths)
        self._failed: list[InputError] = [*self.inputs.failed]
        self._chains = [
            _Chain(chain, make_decoder(options.decoder, settings), progress) for chain in self.inputs.chains
        ]
        count = len(self._chains)
        self._adopters = [Adopter(self.names, self.addresses, index, count) for index in range(count)]

    def __iter__(self) -> Iterator[tuple[int, Decoded]]:
        for chain in self._chains:
            chain.start()
        reached = dict.fromkeys(range(len(self._chains)), -(2**63))
        try:
            while reached:
                behind = min(reached, key=lambda index: (reached[index], index))
                batch = self._chains[behind].next()
                if batch is None:
                    del reached[behind]
                    continue
                adopted = self._adopters[behind].adopt(batch)
                if len(adopted.messages):
                    reached[behind] = max(reached[behind], int(adopted.messages.time_ns.max()))
                yield behind, adopted
        finally:
            for chain in self._chains:
                chain.stop()
            for chain in self._chains:
                chain.wait()
        self._check()

    def _check(self) -> None:
        for chain in self._chains:
            self._failed += chain.failed
        if self._failed and not self.captures:
            raise self._failed[0]

    @property
    def chains(self) -> int:
        """How many files (or rings of files) are read side by side."""
        return len(self._chains)

    @property
    def captures(self) -> list[CaptureInfo]:
        """What the decoders found in each file, in the order read."""
        return sorted((c for chain in self._chains for c in chain.decoder.captures), key=lambda c: c.file)

    @property
    def interfaces(self) -> list[InterfaceInfo]:
        """All interfaces under their shared ids."""
        pairs = zip(self._chains, self._adopters, strict=True)
        return [adopter.interface(info) for chain, adopter in pairs for info in chain.decoder.interfaces]

    @property
    def ledger(self) -> Ledger:
        """What became of every frame, over all decoders."""
        ledgers = [chain.decoder.ledger for chain in self._chains]
        return Ledger(
            total=sum(x.total for x in ledgers),
            frames=_summed([x.frames for x in ledgers]),
            notes=_summed([x.notes for x in ledgers]),
        )

    @property
    def damage(self) -> list[str]:
        """One line for each input that could not be read, or not to its end."""
        cut = [f"{self.files[c.file]}: {c.damage}" for c in self.captures if c.damage]
        sources = sorted(pair for chain in self._chains for pair in chain.sources)
        broken = [f"{source.name}: {source.damage}" for _, source in sources if source.damage]
        return [*map(str, self._failed), *cut, *(line for line in broken if line not in cut)]

    @property
    def files(self) -> dict[int, str]:
        """Names of the inputs by file number."""
        return {number: source.name for chain in self._chains for number, source in chain.sources}

    @property
    def decoder(self) -> str:
        """Which decoder reads: `native` or `reference`."""
        return self._chains[0].decoder.name

    def require_dns(self) -> None:
        """Raise NothingToRead, saying what was there, unless something in the input could be read as DNS."""
        ledger = self.ledger
        if ledger.frames.get("message", 0) or ledger.frames.get("icmp-quote", 0):
            return
        names = ", ".join(name for _, name in sorted(self.files.items()))
        damage = "".join(f"; {line}" for line in self.damage)
        raise NothingToRead(f"{names}: no DNS in {ledger.total} frames ({what_was_there(ledger)}){damage}")


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    keys = sorted({key for one in counts for key in one})
    return {key: sum(one.get(key, 0) for one in counts) for key in keys}


@dataclass(frozen=True, slots=True)
class Analysis:
    """One run: the report, and what it was made of (measures' results by id, and the dictionaries behind their ids)."""

    report: Report
    results: Mapping[str, Any]
    context: Context


def analyze(paths: Sequence[str], options: AnalyzeOptions, progress: Progress | None = None) -> Report:
    """Read the captures and judge them.

    Raises InputError (nothing could be read), NothingToRead (no DNS in it), FilterError, MissingExtra.
    """
    return run(paths, options, progress).report


def run(
    paths: Sequence[str],
    options: AnalyzeOptions,
    progress: Progress | None = None,
    tap: Callable[[TransactionBatch], None] | None = None,
) -> Analysis:
    """As `analyze`, with what the report was made of; `tap` is shown every batch that the measures count."""
    declared = _Declared(options.config) if options.config else None
    reading = Reading(paths, options, progress=progress)
    context = Context(names=reading.names, addresses=reading.addresses, options=options)
    stage = Bounded(context.names, context.addresses, options, options.limits.max_messages, reading.chains)
    active = {ident: measure(context) for ident, measure in measures.registry().items()}

    def update(batches: Iterable[TransactionBatch]) -> None:
        for batch in batches:
            if tap is not None:
                tap(batch)
            for measure in active.values():
                measure.update(batch)

    interrupted = False
    try:
        for chain, decoded in reading:
            update(stage.feed(decoded, chain))
    except KeyboardInterrupt:  # what was read so far is still worth its report
        interrupted = True
    update(stage.close())
    counters = stage.counters
    notes = [f"{_TOO_DENSE.format(options.limits.max_messages)} (cut {stage.cut} times)"] if stage.cut else []
    del stage
    reading.require_dns()
    _give_back()
    _place_in_time(context, reading)
    results: dict[str, Any] = {}
    for ident in list(active):  # what a measure counted with is let go of when its result is there
        results[ident] = active.pop(ident).result(results)
    report = build(
        inputs=[name for _, name in sorted(reading.files.items())],
        captures=reading.captures,
        interfaces=context.interfaces,
        ledger=reading.ledger,
        counters=counters,
        damage=reading.damage,
        results=results,
        context=context,
        findings=_worst_first([*judge(results, context), *(declared.findings if declared else ())]),
        crosscheck=declared.against(results, context) if declared else (),
        notes=[*notes, *(declared.notes if declared else ())],
        decoder=reading.decoder,
        checked=tuple(detectors.registry()),
        interrupted=interrupted,
    )
    return Analysis(report, results, context)


def _give_back() -> None:
    """Return freed memory to the system: glibc keeps the batches' room, as much as all results need, unless it is asked."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library has no such call, or no handle
        ctypes.CDLL(None).malloc_trim(0)


class _Declared:
    """Configurations to hold the capture against. Their room is imported only where there are some."""

    def __init__(self, paths: Sequence[str]) -> None:
        from analyzer.config import diagnose

        self._diagnosis = diagnose(paths)
        self.findings = self._diagnosis.findings
        problems = [f"{p.source.place}: {p.why}" for p in self._diagnosis.problems]
        self.notes = (*self._diagnosis.notes, *problems, *self._diagnosis.unreadable)

    def against(self, results: Mapping[str, Any], context: Context) -> tuple[Checked, ...]:
        from analyzer.crosscheck import crosscheck

        return crosscheck(self._diagnosis, results, context)


def judge(results: Mapping[str, Any], context: Context) -> tuple[Finding, ...]:
    """All findings, the worst first."""
    said: dict[str, tuple[Finding, ...]] = {}
    for ident, detector in detectors.registry().items():
        said[ident] = tuple(detector.detect(Evidence(results, context, context.options.thresholds, said)))
    return _worst_first([finding for each in said.values() for finding in each])


def _worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (-f.severity, -f.count, f.key)))


def _place_in_time(context: Context, reading: Reading) -> None:
    """First and last time, and the time that the files cover: gaps between files do not count."""
    spans = sorted(
        (c.first_ns, c.last_ns) for c in reading.captures if c.first_ns is not None and c.last_ns is not None
    )
    context.interfaces, context.ledger = reading.interfaces, reading.ledger
    if not spans:
        return
    context.first_ns, context.last_ns = spans[0][0], max(last for _, last in spans)
    reached = spans[0][0]
    for first, last in spans:
        context.covered_ns += max(0, last - max(first, reached))
        reached = max(reached, last)
