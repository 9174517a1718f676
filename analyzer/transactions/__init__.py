"""From messages to meaning: order of time, copies, matching, questions, lookups, causal links; streaming and exact.

Each stage is one file and takes rows in order of time; whatever it cannot decide yet it keeps, so the rows that come out
are final and do not depend on how the input was cut.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.messages import (
    AddressTable,
    ConnectionBatch,
    Decoded,
    LookupTable,
    MessageBatch,
    NameTree,
    QuestionTable,
    QuoteBatch,
    StepTable,
    TransactionBatch,
    TransactionTable,
)
from analyzer.options import AnalyzeOptions
from analyzer.transactions.copies import Copies, Unique
from analyzer.transactions.instances import STRICT, Instances
from analyzer.transactions.lookups import Lookups
from analyzer.transactions.matching import Matching, as_table
from analyzer.transactions.order import Order
from analyzer.transactions.questions import assign
from analyzer.transactions.roles import Links
from analyzer.transactions.select import Selection
from analyzer.transactions.store import Store

__all__ = ["Transactions"]


class Transactions:
    """The chain of stages. Names and addresses of a batch must be in the tables before it is fed.

    With several `sources` (captures read side by side) each batch says which one it is from, and a source that has no more
    is closed; `behind` names the one to read next. A chain that goes on where another ended numbers its rows from
    `first_row`, the other's `next_row`.
    """

    def __init__(
        self,
        names: NameTree,
        addresses: AddressTable,
        options: AnalyzeOptions,
        sources: int = 1,
        first_row: int = 0,
    ) -> None:
        limits = options.limits
        self._limits = limits
        self._order = Order(limits.order_ns, sources)
        self._selection = Selection(options.select, names, addresses)
        self._copies = Copies(limits.dup_window_ns if options.dedupe else None, limits.max_keys, first_row)
        self._store = Store()
        self._matching = Matching(self._store, limits)
        self._links = Links(limits)
        self._instances = Instances(limits)
        self._lookups = Lookups(names, limits)
        self._messages = 0

    @property
    def behind(self) -> int:
        """The source to read next, so that little is held back."""
        return self._order.behind

    @property
    def next_row(self) -> int:
        """The number that the next unique message gets."""
        return self._copies.next_row

    @property
    def counters(self) -> Mapping[str, int]:
        """The ledger's second line (`messages = unique + copies + filtered`) and what else was counted.

        `out_of_order` rows were moved in time after `clock_steps`; `opcode`, `questions`, `chaos`, `transfer` are unique
        messages that are no part of a transaction.
        """
        return {
            "messages": self._messages,
            "unique": self._copies.unique,
            "copies": self._copies.copies,
            "filtered": self._selection.filtered,
            "out_of_order": self._order.out_of_order,
            "clock_steps": self._order.clock_steps,
            **{name: self._matching.others[name] for name in ("opcode", "questions", "chaos", "transfer")},
        }

    @property
    def interface_pairs(self) -> Mapping[tuple[int, int], int]:
        """How many copies each pair of interfaces showed (first view, other view)."""
        return self._copies.interface_pairs

    @property
    def nat_pairs(self) -> Mapping[tuple[int, int], int]:
        """How often a view showed another address (first view's, other view's): translations learned."""
        return self._copies.nat_pairs

    def feed(self, decoded: Decoded, source: int = 0) -> list[TransactionBatch]:
        """Take a batch; what became final."""
        self._messages += len(decoded.messages)
        out = self._through(self._order.feed(decoded.messages, source))
        return _with_rest(out, decoded.connections, decoded.quotes)

    def close(self, source: int) -> list[TransactionBatch]:
        """A source has no more rows."""
        return self._through(self._order.close(source))

    def finish(self, end_ns: int | None = None) -> list[TransactionBatch]:
        """No more input. `end_ns` is the end of the capture, where that is later than its last message."""
        out = self._through(self._order.finish())
        latest = max((at for at in (end_ns, self._order.latest_ns) if at is not None), default=0)
        unique = self._copies.finish()
        self._take(unique)
        out.append(self._release(unique, self._store.stop, latest))
        return out

    def _through(self, ordered: list[MessageBatch]) -> list[TransactionBatch]:
        out = []
        for batch in ordered:
            unique = self._copies.feed(self._selection.feed(batch))
            self._take(unique)
            out.append(self._release(unique, self._matching.ready(), None))
        return out

    def _take(self, unique: Unique) -> None:
        start = self._store.stop
        self._matching.feed(unique)
        assign(self._store, start, self._limits)

    def _release(self, unique: Unique, stop: int, end_ns: int | None) -> TransactionBatch:
        """Hand on unique messages at once, transactions before an ordinal, and what they complete."""
        columns = self._matching.release(stop, end_ns)
        self._links.feed(columns)
        last = end_ns is not None
        until = None if last else self._until()
        questions = self._instances.feed(columns, until)
        transactions = as_table(columns)
        lookups, steps = self._looked_up(questions, transactions, until)
        return TransactionBatch(unique.table, unique.views, transactions, questions, lookups, steps)

    def _until(self) -> int:
        """All transactions sent before this time were released."""
        latest = self._matching.latest_ns
        return -(2**62) if latest is None else latest - self._limits.match_ns

    def _looked_up(
        self, questions: QuestionTable, transactions: TransactionTable, until: int | None
    ) -> tuple[LookupTable, StepTable]:
        questions = questions.take(questions.strict != STRICT)
        if until is not None:
            return self._lookups.feed(questions, transactions, until - self._limits.question_ns)
        parts = [self._lookups.feed(questions, transactions, 2**62), self._lookups.finish()]
        return LookupTable.concat(part[0] for part in parts), StepTable.concat(part[1] for part in parts)


def _with_rest(out: list[TransactionBatch], connections: ConnectionBatch, quotes: QuoteBatch) -> list[TransactionBatch]:
    """Connections and quotes have no part in the stages; they go on as they came."""
    if len(connections) or len(quotes):
        out.append(TransactionBatch(connections=connections, quotes=quotes))
    return out
