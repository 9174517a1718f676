"""Every number of every table against the second implementation."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from analyzer.dns import classes, opcodes, rcodes, rrtypes
from analyzer.dns.anomalies import Anomaly
from analyzer.measures.rows import Quantiles
from analyzer.messages import Present, State, TransactionBatch, Transport
from tests.measures.naive import MINUTE, REPLIED, Naive, Row, bin_width, counted, peak, quantile
from tests.measures.naive_grouping import Grouping, text

__all__ = ["compare"]

COMMON = "queries questions responses per_min peak_60s nxdomain_share rcodes first last"
FIELDS = {
    "names": f"{COMMON} active_per_min types outcomes clients servers first_frame series",
    "suffixes": f"{COMMON} names clients types",
    "clients": f"{COMMON} answered late unanswered pending retries active_per_min names types first_frame series",
    "servers": f"{COMMON} answered late unanswered pending orphans clients names",
    "pairs": "queries questions per_min peak_60s nxdomain_share types first last",
    "talkers": "queries questions per_min peak_60s nxdomain_share names first last",
    "qtypes": "queries questions responses per_min peak_60s nxdomain_share rcodes outcomes",
}


def compare(naive: Naive, found: Mapping[str, Any], batches: Sequence[TransactionBatch] = ()) -> None:
    """All tables; what is shown to differ says table, row and column."""
    base_of = {naive.names[node]: base for node, base in found["search"].base_of.items() if node in naive.names}
    searched = {naive.names[node]: word for node, word in found["search"].suffix_of.items() if node in naive.names}
    grouping = Grouping(naive, searched, found["clusterdomain"].name)
    groups = {labels: grouping.group(labels) for labels in naive.names.values()}
    named = lambda row: text(row["labels"]) if row["labels"] is not None else None  # noqa: E731 - one word for a key
    base = lambda row: base_of.get(row["labels"]) or named(row)  # noqa: E731
    client = lambda row: naive.address(row["client"])  # noqa: E731
    folded(naive, found, "names", named, lambda row: row.qname)
    folded(naive, found, "bases", base, lambda row: row.qname, "names")
    folded(naive, found, "clients", client, lambda row: row.addr, more=lambda c: asked_most(naive, c))
    folded(naive, found, "servers", lambda row: naive.address(row["server"]), lambda row: row.addr, more=durations)
    pair = lambda row: (client(row), named(row)) if named(row) else None  # noqa: E731
    folded(naive, found, "pairs", pair, lambda row: (row.client, row.qname))
    asker = lambda row: (client(row), base(row)) if named(row) else None  # noqa: E731
    talkers = {"talkers": found["talkers"].table}
    folded(naive, talkers, "talkers", asker, lambda row: (row.client, row.base))
    kind = lambda row: row["qtype"] if named(row) else None  # noqa: E731
    folded(naive, found, "qtypes", kind, lambda row: row.code)
    wasted = lambda cell: wasted_share(cell, found)  # noqa: E731
    group = lambda row: groups[row["labels"]] if named(row) else None  # noqa: E731
    identity = lambda row: (row.suffix, row.grouped_by, row.namespace, row.service)  # noqa: E731
    folded(naive, found, "suffixes", group, identity, more=wasted)
    shares(naive, found)
    answers(naive, found)
    offers(naive, found)
    opened(naive, found)
    over_time(naive, found, {labels: rule[0] for labels, rule in groups.items()})
    tree(naive, found)
    summary(naive, found["summary"])


def shown(value: Any) -> Any:
    """A row's value as the second implementation writes it."""
    if isinstance(value, Mapping):
        return list(value.items())
    return dataclasses.astuple(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def folded(
    naive: Naive,
    found: Mapping[str, Any],
    ident: str,
    key: Callable[[Row], Any],
    identity: Callable[[Any], Any],
    fields: str = "",
    more: Callable[[Row], Row] = lambda cell: {},
) -> None:
    """One table that counts transactions."""
    want = naive.table(key)
    rows = {(row.side.value, identity(row)): row for row in found[ident].all()}
    assert rows.keys() == want.keys(), ident
    for place, cell in want.items():
        numbers = naive.numbers(cell)
        expected = {name: numbers[name] for name in FIELDS[fields or ident].split()} | more(cell | {"side": place[0]})
        got = {name: shown(getattr(rows[place], name)) for name in expected}
        assert got == expected, (ident, place)
    for table in found[ident].tables.values():
        order = [(-row.queries, as_octets(identity(row))) for row in table]
        assert order == sorted(order), ident


def as_octets(key: Any) -> Any:
    return tuple(map(as_octets, key)) if isinstance(key, tuple) else key.encode() if isinstance(key, str) else key


def asked_most(naive: Naive, cell: Row) -> Row:
    """Servers of a client."""
    every = {server: cell["asked"][server] for server in cell["servers"]}
    return {"servers": tuple(naive.address(s) for s in sorted(every, key=lambda s: (-every[s], s))[:64])}


def durations(cell: Row) -> Row:
    """Quantiles of a server: the exact value, or up to 1/128 more."""
    return {name: Nearly(cell[name]) for name in ("rtt", "server_rtt")}


class Nearly:
    """Equal to quantiles that are the exact ones or too large by less than one per cent."""

    def __init__(self, values: Sequence[int]) -> None:
        self.exact = [quantile(values, percent) for percent in (50, 95, 99, 100)] if values else [None] * 4
        self.count = len(values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, tuple) or len(other) != len(dataclasses.fields(Quantiles)) or other[0] != self.count:
            return False
        if not self.count:
            return other[1:] == (None,) * 4
        return all(exact <= got <= exact * 1.01 for exact, got in zip(self.exact, other[1:], strict=True))

    __hash__ = None  # type: ignore[assignment]  # equal within bounds is not transitive

    def __repr__(self) -> str:
        return f"about {(self.count, *self.exact)}"


def wasted_share(cell: Row, found: Mapping[str, Any]) -> Row:
    """Of a suffix group, where the client side has a search list."""
    wasted = found["wasted"]
    if cell["side"] != "client" or not wasted.known or not cell["times"]:
        return {"wasted_share": None}
    lost = sum(int(wasted._by_name[node]) for node in cell["nodes"])
    return {"wasted_share": lost / len(cell["times"])}


def shares(naive: Naive, found: Mapping[str, Any]) -> None:
    """Of the types: of all queries of the side whose question could be read."""
    whole = Counter(row["side"] for row in naive.asked if row["labels"] is not None)
    for row in found["qtypes"].all():
        assert (row.name, row.share) == (rrtypes.text(row.code), row.queries / (whole[row.side.value] or 1))


def answers(naive: Naive, found: Mapping[str, Any]) -> None:
    """Response codes: counts, shares, the busiest minute of the responses' own times."""
    times: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in naive.rows:
        if row["state"] in REPLIED:
            own = row["time_ns"] if row["state"] == State.ORPHAN else row["r_time_ns"]
            times[row["side"], row["rcode"]].append(own)
    whole = Counter({side: 0 for side, _ in times})
    for (side, _), each in times.items():
        whole[side] += len(each)
    covered = naive.context.covered_ns
    rows = {(row.side.value, row.code): row for row in found["rcodes"].all()}
    assert rows.keys() == times.keys()
    for (side, code), each in times.items():
        row = rows[side, code]
        rate = 60_000_000_000 * len(each) / covered if covered >= MINUTE else None
        want = (rcodes.text(code), len(each), len(each) / whole[side], rate, peak(each))
        assert (row.name, row.responses, row.share, row.per_min, row.peak_60s) == want


def offers(naive: Naive, found: Mapping[str, Any]) -> None:
    """EDNS sizes of unique messages."""
    want: dict[tuple[str, int | None], Row] = defaultdict(lambda: {"counts": Counter(), "clients": set()})
    for row in naive.unique:
        edns = bool(row["present"] & int(Present.EDNS))
        cell = want[row["side"], row["edns_size"] if edns else None]
        cell["counts"]["responses" if row["flags"] & 0x8000 else "queries"] += 1
        cell["counts"]["dnssec_ok"] += bool(edns and row["edns_flags"] & 0x8000)
        if not row["flags"] & 0x8000:
            cell["clients"].add(row["client"])
    got = {(r.side.value, r.size): (r.queries, r.responses, r.dnssec_ok, r.clients) for r in found["edns"].all()}
    assert got == {
        place: (*(cell["counts"][name] for name in ("queries", "responses", "dnssec_ok")), len(cell["clients"]))
        for place, cell in want.items()
    }


def opened(naive: Naive, found: Mapping[str, Any]) -> None:
    """TCP connections."""
    legs: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in naive.opened:
        legs[row["side"], naive.address(row["client"]), naive.address(row["server"])].append(row)
    rows = {(row.side.value, row.client, row.server): row for row in found["connections"].all()}
    assert rows.keys() == legs.keys()
    for place, each in legs.items():
        living = [r for r in each if r["synack_ns"] > 0 or r["bytes_out"] > 0 or r["bytes_in"] > 0]
        total = {name: sum(r[name] for r in each) for name in "messages_out messages_in bytes_out bytes_in".split()}
        want = {
            "opened": len(each),
            "established": len(living),
            "failed": sum(r["syn_ns"] > 0 and r not in living for r in each),
            "reset": sum(r["rst_ns"] > 0 for r in each),
            "queries": total["messages_out"],
            "responses": total["messages_in"],
            "queries_per_connection": total["messages_out"] / len(living) if living else None,
            "peak_open": at_once(each),
            "peak_60s": peak(r["first_ns"] for r in each),
            "octets_out": total["bytes_out"],
            "octets_in": total["bytes_in"],
            "first": min(r["first_ns"] for r in each),
            "last": max(r["last_ns"] for r in each),
        }
        assert {name: getattr(rows[place], name) for name in want} == want, place


def at_once(each: Sequence[Row]) -> int:
    """Most connections that are open at the time when one opens."""
    return max(sum(r["first_ns"] <= one["first_ns"] <= r["last_ns"] for r in each) for one in each)


def over_time(naive: Naive, found: Mapping[str, Any], groups: Mapping[Any, str]) -> None:
    """The time line: bins of one width over all sides; queries by the eight busiest suffixes of the side."""
    sent = [(row["time_ns"], row) for row in naive.asked]
    replied = [(r["time_ns"] if r["state"] == State.ORPHAN else r["r_time_ns"], r) for r in naive.rows]
    replied = [(time, row) for time, row in replied if row["state"] in REPLIED]
    times = [time for time, _ in (*sent, *replied)]
    if not times:
        assert not found["timeline"].tables
        return
    width = bin_width(min(times), max(times))
    starts = range(min(times) // width * width, max(times) + 1, width)
    sides = {row["side"] for _, row in (*sent, *replied)}
    assert {side.value for side in found["timeline"].tables} == sides
    for side, table in found["timeline"].tables.items():
        own = [(time // width * width, suffix_of(row, groups)) for time, row in sent if row["side"] == side.value]
        totals = Counter(suffix for _, suffix in own if suffix is not None)
        busiest = {suffix for suffix, _ in counted(totals)[:8]}
        asked, said = defaultdict(Counter), defaultdict(Counter)
        for start, suffix in own:
            asked[start][suffix if suffix in busiest else "(others)"] += 1
        for time, row in replied:
            if row["side"] == side.value:
                said[time // width * width][rcodes.text(row["rcode"])] += 1
        got = [(b.start, b.queries, b.responses, shown(b.rcodes), shown(b.suffixes)) for b in table]
        assert got == [
            (at, asked[at].total(), said[at].total(), counted(said[at]), counted(asked[at])) for at in starts
        ], side


def suffix_of(row: Row, groups: Mapping[Any, str]) -> str | None:
    return None if row["labels"] is None else groups[row["labels"]]


def tree(naive: Naive, found: Mapping[str, Any]) -> None:
    """Every node of the suffix tree of every side."""
    wasted = found["wasted"]
    for side in {row["side"] for row in naive.asked}:
        want: dict[str, Row] = defaultdict(lambda: {"counts": Counter(), "names": set(), "wasted": 0})
        for what, rows in (("queries", naive.asked), ("questions", naive.ended), ("names", naive.rows)):
            for row in rows:
                for suffix in suffixes_of(row, side):
                    want[suffix]["counts"][what] += 1
                    want[suffix]["counts"]["nxdomain"] += what == "questions" and row["outcome"] == 3
                    if what == "names":
                        want[suffix]["names"].add(row["qname"])
        want = {label: cell for label, cell in want.items() if cell["counts"]["queries"]}
        root = found["tree"].root(
            type(found["tree"].side)(side), depth=1 << 16, width=1 << 30
        )  # names above the limit are read too
        got = {node.label: node for node in every_node(root)}
        assert got.keys() == want.keys() | {"."}
        for label, cell in want.items():
            counts, node = cell["counts"], got[label]
            lost = sum(int(wasted._by_name[n]) for n in cell["names"]) if wasted.known and side == "client" else None
            assert (node.queries, node.names) == (counts["queries"], len(cell["names"])), label
            assert node.share == counts["queries"] / max(want["."]["counts"]["queries"], 1)
            questions = counts["questions"]
            assert node.nxdomain_share == (counts["nxdomain"] / questions if questions else None), label
            assert node.wasted_share == (None if lost is None else lost / counts["queries"]), label


def suffixes_of(row: Row, side: str) -> Iterable[str]:
    if row["side"] == side and row["labels"] is not None:
        for at in range(len(row["labels"]) + 1):
            yield text(row["labels"][at:])


def every_node(node: Any) -> Iterable[Any]:
    yield node
    for child in node.children:
        yield from every_node(child)


def summary(naive: Naive, row: Any) -> None:
    """The whole input."""
    unique, words = naive.unique, {flag: flag.words[0] for flag in Anomaly}
    responses = sum(bool(r["flags"] & 0x8000) for r in unique)
    frames = sum(r["views"] for r in unique)
    want = {
        "messages": len(unique),
        "queries": len(unique) - responses,
        "responses": responses,
        "first": min((r["time_ns"] for r in unique), default=None),
        "last": max((r["time_ns"] for r in unique), default=None),
        "frames": frames,
        "copies_per_packet": frames / len(unique) if unique else None,
        "transports": counted(Counter(Transport(r["transport"]).name.lower() for r in unique)),
        "opcodes": counted(Counter(opcodes.text(r["flags"] >> 11 & 15) for r in unique)),
        "classes": counted(Counter(classes.text(r["qclass"]) for r in unique if r["present"] & int(Present.QUESTION))),
        "multi_question": sum(r["qdcount"] > 1 for r in unique),
        "no_question": sum(r["qdcount"] == 0 for r in unique),
        "anomalies": counted(Counter(words[flag] for r in unique for flag in Anomaly(r["anomalies"]))),
        "derived": naive.derived,
        "one_way": one_way(naive),
        "sides": dict(Counter(r["side"] for r in naive.asked)),
        "states": {state.name.lower(): sum(r["state"] == state for r in naive.rows) for state in State},
    }
    got = {name: shown(getattr(row, name)) for name in want}
    got |= {name: dict(got[name]) for name in ("sides", "states")}
    assert got == want
    assert Counter({pair: view.messages for view in row.views for pair in [(view.first, view.second)]}) == both_ways(
        naive
    )


def one_way(naive: Naive) -> tuple[str, ...]:
    """Servers asked and never heard, or heard and never asked."""
    servers: dict[str, Counter[str]] = defaultdict(Counter)
    for row in naive.rows:
        servers[naive.address(row["server"])][State(row["state"]).name] += 1
    found = []
    for server, states in servers.items():
        heard = states["ANSWERED"] + states["LATE"] + states["ORPHAN"]
        asked = states.total() - states["ORPHAN"]
        if (not heard and states["UNANSWERED"]) or (heard and not asked):
            found.append((-states.total(), server))
    return tuple(server for _, server in sorted(found)[:100])


def both_ways(naive: Naive) -> Counter[tuple[str, str]]:
    """Messages by the interfaces of their first view and of each other."""
    names = {info.id: info.name or str(info.id) for info in naive.context.interfaces}
    by_row: dict[int, list[Row]] = defaultdict(list)
    for view in naive.views:
        by_row[view["row"]].append(view)
    pairs: Counter[tuple[str, str]] = Counter()
    for views in by_row.values():
        first, *others = sorted(views, key=lambda v: (v["time_ns"], v["file"], v["frame"]))
        for other in others:
            low, high = sorted((first["interface"], other["interface"]))
            pairs[names.get(low, str(low)), names.get(high, str(high))] += 1
    return pairs
