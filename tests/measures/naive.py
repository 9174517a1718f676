"""The tables once more, in plain dictionaries over rows: slow, obvious, and written without looking at the measures.

Two things are taken over, having twins or truths of their own: which name is a candidate of which base (the search list's
vote) and how many queries of each name were wasted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.messages import NO_ROW, Outcome, Present, State, TransactionBatch

__all__ = ["Naive", "counted", "peak", "quantile", "rows_of", "series"]

MINUTE: Final = 60_000_000_000
SECOND: Final = 1_000_000_000
REPLIED: Final = (State.ANSWERED, State.LATE, State.ORPHAN)
Row = dict[str, Any]
Labels = tuple[bytes, ...]


def rows_of(table: Any) -> Iterator[Row]:
    """Rows of a table as dictionaries of Python numbers."""
    columns = {name: values.tolist() for name, values in table.columns().items()}
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def peak(times: Iterable[int]) -> int:
    """Most times in any half-open minute."""
    ordered, low, best = sorted(times), 0, 0
    for high, time in enumerate(ordered):
        while time - ordered[low] >= MINUTE:
            low += 1
        best = max(best, high - low + 1)
    return best


def counted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The largest count first, then by word; without noughts."""
    return sorted(((word, n) for word, n in counts.items() if n), key=lambda pair: (-pair[1], pair[0]))


