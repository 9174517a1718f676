"""Made traffic for the measures: tables as `transactions/` hands them on, from a plain list of exchanges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.measures import Context
from analyzer.messages import NO_ROW, Outcome, Present, QuestionTable, State, TransactionBatch, TransactionTable

__all__ = ["Exchange", "batch", "context", "cut"]

START = 1_795_370_000_000_000_000


@dataclass(frozen=True)
class Exchange:
    """One query (or lone response) at `at` seconds; `retry` marks a resend of the exchange before it in `question`."""

    at: float
    client: str = "10.0.0.1"
    server: str = "10.0.0.53"
    qname: str = "a.example.org"
    qtype: int = 1
    state: State = State.ANSWERED
    rcode: int = 0
    rtt: float = 0.001
    question: int | None = None  # place in the list of the first send; None: its own
    fed_by: int | None = None  # place in the list of the exchange that caused it

    @property
    def outcome(self) -> Outcome:
        if self.state in (State.UNANSWERED, State.PENDING):
            return Outcome.SILENCE if self.state == State.UNANSWERED else Outcome.PENDING
        known = {0: Outcome.DATA, 2: Outcome.SERVFAIL, 3: Outcome.NXDOMAIN, 5: Outcome.REFUSED}
        return known.get(self.rcode, Outcome.ERROR)


def context(**options: object) -> Context:
    """A context of its own, its covered time that of `batch`'s exchanges unless set."""
    made = Context()
    for name, value in options.items():
        setattr(made, name, value)
    return made


def batch(into: Context, exchanges: Sequence[Exchange]) -> TransactionBatch:
    """All exchanges as one batch; times must rise. Sets the context's first, last and covered time."""
    names = np.array([into.names.add_text(e.qname) for e in exchanges], np.uint32)
    client = np.array([into.addresses.add(e.client) for e in exchanges], np.uint32)
    server = np.array([into.addresses.add(e.server) for e in exchanges], np.uint32)
    time_ns = np.array([START + round(e.at * 1e9) for e in exchanges], np.int64)
    rtt_ns = np.array([round(e.rtt * 1e9) if _replied(e) else -1 for e in exchanges], np.int64)
    rows = np.arange(len(exchanges), dtype=np.uint64)
    question = np.array([i if e.question is None else e.question for i, e in enumerate(exchanges)], np.uint64)
    fed = [None if e.fed_by is None else e.fed_by for e in exchanges]
    transactions = TransactionTable(
        {
            "row": rows,
            "frame": rows + 1,
            "time_ns": time_ns,
            "r_time_ns": time_ns + np.maximum(rtt_ns, 0),
            "qname": names,
            "qname_hash": names,
            "qtype": np.array([e.qtype for e in exchanges]),
            "qclass": np.ones(len(rows)),
            "present": np.full(len(rows), int(Present.QUESTION)),
            "client": client,
            "server": server,
            "client_port": np.full(len(rows), 40000),
            "server_port": np.full(len(rows), 53),
            "views": np.ones(len(rows)),
            "state": np.array([e.state for e in exchanges]),
            "outcome": np.array([e.outcome for e in exchanges]),
            "rcode": np.array([e.rcode for e in exchanges]),
            "rtt_ns": rtt_ns,
            "server_rtt_ns": np.full(len(rows), -1),
            "r_row": np.full(len(rows), NO_ROW),
            "question": question,
            "strict_question": question,
            "send": (question != rows).astype(np.uint8),
            "fed_by": np.array([NO_ROW if f is None else f for f in fed], np.uint64),
            "fed_by_client": np.array([0 if f is None else client[f] for f in fed], np.uint32),
            "fed_by_server": np.array([0 if f is None else server[f] for f in fed], np.uint32),
        }
    )
    if len(rows):
        into.first_ns, into.last_ns = int(time_ns[0]), int(time_ns[-1])
        into.covered_ns = into.covered_ns or into.last_ns - into.first_ns
    return TransactionBatch(transactions=transactions, questions=_questions(exchanges, transactions))


def _replied(exchange: Exchange) -> bool:
    return exchange.state in (State.ANSWERED, State.LATE)


def _questions(exchanges: Sequence[Exchange], rows: TransactionTable) -> QuestionTable:
    """One row per question, the same under both ways of joining; its end is that of its last send."""
    firsts = [i for i, e in enumerate(exchanges) if e.question is None and e.state != State.ORPHAN]
    sends = {i: [i, *(j for j, e in enumerate(exchanges) if e.question == i)] for i in firsts}
    last = [sends[i][-1] for i in firsts]
    one = {
        "question": rows.row[firsts],
        "frame": rows.frame[firsts],
        "time_ns": rows.time_ns[firsts],
        "end_ns": rows.time_ns[last] + rows.rtt_ns[last],
        "client": rows.client[firsts],
        "server": rows.server[firsts],
        "qname": rows.qname[firsts],
        "qtype": rows.qtype[firsts],
        "sends": np.array([len(sends[i]) for i in firsts]),
        "state": rows.state[last],
        "outcome": rows.outcome[last],
        "rcode": rows.rcode[last],
        "rtt_ns": np.array([rows.rtt_ns[i] if len(sends[i]) == 1 else -1 for i in firsts]),
    }
    return QuestionTable({**one, "strict": np.ones(len(firsts))})


def cut(whole: TransactionBatch, bounds: Sequence[int]) -> list[TransactionBatch]:
    """The same rows in several batches, cut at these row numbers; each table in its own place."""
    edges = [0, *sorted(bounds), len(whole.transactions)]
    out = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        rows = whole.transactions.take(slice(low, high))
        times = whole.transactions.time_ns
        begin = times[low] if low < len(times) else np.iinfo(np.int64).max
        end = times[high] if high < len(times) else np.iinfo(np.int64).max
        asked = whole.questions.time_ns
        out.append(
            TransactionBatch(transactions=rows, questions=whole.questions.take((asked >= begin) & (asked < end)))
        )
    return out
