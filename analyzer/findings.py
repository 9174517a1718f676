"""What a detector says: a Finding, with the evidence that proves it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Confidence", "Finding", "Fix", "Frame", "Severity", "SourceLine", "Step", "Subject"]

Number = int | float | None


class Severity(enum.IntEnum):
    """How much it hurts; ordered, so that `max` and `>=` mean what they say."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class Confidence(enum.IntEnum):
    """How sure the detector is, apart from how much it hurts."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What the finding is about; `kind` is one of `client server leg name suffix base capture edge file`."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class Frame:
    """One packet of the input: file number (0-based, in the order read) and Wireshark's frame number (1-based)."""

    file: int
    frame: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the example that proves the finding, in time order."""

    frame: Frame
    time_ns: int
    text: str
    numbers: Mapping[str, str | int | float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fix:
    """A line (or block) to put somewhere; `where` names the file or object, `text` is ready to paste."""

    where: str
    text: str


@dataclass(frozen=True, slots=True, order=True)
class SourceLine:
    """One line of a configuration: the file as the user named it, its line number (1-based), the line without its end."""

    file: str
    line: int
    text: str = ""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (or worth knowing), with proof.

    `count` is the number of events behind it, `per_min` the mean rate (None when less than 60 s are covered),
    `peak_60s` the exact count in the busiest 60 s. `numbers` holds what was measured, `thresholds` the limits that
    it crossed, under the same keys where they correspond. `first`, `last` are nanoseconds since the epoch, UTC.
    `chain` is ONE example in order; `examples` are at most five further frames. `excluded` names the look-alikes
    that were ruled out. `key` is stable between captures: id, kind and the canonical subject, no times.
    `sources` are the configuration lines behind a finding that was read from configuration; such a finding has no
    packets, so its `first`, `last`, `first_frame` and `last_frame` are None.
    """

    id: str
    kind: str
    severity: Severity
    confidence: Confidence
    title: str
    subject: Subject
    first: int | None
    last: int | None
    first_frame: Frame | None
    last_frame: Frame | None
    count: int
    per_min: float | None = None
    peak_60s: int | None = None
    side: str = ""
    numbers: Mapping[str, Number | str] = field(default_factory=dict)
    thresholds: Mapping[str, Number | str] = field(default_factory=dict)
    chain: Sequence[Step] = ()
    examples: Sequence[Frame] = ()
    excluded: Sequence[str] = ()
    fix: Sequence[Fix] = ()
    references: Sequence[str] = ()
    wireshark_filter: str = ""
    sources: Sequence[SourceLine] = ()

    @property
    def key(self) -> str:
        return f"{self.id}/{self.kind}/{self.subject.kind}={self.subject.value}"
