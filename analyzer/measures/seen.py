"""When and where something was seen: count, busiest minute, first and last frame, a few examples. For rows that were kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.measures.keyed import grouped
from analyzer.measures.peaks import by_group, peaks
from analyzer.measures.rows import Frame
from analyzer.messages import Array, State, TransactionTable

__all__ = ["Seen", "Sight", "busiest", "describe", "largest", "leg", "seen"]

_EXAMPLES: Final = 6
_GROUPS: Final = 1000  # groups described; forged traffic can make as many as it has packets


@dataclass(frozen=True, slots=True)
class Sight:
    """One frame and what it shows, in words without judgement."""

    frame: Frame
    time_ns: int
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Events in order of time: `count` of them, the exact count in the busiest 60 s, the first frames as examples."""

    count: int = 0
    peak_60s: int = 0
    first: int = 0
    last: int = 0
    first_frame: Frame = field(default_factory=lambda: Frame(0, 0))
    last_frame: Frame = field(default_factory=lambda: Frame(0, 0))
    examples: tuple[Sight, ...] = ()


def largest(keys: Array) -> Iterator[tuple[int, Array]]:
    """Each key with its rows, keys rising; of more than 1000 those with most rows: what is judged one by one has to be bounded."""
    distinct, _, group = grouped(keys)
    order, starts = by_group(group, len(distinct))
    for at in sorted(np.argsort(-np.diff(starts), kind="stable")[:_GROUPS].tolist()):
        yield int(distinct[at]), order[starts[at] : starts[at + 1]]


def leg(client: Array, server: Array) -> Array:
    """One key for each pair of address ids: client << 32 | server."""
    return (client.astype(np.uint64) << np.uint64(32)) | server.astype(np.uint64)


def busiest(time_ns: Array) -> int:
    """The exact count in the busiest 60 s; times need not be ordered."""
    if not len(time_ns):
        return 0
    return int(peaks(np.sort(time_ns), np.ones(len(time_ns), np.int64), np.array([0, len(time_ns)]))[0])


def describe(context: Context, rows: TransactionTable, at: int) -> str:
    """One transaction: who asked whom for what, and what came back."""
    text = context.addresses.text
    state = int(rows.state[at])
    arrow = "<" if state == State.ORPHAN else ">"
    got = {
        int(State.UNANSWERED): "no answer",
        int(State.PENDING): "the capture ends",
        int(State.ORPHAN): f"{rcodes.text(int(rows.rcode[at]))}, its query was not seen",
    }.get(state, "")
    if not got:
        got = f"{rcodes.text(int(rows.rcode[at]))} after {int(rows.rtt_ns[at]) / 1e6:.1f} ms"
    return (
        f"{text(int(rows.client[at]))}:{int(rows.client_port[at])} {arrow} {text(int(rows.server[at]))} "
        f"{context.names.text(int(rows.qname[at]))} {rrtypes.text(int(rows.qtype[at]))} ID {int(rows.msg_id[at]):#06x}: {got}"
    )


def seen(
    context: Context, rows: TransactionTable, words: Callable[[Context, TransactionTable, int], str] = describe
) -> Seen:
    """What the rows have in common; their order does not matter."""
    if not len(rows):
        return Seen()
    order = np.lexsort((rows.frame, rows.file, rows.time_ns))
    begin, end = int(order[0]), int(order[-1])

    def frame(at: int) -> Frame:
        return Frame(int(rows.file[at]), int(rows.frame[at]))

    return Seen(
        count=len(rows),
        peak_60s=busiest(rows.time_ns),
        first=int(rows.time_ns[begin]),
        last=int(rows.time_ns[end]),
        first_frame=frame(begin),
        last_frame=frame(end),
        examples=tuple(
            Sight(frame(at), int(rows.time_ns[at]), words(context, rows, at)) for at in order[:_EXAMPLES].tolist()
        ),
    )
