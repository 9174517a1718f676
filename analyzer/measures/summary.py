"""The whole input in one row: unique messages on all legs, copies, transports, what is odd about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.dns import classes, header, opcodes
from analyzer.dns.anomalies import Anomaly
from analyzer.measures import Context
from analyzer.measures.cells import Cells
from analyzer.measures.cellstore import OTHER_NAMES
from analyzer.measures.copies import CopyPairs
from analyzer.measures.keyed import grouped
from analyzer.measures.rates import share
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Summary
from analyzer.messages import Array, Present, State, TransactionBatch, Transport, UniqueTable
from analyzer.options import NS

__all__ = ["Measure"]

_LISTED: Final = 100  # servers named as seen one way only
_BITS: Final = len(Anomaly)


class Measure:
    """Counts unique messages; `result` is Summary."""

    needs: tuple[str, ...] = ("cells",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._first, self._last = np.iinfo(np.int64).max, np.iinfo(np.int64).min
        self._counts = np.zeros(5, np.int64)  # messages, responses, frames, without a question, with several
        self._transports = np.zeros(256, np.int64)
        self._opcodes = np.zeros(16, np.int64)
        self._classes = np.zeros(65536, np.int64)
        self._anomalies = np.zeros(_BITS, np.int64)
        self._copies = CopyPairs()

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's unique messages and views."""
        self._copies.add(batch.views)
        rows = batch.unique
        if not len(rows):
            return
        self._first = min(self._first, int(rows.time_ns.min()))
        self._last = max(self._last, int(rows.time_ns.max()))
        self._counts += _counts(rows)
        self._transports += np.bincount(rows.transport, minlength=256)
        self._opcodes += np.bincount(header.opcode(rows.flags), minlength=16)
        asked = (rows.present & Present.QUESTION) != 0
        self._classes += np.bincount(rows.qclass[asked], minlength=65536)
        odd = rows.anomalies[rows.anomalies != 0]
        for bit in range(_BITS) if len(odd) else ():
            self._anomalies[bit] += np.count_nonzero(odd & np.uint64(1 << bit))

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._first, self._last = min(self._first, other._first), max(self._last, other._last)
        for name in ("_counts", "_transports", "_opcodes", "_classes", "_anomalies"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._copies.merge(other._copies)

    def result(self, results: Mapping[str, Any]) -> Summary:
        """The row."""
        cells: Cells = results["cells"]
        messages, responses, frames, no_question, multi_question = self._counts.tolist()
        words = {1 << bit: flag.words[0] for bit in range(_BITS) if (flag := Anomaly(1 << bit))}
        by_side = np.bincount(cells.side, cells.queries, minlength=len(SIDES)).astype(np.int64)
        states = cells.states.sum(axis=0)
        lost = int(cells.queries[cells.qname == OTHER_NAMES].sum())
        return Summary(
            messages=messages,
            queries=messages - responses,
            responses=responses,
            first=self._first if messages else None,
            last=self._last if messages else None,
            duration_s=(self._last - self._first) / NS if messages else 0.0,
            covered_s=self._context.covered_ns / NS,
            frames=frames,
            copies_per_packet=share(frames, messages),
            views=self._copies.rows(self._context),
            transports=_named(self._transports, {int(t): t.name.lower() for t in Transport}.__getitem__),
            opcodes=_named(self._opcodes, opcodes.text),
            classes=_named(self._classes, classes.text),
            multi_question=multi_question,
            no_question=no_question,
            anomalies=_named(self._anomalies, lambda bit: words[1 << bit]),
            derived=cells.derived,
            one_way=_one_way(cells),
            sides={name: int(by_side[number]) for number, name in enumerate(SIDES) if by_side[number]},
            states={state.name.lower(): int(states[state]) for state in State},
            overflow={"names": lost} if lost else {},
        )


def _counts(rows: UniqueTable) -> Array:
    response = np.count_nonzero(rows.flags & header.QR)
    none, several = np.count_nonzero(rows.qdcount == 0), np.count_nonzero(rows.qdcount > 1)
    return np.array([len(rows), response, int(rows.views.sum(dtype=np.int64)), none, several], np.int64)


def _named(counts: Array, text: Callable[[int], str]) -> dict[str, int]:
    found = [(text(code), int(counts[code])) for code in np.flatnonzero(counts).tolist()]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _one_way(cells: Cells) -> tuple[str, ...]:
    """Servers that were asked and never heard, or heard and never asked, those with most messages first."""
    server, _, index = grouped(cells.server)
    states = np.zeros((len(server), cells.states.shape[1]), np.int64)
    np.add.at(states, index, cells.states)
    asked = states.sum(axis=1) - states[:, State.ORPHAN]
    heard = states[:, [State.ANSWERED, State.LATE, State.ORPHAN]].sum(axis=1)
    only_asked = (heard == 0) & (states[:, State.UNANSWERED] > 0)
    found = [
        (-int(states[at].sum()), cells.texts.address(int(server[at])))
        for at in np.flatnonzero(only_asked | ((asked == 0) & (heard > 0))).tolist()
    ]
    return tuple(text for _, text in sorted(found)[:_LISTED])
