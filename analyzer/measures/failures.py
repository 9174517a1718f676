"""Transactions that went wrong in some way, kept whole: silence, errors, truncation, stray responses, resends.

What is wrong with them depends on votes over the capture and on one another, so folds (`silence`, `retries`, `errors`, …) look
at them at the end. Of each class the first `cap` are kept; `over` counts the rest, which cells count all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from analyzer.dns import header
from analyzer.measures import Context
from analyzer.messages import Array, Present, State, TransactionBatch, TransactionTable, Transport

__all__ = ["CLASSES", "Failures", "Measure"]

CLASSES: Final = ("silent", "resent", "errors", "truncated", "large", "stray")
_ERRORS: Final = (1, 2, 4, 5)  # FORMERR, SERVFAIL, NOTIMP, REFUSED
_CAP: Final = 1 << 17  # rows of a class: about 30 MB


@dataclass(frozen=True, slots=True)
class Failures:
    """Rows of each class in order of time. A row may stand in several classes.

    `silent`: unanswered or late. `resent`: second and later sends of a question. `errors`: FORMERR, SERVFAIL, NOTIMP, REFUSED.
    `truncated`: TC by UDP. `large`: UDP responses above the flag-day size. `stray`: responses without a query.
    """

    silent: TransactionTable
    resent: TransactionTable
    errors: TransactionTable
    truncated: TransactionTable
    large: TransactionTable
    stray: TransactionTable
    over: Mapping[str, int]


class Measure:
    """Keeps rows; `result` is Failures."""

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._cap = min(context.options.limits.max_keys, _CAP)
        self._parts: dict[str, list[TransactionTable]] = {name: [] for name in CLASSES}
        self._kept = dict.fromkeys(CLASSES, 0)
        self._over = dict.fromkeys(CLASSES, 0)

    def update(self, batch: TransactionBatch) -> None:
        """Keep what is odd in the batch."""
        rows = batch.transactions
        if not len(rows):
            return
        replied = (rows.state == State.ANSWERED) | (rows.state == State.LATE)
        asked = (rows.present & int(Present.QUESTION)) != 0
        udp = rows.transport == Transport.UDP
        wrong = rows.rcode == _ERRORS[0]
        for code in _ERRORS[1:]:
            wrong = wrong | (rows.rcode == code)
        limit = self._context.options.thresholds.edns_size
        chosen = {
            "silent": ((rows.state == State.UNANSWERED) | (rows.state == State.LATE)) & asked,
            "resent": (rows.send > 0) & (rows.state != State.ORPHAN) & asked,
            "errors": replied & wrong,
            "truncated": replied & udp & ((rows.r_flags & int(header.Flag.TC)) != 0),
            "large": replied & udp & (rows.r_size > limit),
            "stray": rows.state == State.ORPHAN,
        }
        for name, mask in chosen.items():
            if mask.any():
                self._keep(name, rows, mask)

    def _keep(self, name: str, rows: TransactionTable, mask: Array | slice) -> None:
        part = rows.take(mask)
        room = self._cap - self._kept[name]
        if len(part) > room:
            self._over[name] += len(part) - room
            part = part.take(slice(0, room))
        if len(part):
            self._parts[name].append(part)
            self._kept[name] += len(part)

    def merge(self, other: Self) -> None:
        """Add the other's rows, which follow ours."""
        for name in CLASSES:
            for part in other._parts[name]:
                self._keep(name, part, slice(None))
            self._over[name] += other._over[name]

    def result(self, results: Mapping[str, Any]) -> Failures:
        """The rows kept."""
        for name, parts in self._parts.items():
            self._parts[name] = [TransactionTable.concat(parts)] if parts else []
        whole = {name: parts[0] if parts else TransactionTable() for name, parts in self._parts.items()}
        return Failures(**whole, over={n: c for n, c in self._over.items() if c})
