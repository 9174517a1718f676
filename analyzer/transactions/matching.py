"""Transactions: queries with the responses that close them, and responses without a query.

A transaction stays in the store until its answer can no longer come (`Limits.match_ns`); then its state is final.
A retry makes an answer late only if it followed by `Limits.retry_silence_ns` or more: musl asks two servers at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import NO_ROW, Array, Outcome, Present, State, TransactionTable, UniqueTable
from analyzer.options import Limits
from analyzer.transactions.copies import Unique
from analyzer.transactions.nat import Aliases
from analyzer.transactions.pairs import Parties, match
from analyzer.transactions.store import Store
from analyzer.transactions.transfers import Transfers

__all__ = ["Matching", "as_table"]

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

_CHAOS: Final = 3
_TC: Final = 0x0200
_CUT: Final = np.uint64(Anomaly.CUT | Anomaly.SHORT_RECORD)
_OUTCOMES: Final = {2: Outcome.SERVFAIL, 3: Outcome.NXDOMAIN, 5: Outcome.REFUSED}


class Matching:
    """Fills the store from unique messages and releases what is final.

    `others` counts messages that are no part of a transaction: `opcode`, `questions` (not exactly one), `chaos`, and
    `transfer` (further messages of a zone transfer).
    """

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._open = Parties.none()
        self._aliases = Aliases()
        self._transfers = Transfers()
        self.latest_ns: int | None = None
        self.others: Counter[str] = Counter()

    def feed(self, unique: Unique) -> None:
        """Append the queries and orphan responses of these messages, and answer open queries."""
        messages = unique.table
        if not len(messages):
            return
        rows = self._taking_part(messages)
        new = Parties.of(messages, rows)
        both = self._open.followed_by(new)
        self._aliases = self._aliases.followed_by(Aliases.of(messages, unique.views))
        partner = match(both, self._aliases, self._limits.match_ns)
        old = len(self._open)
        orphan = new.response & (partner[old:] < 0)
        orphan[orphan] = ~self._transfers.parts(messages, rows, both, partner, old)
        self.others["transfer"] += int((new.response & (partner[old:] < 0)).sum() - orphan.sum())
        ordinal = np.concatenate([self._open.number, self._append(unique, rows, ~new.response | orphan)])
        closed = np.flatnonzero(partner >= 0)
        closed = closed[~both.response[closed]]
        self._store.respond(ordinal[closed], messages, rows[partner[closed] - old])
        self._measure(ordinal[closed], unique, rows[partner[closed] - old])
        alone = old + np.flatnonzero(orphan)
        self._store.respond(ordinal[alone], messages, rows[alone - old])
        self.latest_ns = int(messages.time_ns[-1])
        still = ~both.response & (partner < 0) & (both.time >= self.latest_ns - self._limits.match_ns)
        self._open = both.numbered(ordinal).take(still)
        self._aliases = self._aliases.of_rows(self._open.row)

    def _taking_part(self, messages: UniqueTable) -> I64:
        response = (messages.flags & 0x8000) != 0
        opcode = (messages.flags & 0x7800) != 0
        count = np.where(response, messages.qdcount > 1, messages.qdcount != 1)
        chaos = ((messages.present & Present.QUESTION) != 0) & (messages.qclass == _CHAOS)
        self.others["opcode"] += int(opcode.sum())
        self.others["questions"] += int((count & ~opcode).sum())
        self.others["chaos"] += int((chaos & ~count & ~opcode).sum())
        return np.flatnonzero(~(opcode | count | chaos))

    def _append(self, unique: Unique, rows: I64, mine: Mask) -> I64:
        """Add transactions for the given rows; their ordinals, -1 where a row makes none."""
        ordinal = np.full(len(rows), -1, np.int64)
        ordinal[mine] = np.arange(self._store.stop, self._store.stop + int(mine.sum()))
        self._store.append(unique.table, rows[mine], unique.last_ns[rows[mine]])
        return ordinal

    def _measure(self, at: I64, unique: Unique, rows: I64) -> None:
        """Times between query and response, as the client and as the server saw them."""
        self._store.set("rtt_ns", at, unique.table.time_ns[rows] - self._store.get("time_ns", at))
        seen = unique.first_ns[rows] - self._store.get("last_view_ns", at)
        self._store.set("server_rtt_ns", at, np.maximum(seen, -1))

    def ready(self) -> int:
        """The ordinal before which all transactions are final."""
        if self.latest_ns is None:
            return self._store.start
        return self._store.until(self.latest_ns - self._limits.match_ns)

    def release(self, stop: int, end_ns: int | None = None) -> Mapping[str, Array]:
        """The transactions before an ordinal, finished; `end_ns` is the capture's end, if that is what ends them."""
        retried = self._answered_after_retry(stop)
        columns = dict(self._store.take(stop))
        answered = columns["r_row"] != NO_ROW
        state = np.where(answered, State.ANSWERED, State.UNANSWERED).astype(np.uint8)
        state[retried | (columns["rtt_ns"] > self._limits.late_ns)] = State.LATE
        state[columns["r_row"] == columns["row"]] = State.ORPHAN
        if end_ns is not None:
            state[~answered & (end_ns - columns["time_ns"] < self._limits.pending_ns)] = State.PENDING
        extended = np.where((columns["r_present"] & Present.EDNS) != 0, columns["ext_rcode"].astype(np.uint16) << 4, 0)
        columns["rcode"] = np.where(answered, (columns["r_flags"] & 15) | extended, 0).astype(np.uint16)
        columns["state"], columns["outcome"] = state, _outcome(columns, state)
        return columns

    def _answered_after_retry(self, stop: int) -> Mask:
        """Where the same question was sent again, after a silence, before this answer came."""
        store = self._store
        rtt = store.view("rtt_ns", store.start, stop)
        found = np.zeros(len(rtt), np.bool_)
        slow = np.flatnonzero((rtt >= self._limits.retry_silence_ns) & (rtt <= self._limits.late_ns))
        if not len(slow):
            return found
        questions = store.view("question", store.start, store.stop)
        asked = np.flatnonzero(np.isin(questions, questions[slow]))
        asked = asked[np.argsort(questions[asked], kind="stable")]  # within a question rows and times ascend
        place = np.zeros(len(questions), np.int64)
        place[asked] = np.arange(len(asked))
        time, row, r_row = (store.view(name, store.start, store.stop) for name in ("time_ns", "row", "r_row"))
        for distance in range(1, self._limits.question_sends):
            at = place[slow] + distance
            later = asked[np.minimum(at, len(asked) - 1)]
            again = (at < len(asked)) & (questions[later] == questions[slow]) & (row[later] < r_row[slow])
            again &= time[later] - time[slow] >= self._limits.retry_silence_ns
            found[slow[again]] = True
        return found


def _outcome(columns: Mapping[str, Array], state: Array) -> Array:
    """What the response says, or that there is none."""
    rcode = columns["rcode"]
    out = np.full(len(rcode), Outcome.ERROR, np.uint8)
    for value, outcome in _OUTCOMES.items():
        out[rcode == value] = outcome
    # A truncated or cut answer that claims records is no NODATA: the type asked for may stand in the missing part.
    missing = ((columns["r_flags"] & _TC) != 0) | (((columns["r_anomalies"] & _CUT) != 0) & (columns["ancount"] > 0))
    data = (columns["answer_matches"] > 0) | missing
    out[rcode == 0] = np.where(data, Outcome.DATA, Outcome.NODATA)[rcode == 0]
    out[state == State.UNANSWERED] = Outcome.SILENCE
    out[state == State.PENDING] = Outcome.PENDING
    return out


def as_table(columns: Mapping[str, Array]) -> TransactionTable:
    """The contract's columns of what `release` gives, without the notes."""
    return TransactionTable({c.name: columns[c.name] for c in TransactionTable.COLUMNS})