def quantile(values: Iterable[int], percent: int) -> int:
    """By nearest rank."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1]


def bin_width(first: int, last: int) -> int:
    """10 s, doubled until 64 bins reach from the first to the last."""
    width = 10 * SECOND
    while last // width - first // width >= 64:
        width *= 2
    return width


def series(times: Sequence[int]) -> tuple[int, int, tuple[int, ...]]:
    """Begin, width and counts."""
    if not times:
        return 0, 10 * SECOND, ()
    width = bin_width(min(times), max(times))
    bins = Counter(time // width for time in times)
    return min(bins) * width, width, tuple(bins[at] for at in range(min(bins), max(bins) + 1))


class Naive:
    """Reads all batches; `asked`, `answered`, `unique` and `opened` are rows with their `side`; `table` folds them.

    Rows of `asked` (queries; responses where no query was captured at all) and `ended` (questions) have `labels`, None
    where the question could not be read.
    """

    def __init__(self, context: Context, batches: Sequence[TransactionBatch]) -> None:
        self.context = context
        self.names: dict[int, Labels] = {}
        every = [row for batch in batches for row in rows_of(batch.transactions)]
        self.forwarder, self.machine = self._roles(every)
        self.rows = [self._placed(row) for row in every]
        self.derived = bool(every) and all(row["state"] == State.ORPHAN for row in every)
        self.questions = [self._placed(row) for batch in batches for row in rows_of(batch.questions)]
        self.unique = [self._sided(row) for batch in batches for row in rows_of(batch.unique)]
        self.views = [row for batch in batches for row in rows_of(batch.views)]
        opened = [row for batch in batches for row in rows_of(batch.connections)]
        self.opened = [self._sided(row | {"client": row["src_addr"], "server": row["dst_addr"]}) for row in opened]
        self.asked = [row for row in self.rows if self.derived or row["state"] != State.ORPHAN]
        self.ended = list(self._ended())

    def address(self, ident: int) -> str:
        return self.context.addresses.text(ident)

    def name(self, row: Row) -> str:
        """The name asked."""
        return self.context.names.text(row["qname"])

    def _roles(self, rows: Sequence[Row]) -> tuple[set[int], dict[int, int]]:
        sends: Counter[tuple[int, int]] = Counter()
        links: Counter[tuple[int, int, int]] = Counter()
        answers: set[int] = set()
        for row in rows:
            if row["state"] != State.ORPHAN:
                sends[row["client"], row["server"]] += 1
            if row["state"] in REPLIED:
                answers.add(row["server"])
            if row["fed_by"] != int(NO_ROW):
                links[row["client"], row["server"], row["fed_by_server"]] += 1
        answers = answers or {server for _, server in sends}
        group = {row[end]: {row[end]} for row in rows for end in ("client", "server", "fed_by_server")}
        for (source, server, cause), count in links.items():
            if source != cause and count >= 5 and 2 * count >= sends[source, server]:
                both = group[source] | group[cause]
                for address in both:
                    group[address] = both
        machine = {address: min(members) for address, members in group.items()}
        asks = {machine[c] for c, s in sends if machine[c] != machine[s]}
        heard = {machine[a] for a in answers}
        return {a for a, m in machine.items() if m in asks and m in heard and self._known(a)}, machine

    def _known(self, address: int) -> bool:
        return address != 0 and self.address(address) != "(others)"

    def _sided(self, row: Row) -> Row:
        client, server = row["client"], row["server"]
        if not (self._known(client) and self._known(server)):
            return row | {"side": "transit"}
        if self.machine.get(client, client) == self.machine.get(server, server):
            return row | {"side": "self"}
        return row | {"side": "upstream" if client in self.forwarder else "client"}

    def _placed(self, row: Row) -> Row:
        node = row["qname"]
        if node not in self.names:
            self.names[node] = tuple(label.lower() for label in self.context.names.labels(node))
        named = row["present"] & int(Present.QUESTION)
        return self._sided(row) | {"labels": self.names[node] if named else None}

    def _ended(self) -> Iterator[Row]:
        """Questions that count: of forwarders those whose sends have one ID and port."""
        if self.derived:
            yield from self.rows
            return
        for row in self.questions:
            if row["strict"] != (0 if row["client"] in self.forwarder else 2):
                yield row

    def table(self, key: Callable[[Row], Any]) -> dict[tuple[str, Any], Row]:
        """Everything counted by side and `key`; rows whose key is None belong to none."""
        found: dict[tuple[str, Any], Row] = defaultdict(_empty)
        for row in self.rows:
            if key(row) is not None:
                self._count(found[row["side"], key(row)], row)
        for row in self.ended:
            if key(row) is not None:
                cell = found[row["side"], key(row)]
                cell["questions"] += 1
                cell["outcomes"][Outcome(row["outcome"]).name.lower()] += 1
        for row in self.ended if not self.derived else ():
            if key(row) is not None and row["rtt_ns"] >= 0:
                found[row["side"], key(row)]["rtt"].append(row["rtt_ns"])
        return found

    def _count(self, cell: Row, row: Row) -> None:
        cell["seen"].append((row["time_ns"], row["file"], row["frame"]))
        cell["clients"].add(row["client"])
        cell["servers"].add(row["server"])
        cell["states"][State(row["state"]).name.lower()] += 1
        if row["labels"] is not None:
            cell["names"].add(row["labels"])
            cell["nodes"].add(row["qname"])
        if self.derived or row["state"] != State.ORPHAN:
            cell["times"].append(row["time_ns"])
            cell["asked"][row["server"]] += 1
            if row["labels"] is not None:
                cell["types"][rrtypes.text(row["qtype"])] += 1
        if row["state"] in REPLIED:
            cell["rcodes"][rcodes.text(row["rcode"])] += 1
        if row["server_rtt_ns"] >= 0 and row["send"] == 0 and row["state"] == State.ANSWERED:
            cell["server_rtt"].append(row["server_rtt_ns"])

    def numbers(self, cell: Row) -> Row:
        """What rows of most tables have in common, under the rows' own names."""
        queries, covered = len(cell["times"]), self.context.covered_ns
        first, last = min(cell["seen"])[0], max(cell["seen"])[0]
        lasting = queries >= 3 and last - first >= 10 * SECOND
        return {
            "queries": queries,
            "questions": cell["questions"],
            "responses": cell["rcodes"].total(),
            "per_min": 60 * SECOND * queries / covered if covered >= MINUTE else None,
            "peak_60s": peak(cell["times"]),
            "active_per_min": 60 * SECOND * queries / (last - first) if lasting else None,
            "nxdomain_share": cell["outcomes"]["nxdomain"] / cell["questions"] if cell["questions"] else None,
            "rcodes": counted(cell["rcodes"]),
            "types": counted(cell["types"]),
            "outcomes": counted(cell["outcomes"]),
            "clients": len(cell["clients"]),
            "servers": len(cell["servers"]),
            "names": len(cell["names"]),
            "first": first,
            "last": last,
            "first_frame": min(cell["seen"])[1:],
            "series": series(cell["times"]),
            "retries": max(0, queries - cell["questions"]),
            "orphans": cell["states"]["orphan"],
            **{state: cell["states"][state] for state in ("answered", "late", "unanswered", "pending")},
        }


def _empty() -> Row:
    return {
        **{name: [] for name in ("seen", "times", "rtt", "server_rtt")},
        **{name: Counter() for name in ("types", "rcodes", "states", "outcomes", "asked")},
        **{name: set() for name in ("clients", "names", "servers", "nodes")},
        "questions": 0,
    }
