"""Second answers: responses without an open query, whose query had been answered within the 30 s before.

Two answers to one question come from a server (or a network) that doubles packets, or from somebody who answers in its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.messages import Array, Present, State, TransactionBatch, TransactionTable, Transport

__all__ = ["Measure"]

_KEPT: Final = 1 << 18  # answered queries remembered: 4 MB
_FOUND: Final = 1 << 17  # as many as `failures` keeps of responses without a query
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class _Keys:
    """Keys, times and frames of rows, in order of time."""

    def __init__(self, key: Array, time_ns: Array, frame: Array) -> None:
        self.key, self.time_ns, self.frame = key, time_ns, frame

    @classmethod
    def of(cls, rows: TransactionTable) -> Self:
        """Of UDP transactions: client, server, port, ID and question mixed."""
        key = (rows.client.astype(np.uint64) << np.uint64(32)) | rows.server.astype(np.uint64)
        port = (rows.client_port.astype(np.uint64) << np.uint64(32)) | (rows.msg_id.astype(np.uint64) << np.uint64(16))
        key = (key * _MIX ^ port ^ rows.qtype.astype(np.uint64)) * _MIX ^ rows.qname_hash
        return cls(key, rows.time_ns, (rows.file.astype(np.uint64) << np.uint64(48)) | rows.frame)

    def __len__(self) -> int:
        return len(self.key)

    def take(self, chosen: Array | slice) -> _Keys:
        return _Keys(self.key[chosen], self.time_ns[chosen], self.frame[chosen])

    def joined(self, other: _Keys) -> _Keys:
        parts = zip((self.key, self.time_ns, self.frame), (other.key, other.time_ns, other.frame), strict=True)
        return _Keys(*(np.concatenate(pair) for pair in parts))


def _none() -> _Keys:
    return _Keys(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.uint64))


class Measure:
    """Remembers answered queries for as long as a response can belong to them.

    `result` is the frames of second answers (file << 48 | frame), rising.
    """

    needs: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self._window_ns = context.options.limits.match_ns
        self._first: int | None = None
        self._answered, self._strays = (
            _none(),
            _none(),
        )  # of the last 30 s; of the first 30 s, not known to be second answers
        self._found = np.zeros(0, np.uint64)

    def update(self, batch: TransactionBatch) -> None:
        """Look at the batch's responses without a query."""
        rows = batch.transactions
        rows = rows.take((rows.transport == Transport.UDP) & ((rows.present & int(Present.QUESTION)) != 0))
        if not len(rows):
            return
        if self._first is None:
            self._first = int(rows.time_ns[0])
        replied = (rows.state == State.ANSWERED) | (rows.state == State.LATE)
        self._answered = self._answered.joined(_Keys.of(rows.take(replied)))
        self._look(_Keys.of(rows.take(rows.state == State.ORPHAN)))
        self._forget(int(rows.time_ns[-1]))

    def _look(self, strays: _Keys) -> None:
        second = _second(strays, self._answered, self._window_ns)
        self._found = np.concatenate([self._found, strays.frame[second]])[:_FOUND]
        early = ~second & (strays.time_ns <= (self._first or 0) + self._window_ns)
        if early.any():
            self._strays = self._strays.joined(strays.take(early)).take(slice(0, _KEPT))

    def _forget(self, now: int) -> None:
        late = self._answered.time_ns >= now - self._window_ns
        self._answered = self._answered.take(np.flatnonzero(late)[-_KEPT:])

    def merge(self, other: Self) -> None:
        """Add what the other saw, which follows ours: its first responses may belong to our last queries."""
        if other._first is None:
            return
        self._first = other._first if self._first is None else self._first
        self._look(other._strays)
        self._found = np.concatenate([self._found, other._found])[:_FOUND]
        self._answered = self._answered.joined(other._answered)
        if len(self._answered):
            self._forget(int(self._answered.time_ns[-1]))

    def result(self, results: Mapping[str, Any]) -> Array:
        """All that were found."""
        return np.unique(self._found)


def _second(strays: _Keys, answered: _Keys, window_ns: int) -> Array:
    """Which responses have an answered query of their key before them."""
    out = np.zeros(len(strays), np.bool_)
    if not len(strays) or not len(answered):
        return out
    near = answered.take(np.isin(answered.key, strays.key))
    order = np.argsort(near.key, kind="stable")  # times of one key keep their order
    key, time_ns = near.key[order], near.time_ns[order]
    for at, (want, now) in enumerate(zip(strays.key.tolist(), strays.time_ns.tolist(), strict=True)):
        wanted = np.uint64(want)
        sent = time_ns[np.searchsorted(key, wanted) : np.searchsorted(key, wanted, side="right")]
        before = int(np.searchsorted(sent, now, side="right"))
        out[at] = before > 0 and now - int(sent[before - 1]) <= window_ns
    return out
