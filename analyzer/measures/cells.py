"""The one count behind most tables: transactions by cell, a cell being one client, server, name and type.

Everything that only the end of the capture decides (side, suffix group, base name, which joining of retries applies) is a
fold over cells (`measures.folds`). Up to twice `Limits.max_pairs` cells are exact. Past that the least busy are folded into
their leg's `(others)`, down to `max_pairs`, and counting goes on: `error` bounds what any other cell may miss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.cellstore import NO_NAME, Store
from analyzer.measures.eventlog import Events
from analyzer.measures.keyed import Keyed
from analyzer.measures.roles import Roles
from analyzer.measures.texts import Texts
from analyzer.messages import Array, Outcome, Present, QuestionTable, State, TransactionBatch, TransactionTable

__all__ = ["Cells", "Counted", "Measure"]

_STATES: Final = len(State)
_KINDS: Final = len(Outcome) << 2  # codes of questions: outcome << 2 | kind
_LOOSE, _STRICT, _ORPHAN = 0, 2, 3  # kinds of question: QuestionTable's `strict`, and responses alone


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts by cell and a code: the number of the cell, the code, how many."""

    cell: Array
    code: Array
    count: Array


@dataclass(frozen=True, slots=True)
class Cells:
    """One row per cell; `client` and `server` are address ids, `qname` a name id, OTHER_NAMES or NO_NAME, `side` as in SIDES.

    `states` counts transactions by State, shape (n, 5); `frame` is file << 48 | frame of the first. `queries` and
    `questions` are responses where no query was captured (`derived`). `log` holds the times of the queries, counted in
    steps of `step_ns` (0: exact). `error` bounds the queries missing from any cell.
    """

    client: Array
    server: Array
    qname: Array
    qtype: Array
    side: Array
    states: Array
    queries: Array
    responses: Array
    first_ns: Array
    last_ns: Array
    frame: Array
    rcodes: Counted
    questions: Counted  # by final Outcome
    log: Events
    step_ns: int
    derived: bool
    error: int

    texts: Texts

    def __len__(self) -> int:
        return len(self.client)


class Measure:
    """Counts by cell; `result` is Cells."""

    needs: tuple[str, ...] = ("roles",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = Store(context.options.limits.max_pairs, context.options.limits.max_events)

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's transactions and questions."""
        if len(batch.transactions):
            self._transactions(batch.transactions)
        if len(batch.questions):
            self._questions(batch.questions)
        self._bound()

    def _transactions(self, rows: TransactionTable) -> None:
        store = self._store
        name, kind = _asked(rows)
        at, first, index = store.place(rows.client, rows.server, name, kind)
        states = np.bincount(index * _STATES + rows.state, minlength=len(at) * _STATES).reshape(-1, _STATES)
        ends = np.cumsum(states.sum(axis=1))
        last_ns = np.maximum.reduceat(rows.time_ns[np.argsort(index, kind="stable")], np.concatenate([[0], ends[:-1]]))
        frame = (rows.file.astype(np.uint64) << np.uint64(48)) | rows.frame
        store.columns.add(at, states, rows.time_ns[first], last_ns, frame[first])
        cell, orphan = at[index].astype(np.uint64), rows.state == State.ORPHAN
        replied = orphan | (rows.state == State.ANSWERED) | (rows.state == State.LATE)
        _count(store.rcodes, 16, 16, at, index[replied], rows.rcode[replied])
        store.sends.add(rows.time_ns[~orphan], cell[~orphan])
        if orphan.any():
            store.orphans.add(rows.time_ns[orphan], cell[orphan])
            _count(store.questions, 8, _KINDS, at, index[orphan], (rows.outcome[orphan] << 2) | _ORPHAN)

    def _questions(self, rows: QuestionTable) -> None:
        name, kind = _asked(rows)
        at, _, index = self._store.place(rows.client, rows.server, name, kind)
        _count(self._store.questions, 8, _KINDS, at, index, (rows.outcome << 2) | rows.strict)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._store.absorb(other._store)
        self._bound()

    def _bound(self) -> None:
        if len(self._store) > self._store.room:
            self._store = self._store.pruned()

    def result(self, results: Mapping[str, Any]) -> Cells:
        """All cells with their sides."""
        roles: Roles = results["roles"]
        store, count = self._store, len(self._store)
        client, server, qname, qtype = store.parts()
        states = store.columns.states[:count].copy()
        orphans = states[:, State.ORPHAN]
        queries = states.sum(axis=1) - orphans
        derived = not queries.any() and bool(orphans.any())
        log = store.orphans if derived else store.sends
        return Cells(
            client=client,
            server=server,
            qname=qname,
            qtype=qtype,
            side=roles.side(client, server),
            states=states,
            queries=orphans if derived else queries,
            responses=states[:, [State.ANSWERED, State.LATE, State.ORPHAN]].sum(axis=1),
            first_ns=store.columns.first_ns[:count].copy(),
            last_ns=store.columns.last_ns[:count].copy(),
            frame=store.columns.frame[:count].copy(),
            rcodes=_counted(store.rcodes.keys, store.rcodes.sums, 16),
            questions=self._final(derived, roles.forwarder[client]),
            log=log.events(),
            step_ns=log.step_ns,
            derived=derived,
            error=store.error,
            texts=Texts(self._context),
        )

    def _final(self, derived: bool, forwarder: Array) -> Counted:
        """Questions by outcome: for forwarders those whose sends have one ID, since a loop's laps are no retries."""
        found = _counted(self._store.questions.keys, self._store.questions.sums, 8)
        kind = found.code & 3
        if derived:
            rows = np.flatnonzero(kind == _ORPHAN)
        else:  # what both ways of joining have in common has neither mark
            rows = np.flatnonzero((kind != np.where(forwarder[found.cell], _LOOSE, _STRICT)) & (kind != _ORPHAN))
        return Counted(found.cell[rows], found.code[rows] >> 2, found.count[rows])


def _asked(rows: TransactionTable | QuestionTable) -> tuple[Array, Array]:
    """Name and type of every row: none where the question could not be read."""
    named = (rows.present & Present.QUESTION) != 0
    return np.where(named, rows.qname, NO_NAME), np.where(named, rows.qtype, 0)


def _count(counts: Keyed, bits: int, dense: int, at: Array, index: Array, code: Array) -> None:
    """Count codes by cell under cell << bits | code; `at[index]` is every row's cell. Codes below `dense` need no sorting."""
    small = code < dense
    table = np.bincount(index[small] * dense + code[small], minlength=len(at) * dense)
    found = np.flatnonzero(table)
    cell = at[found // dense].astype(np.uint64) << np.uint64(bits)
    counts.add_distinct(cell | (found % dense).astype(np.uint64), table[found])
    if not small.all():
        cell = at[index[~small]].astype(np.uint64) << np.uint64(bits)
        counts.add(cell | code[~small].astype(np.uint64))


def _counted(keys: Array, sums: Array, bits: int) -> Counted:
    cell, code = keys >> np.uint64(bits), keys & np.uint64((1 << bits) - 1)
    return Counted(cell.astype(np.int64), code.astype(np.int64), sums[:, 0])
