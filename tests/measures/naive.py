"""The tables once more, in plain dictionaries over rows: slow, obvious, and written without looking at the measures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.measures.folds import Sided
from analyzer.measures.rows import ClientRow, NameRow, ServerRow
from analyzer.messages import NO_ROW, State, TransactionBatch

__all__ = ["Naive", "compare"]

MINUTE = 60_000_000_000


def rows_of(table: Any) -> Iterator[dict[str, int]]:
    """Rows of a table as dictionaries of Python numbers."""
    columns = {name: values.tolist() for name, values in table.columns().items()}
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def peak(times: Sequence[int]) -> int:
    """Most times in any half-open minute."""
    ordered, low, best = sorted(times), 0, 0
    for high, time in enumerate(ordered):
        while time - ordered[low] >= MINUTE:
            low += 1
        best = max(best, high - low + 1)
    return best


class Naive:
    """Reads all batches; then `sides`, `names`, `clients`, `servers` answer by (side, text)."""

    def __init__(self, context: Context, batches: Sequence[TransactionBatch]) -> None:
        self._context = context
        self.rows = [row for batch in batches for row in rows_of(batch.transactions)]
        self.questions = [row for batch in batches for row in rows_of(batch.questions)]
        self.forwarder, self.machine = self._roles()

    def _address(self, ident: int) -> str:
        return self._context.addresses.text(ident)

    def _roles(self) -> tuple[set[int], dict[int, int]]:
        sends: Counter[tuple[int, int]] = Counter()
        links: Counter[tuple[int, int, int]] = Counter()
        answers: set[int] = set()
        for row in self.rows:
            if row["state"] != State.ORPHAN:
                sends[row["client"], row["server"]] += 1
            if row["state"] in (State.ANSWERED, State.LATE, State.ORPHAN):
                answers.add(row["server"])
            if row["fed_by"] != int(NO_ROW):
                links[row["client"], row["server"], row["fed_by_server"]] += 1
        group = {a: {a} for leg in sends for a in leg} | {a: {a} for a in answers}
        for (source, server, cause), count in links.items():
            if source != cause and count >= 5 and 2 * count >= sends[source, server]:
                both = group[source] | group[cause]
                for address in both:
                    group[address] = both
        machine = {address: min(members) for address, members in group.items()}
        asks = {machine[c] for c, s in sends if machine[c] != machine.get(s, s)}
        heard = {machine[a] for a in answers}
        return {a for a, m in machine.items() if m in asks and m in heard}, machine

    def side(self, client: int, server: int) -> str:
        if self.machine.get(client, client) == self.machine.get(server, server):
            return "self"
        return "upstream" if client in self.forwarder else "client"

    def table(self, key: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Rows of the names (`qname`), clients (`client`) or servers (`server`) table by side and text."""
        text = self._context.names.text if key == "qname" else self._address
        found: dict[tuple[str, str], dict[str, Any]] = defaultdict(_empty)
        for row in self.rows:
            cell = found[self.side(row["client"], row["server"]), text(row[key])]
            cell["seen"].append(row["time_ns"])
            cell["clients"].add(row["client"])
            cell["names"].add(row["qname"])
            if row["state"] != State.ORPHAN:
                cell["times"].append(row["time_ns"])
                cell["types"][rrtypes.text(row["qtype"])] += 1
            if row["state"] in (State.ANSWERED, State.LATE, State.ORPHAN):
                cell["rcodes"][rcodes.text(row["rcode"])] += 1
            cell["states"][row["state"]] += 1
        for row in self.questions:
            unwanted = 0 if row["client"] in self.forwarder else 2
            if row["strict"] != unwanted:
                cell = found[self.side(row["client"], row["server"]), text(row[key])]
                cell["questions"] += 1
                cell["nxdomain"] += row["outcome"] == 3
                if row["rtt_ns"] >= 0:
                    cell["rtt"].append(row["rtt_ns"])
        return found


def _empty() -> dict[str, Any]:
    return {
        **{name: [] for name in ("seen", "times", "rtt")},
        **{name: Counter() for name in ("types", "rcodes", "states")},
        **{name: set() for name in ("clients", "names")},
        **dict.fromkeys(("questions", "nxdomain"), 0),
    }


def compare(naive: Naive, found: dict[str, Any]) -> None:
    """Every number of names, clients, servers and pairs that the second implementation has."""
    for ident, key, text in (("names", "qname", "qname"), ("clients", "client", "addr"), ("servers", "server", "addr")):
        want = naive.table(key)
        table: Sided[Any] = found[ident]
        rows = {(row.side.value, getattr(row, text)): row for row in table.all()}
        assert rows.keys() == want.keys()
        for place, row in rows.items():
            same(row, want[place])


def same(row: NameRow | ClientRow | ServerRow, want: dict[str, Any]) -> None:
    assert row.queries == len(want["times"])
    assert row.questions == want["questions"]
    assert row.responses == want["rcodes"].total()
    assert row.peak_60s == peak(want["times"])
    assert dict(row.rcodes) == dict(want["rcodes"])
    assert (row.first, row.last) == (min(want["seen"]), max(want["seen"]))
    if want["questions"]:
        assert row.nxdomain_share == want["nxdomain"] / want["questions"]
    if not isinstance(row, ServerRow):
        assert dict(row.types) == dict(want["types"])
        assert sum(row.series.counts) == row.queries
    if not isinstance(row, NameRow):
        assert row.names == len(want["names"])
        states = (row.answered, row.late, row.unanswered, row.pending)
        assert states == tuple(want["states"][state] for state in list(State)[:4])
    if isinstance(row, ServerRow):
        assert row.rtt.count == len(want["rtt"])
        if want["rtt"]:
            middle = sorted(want["rtt"])[-(-len(want["rtt"]) // 2) - 1]
            assert row.rtt.p50_ns is not None
            assert middle <= row.rtt.p50_ns <= middle * 1.01 + 1
