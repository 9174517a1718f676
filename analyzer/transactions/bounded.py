"""A chain of transaction stages that never holds more than its share of rows.

What is held back grows with the traffic: half a minute of a flood is millions of rows. Past the cap the chain is
closed as a capture's end would close it, and a new one begins; queries that were open then count as pending, their answers as
orphans, and `cut` says how often that was.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping

import numpy as np

from analyzer.messages import AddressTable, Decoded, NameTree, TransactionBatch
from analyzer.options import AnalyzeOptions
from analyzer.transactions import Transactions

__all__ = ["Bounded"]


class Bounded:
    """`Transactions` that holds at most about `rows` messages, however many come in a minute."""

    def __init__(
        self, names: NameTree, addresses: AddressTable, options: AnalyzeOptions, rows: int, sources: int = 1
    ) -> None:
        self._names, self._addresses, self._options, self._cap = names, addresses, options, rows
        self._sources = sources
        limits = options.limits
        self._horizon = limits.order_ns + limits.match_ns + limits.question_ns
        self._chain = Transactions(names, addresses, options, sources)
        self._held: deque[tuple[int, int]] = deque()  # latest time and rows of each batch
        self._rows = 0
        self._floor: int | None = None  # the time that the chain before had reached
        self._totals: Counter[str] = Counter()
        self.latest_ns: int | None = None
        self.cut = 0

    @property
    def counters(self) -> Mapping[str, int]:
        """As `Transactions.counters`, over all chains so far."""
        return {name: count + self._totals[name] for name, count in self._chain.counters.items()}

    def feed(self, decoded: Decoded, source: int = 0) -> Iterator[TransactionBatch]:
        """Take a batch; what became final."""
        rows = decoded.messages
        if len(rows):
            latest = int(rows.time_ns.max())
            self.latest_ns = latest if self.latest_ns is None else max(latest, self.latest_ns)
            decoded = self._after_the_cut(decoded, latest)
            self._held.append((latest, len(rows)))
            self._rows += len(rows)
        yield from self._chain.feed(decoded, source)
        while self._held and self.latest_ns is not None and self._held[0][0] < self.latest_ns - self._horizon:
            self._rows -= self._held.popleft()[1]
        if self._rows > self._cap:
            self.cut += 1
            yield from self.close(self.latest_ns)

    def close(self, end_ns: int | None = None) -> Iterator[TransactionBatch]:
        """All that is held, as at the end of a capture; feeding may go on with a new chain."""
        if not self._rows:
            return
        yield from self._chain.finish(end_ns)
        self._totals.update(self._chain.counters)
        self._chain = Transactions(self._names, self._addresses, self._options, self._sources, self._chain.next_row)
        self._held.clear()
        self._rows, self._floor = 0, self.latest_ns

    @property
    def idle(self) -> bool:
        """Whether nothing is held."""
        return not self._rows

    def _after_the_cut(self, decoded: Decoded, latest: int) -> Decoded:
        """Rows that the last chain would have sorted in among its own begin where it ended: time does not go back."""
        floor = self._floor
        if floor is None:
            return decoded
        messages = decoded.messages
        late = (messages.time_ns < floor) & (messages.time_ns >= floor - self._options.limits.order_ns)
        if latest > floor + self._options.limits.order_ns:
            self._floor = None
        if not late.any():
            return decoded
        moved = messages.replace(time_ns=np.where(late, floor, messages.time_ns))
        return Decoded(
            moved, decoded.names, decoded.addresses, decoded.answers, decoded.connections, decoded.quotes, decoded.wire
        )
