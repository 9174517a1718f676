"""Which base names and which clients make most of the client side's queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked
from analyzer.measures.leaks import peak_of
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Frame, Side
from analyzer.measures.search_rows import Search
from analyzer.messages import Array, TransactionBatch

__all__ = ["Heat", "Hot", "Measure"]

_TOP: Final = 20


@dataclass(frozen=True, slots=True)
class Hot:
    """One base name, or one client: `others` are its clients or names, most first."""

    key: str
    queries: int
    peak_60s: int
    names: int
    others: Mapping[str, int]
    data: int
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame


@dataclass(frozen=True, slots=True)
class Heat:
    """The client side: all queries, and its busiest bases and clients. `median` is over all clients' queries."""

    queries: int
    bases: tuple[Hot, ...] = ()
    clients: tuple[Hot, ...] = ()
    client_count: int = 0
    median: float = 0.0


class Measure:
    """A fold over `asked`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("asked", "roles", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `asked` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> Heat:
        """Fold the client side by base and by client."""
        asked: Asked = results["asked"]
        roles: Roles = results["roles"]
        search: Search = results["search"]
        rows = asked.rows
        if not len(rows):
            return Heat(0)
        chosen = np.flatnonzero(roles.side(rows.client, rows.server) == SIDES.index(Side.CLIENT))
        if not len(chosen):
            return Heat(0)
        names, text = self._context.names, self._context.addresses.text
        bases: dict[str, int] = {}
        distinct, index = np.unique(rows.qname[chosen], return_inverse=True)
        # A name of no chain is its own base; only its id is needed until it turns out to be hot.
        own = np.array(
            [bases.setdefault(search.base_of[n], len(bases)) if n in search.base_of else -1 for n in distinct.tolist()]
        )
        key = np.where(own >= 0, own, len(bases) + np.arange(len(distinct)))[index]
        words = list(bases)

        def base_text(at: int) -> str:
            return words[at] if at < len(words) else names.text(int(distinct[at - len(words)]))

        clients, client_of = np.unique(rows.client[chosen], return_inverse=True)
        per_client = np.bincount(client_of, rows.queries[chosen])
        return Heat(
            queries=int(rows.queries[chosen].sum()),
            bases=self._top(asked, chosen, key, base_text, client_of, lambda at: text(int(clients[at]))),
            clients=self._top(asked, chosen, client_of, lambda at: text(int(clients[at])), key, base_text),
            client_count=len(clients),
            median=float(np.median(per_client)),
        )

    def _top(
        self, asked: Asked, chosen: Array, key: Array, word: Any, other: Array, other_word: Any
    ) -> tuple[Hot, ...]:
        sums = np.bincount(key, asked.rows.queries[chosen])
        order = np.lexsort((np.arange(len(sums)), -sums))[:_TOP]
        return tuple(
            self._hot(asked, chosen[key == at], word(at), other[key == at], other_word)
            for at in order.tolist()
            if sums[at]
        )

    def _hot(self, asked: Asked, chosen: Array, key: str, other: Array, other_word: Any) -> Hot:
        rows = asked.rows.take(chosen)
        parts, index = np.unique(other, return_inverse=True)
        sums = np.bincount(index, rows.queries)
        begin, end = int(np.argmin(rows.first_ns)), int(np.argmax(rows.last_ns))
        return Hot(
            key=key,
            queries=int(rows.queries.sum()),
            peak_60s=peak_of(asked, chosen),
            names=len(np.unique(rows.qname)),
            others={other_word(int(parts[at])): int(sums[at]) for at in np.lexsort((parts, -sums))[:10].tolist()},
            data=int(rows.data.sum()),
            first=int(rows.first_ns.min()),
            last=int(rows.last_ns.max()),
            first_frame=Frame(int(rows.first_file[begin]), int(rows.first_frame[begin])),
            last_frame=Frame(int(rows.last_file[end]), int(rows.last_frame[end])),
        )
