"""From messages to meaning: order of time, copies, matching, questions, lookups, causal links; streaming and exact.

Each stage is one file and takes rows in order of time; whatever it cannot decide yet it keeps, so the rows that come out
are final and do not depend on how the input was cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from analyzer.messages import (
    AddressTable,
    Decoded,
    MessageBatch,
    NameTree,
    TransactionBatch,
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

_PIECE: Final = 1 << 17  # transactions handed on at a time


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

    def feed(self, decoded: Decoded, source: int = 0) -> Iterator[TransactionBatch]:
        """Take a batch; what became final, in pieces."""
        self._messages += len(decoded.messages)
        yield from self._through(self._order.feed(decoded.messages, source))
        if len(decoded.connections) or len(decoded.quotes):  # these have no part in the stages
            yield TransactionBatch(connections=decoded.connections, quotes=decoded.quotes)

    def close(self, source: int) -> Iterator[TransactionBatch]:
        """A source has no more rows."""
        yield from self._through(self._order.close(source))

    def finish(self, end_ns: int | None = None) -> Iterator[TransactionBatch]:
        """No more input. `end_ns` is the end of the capture, where that is later than its last message."""
        yield from self._through(self._order.finish())
        latest = max((at for at in (end_ns, self._order.latest_ns) if at is not None), default=0)
        yield from self._release(self._take(self._copies.finish()), self._store.stop, latest)

    def _through(self, ordered: list[MessageBatch]) -> Iterator[TransactionBatch]:
        for batch in ordered:
            unique = self._take(self._copies.feed(self._selection.feed(batch)))
            yield from self._release(unique, self._matching.ready(), None)

    def _take(self, unique: Unique) -> TransactionBatch:
        start = self._store.stop
        self._matching.feed(unique)
        assign(self._store, start, self._limits)
        return TransactionBatch(unique.table, unique.views)

    def _release(self, batch: TransactionBatch, stop: int, end_ns: int | None) -> Iterator[TransactionBatch]:
        """Hand on unique messages at once; transactions before an ordinal and what they complete, a piece at a time."""
        for cut, until in self._pieces(stop, end_ns is not None):
            columns = self._matching.release(cut, end_ns)
            self._links.feed(columns)
            questions = self._instances.feed(columns, until)
            transactions = as_table(columns)
            asked = questions.take(questions.strict != STRICT)
            lookups, steps = self._lookups.feed(asked, transactions, until - self._limits.question_ns)
            yield replace(batch, transactions=transactions, questions=questions, lookups=lookups, steps=steps)
            batch = TransactionBatch()

    def _pieces(self, stop: int, last: bool) -> Iterator[tuple[int, int]]:
        """Ordinals up to which transactions are handed on, and the time before which all of them were.

        What was held over a flood, or to the end of the capture, would otherwise be worked on all at once: so at the end
        time goes on, each step completing about a piece of questions, then of lookups.
        """
        for cut in range(self._store.start + _PIECE, stop, _PIECE):
            yield cut, int(self._store.view("time_ns", cut, cut + 1)[0])
        yield stop, self._until()
        if last:
            for ends in (self._instances.ends, self._lookups.ends):
                for end in ends(_PIECE):
                    yield stop, end + self._limits.question_ns

    def _until(self) -> int:
        """All transactions sent before this time were released."""
        latest = self._matching.latest_ns
        return -(2**62) if latest is None else latest - self._limits.match_ns
