"""What the lab's clients logged of themselves against our lookups: `python -m tests.shared.lab_calls SHARED` prints a table.

Each client wrote down its calls (NAME.calls.*.tsv: start, duration, name). What a call had to ask follows from the search
list and from what the lab's zones hold; how often it sent, from the client's own packets on one interface, taken as the
decoder gives them: a packet belongs to the call that was running. Neither goes through copies, matching, retries or lookups.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analyzer.decode import decoder
from analyzer.messages import AddressTable, DecodeOptions, NameTree, Transport
from analyzer.options import NS
from tests.transactions.traffic import run

__all__ = ["SEARCH", "TABLE", "Call", "Case", "Row", "calls_in", "candidates", "compared", "main", "rows", "tables_of"]

SEARCH = (
    "kubecamp.svc.cluster.local",
    "svc.cluster.local",
    "cluster.local",
    "default.svc.cluster.local",
    "example.org",
)
INNER = SEARCH[:3]  # what p2 of the tunnels has
NDOTS = 5
CLUSTER = {
    f"{name}.svc.cluster.local" for name in ("web.kubecamp", "api.kubecamp", "db.kubecamp", "kubernetes.default")
}
LIVE = CLUSTER | {"gitea.default.svc.cluster.local", "git.example.org", "nas.example.org"} | {
    f"{name}.example.com" for name in ("www", "v4only", "mail")
} | {"many.example.net"}  # fmt: skip
POD = "10.233.64."
GLIBC = ("", "-single-request", "-single-request-reopen", "-use-vc", "-rotate", "-edns0", "-trust-ad")


class Case(NamedTuple):
    """One line to make: who asked in which capture, and the logs of the calls behind it."""

    capture: str
    client: str
    logs: tuple[str, ...]
    search: tuple[str, ...] = SEARCH
    besides: int | None = 0  # lookups of other programs at that address; None: the capture is cut
    why: str = ""


def _pods(capture: str, scenario: str, **logs: str) -> list[Case]:
    return [Case(capture, POD + last[1:], (f"{scenario}.calls.{log}",)) for last, log in logs.items()]


def _storm(capture: str) -> list[Case]:
    pods = _pods(capture, "s02_storm", _11="p1-glibc", _12="p2-musl")
    return [case._replace(besides=None, why="the capture is cut: calls that ended in it") for case in pods]


DIG = "dig from the same address"
TABLE: tuple[Case, ...] = (
    Case("s01_healthy_node1_any.pcap", POD + "11", ("s01_healthy.calls.p1-glibc",), besides=16, why=DIG),
    *_pods("s01_healthy_node1_any.pcap", "s01_healthy", _12="p2-musl", _13="p3-cares", _14="p4-go"),
    *_storm("s02_storm_node1_any_sll2_nano.pcap"),
    *_storm("s02_storm_node1_multi.pcapng"),
    Case("s02d_resolvers_cni0.pcap", POD + "11", tuple(f"s02d_resolvers.calls.p1-glibc{o}" for o in GLIBC)),
    *_pods("s02d_resolvers_cni0.pcap", "s02d_resolvers", _12="p2-musl", _13="p3-cares"),
    Case("s02d_resolvers_cni0.pcap", POD + "14", ("s02d_resolvers.calls.p4-go",), besides=48, why="nginx' 48 requests"),
    *_pods("s03b_halfloop_node1_any.pcap", "s03b_halfloop_coredns", _11="p1-glibc"),
    *_pods("s05a_gw_down_node1_any.pcap", "s05a_gw_down", _11="p1-glibc", _12="p2-musl", _13="p3-cares", _14="p4-go"),
    Case("s05a_gw_down_gw_lan.pcapng", "192.168.1.26", ("s05a_gw_down.calls.q1-glibc",), why="through dnsmasq"),
    Case(
        "s08_tcp_node1_any.pcap",
        POD + "11",
        ("s08_tcp.calls.p1-glibc",),
        besides=66,
        why="3 dig (UDP, then TCP under another ID) and 60 pipelined questions; glibc's first buffer was too small, so it asked all again: after an answer, so no retry",
    ),
    *_pods("s08_tcp_node1_any.pcap", "s08_tcp", _12="p2-musl", _13="p3-cares", _14="p4-go"),
    *(
        Case(f"s09_{kind}_{at}.pcap", POD + "12", (f"s09_{kind}.calls.p2-glibc-direct",), INNER, besides=3, why=DIG)
        for kind in ("vxlan4789", "ipip")
        for at in ("inner", "underlay")
    ),
)


@dataclass
class Call:
    """One call of a client and what was seen of it."""

    start_ns: int
    end_ns: int
    name: str
    result: str
    sent: Counter[tuple[str, int]] = field(default_factory=Counter)  # queries by name and type, from packets


@dataclass
class Row:
    """One client's line of the table: what its own log says, and ours."""

    capture: str
    client: str
    calls: int = 0
    lookups: int = 0
    asked: tuple[int, int, int] = (0, 0, 0)  # candidates, questions, retries
    ours: tuple[int, int, int] = (0, 0, 0)
    by_rule: int = 0  # candidates by search list and zones
    besides: tuple[int, int, int] = (0, 0, 0)  # our lookups, questions, retries outside any call
    unlike: list[str] = field(default_factory=list)


def calls_in(path: Path) -> list[Call]:
    """The lines of a client's log."""
    out = []
    for line in path.read_text(encoding="utf-8").splitlines():
        start, lasted, name, _, result, _ = line.split("\t")
        begin = round(float(start) * NS)
        out.append(Call(begin, begin + round(float(lasted) * NS / 1000), name, result))
    return out


def candidates(name: str, search: Iterable[str]) -> list[str]:
    """What a resolver asks for a name, up to the one that exists."""
    full = name.removesuffix(".")
    listed = [full] if name.endswith(".") or full.count(".") >= NDOTS else [*(f"{full}.{s}" for s in search), full]
    at = next((at for at, tried in enumerate(listed) if tried in LIVE), len(listed) - 1)
    return listed[: at + 1]


def _messages(path: Path) -> tuple[Any, NameTree, AddressTable]:
    reader, names, addresses, batches = decoder("auto", DecodeOptions()), NameTree(), AddressTable(), []
    reader.open(0)
    for decoded in (*reader.feed(path.read_bytes()), *reader.finish()):
        names.append(decoded.names)
        addresses.append(decoded.addresses)
        batches.append(decoded.messages)
    return batches, names, addresses


def _sends(batches: Any, names: NameTree, client: int | None) -> list[tuple[int, str, int]]:
    """The client's queries (time, name, type) on the one interface that saw most of them, UDP and TCP."""
    seen: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    once: set[tuple[int, int, int, int]] = set()
    for rows in batches:
        mine = np.flatnonzero((rows.src_addr == client) & ((rows.flags & 0x8000) == 0))
        for at in mine.tolist():
            if rows.transport[at] != Transport.UDP:  # a resent segment is no second query
                key = (int(rows.interface[at]), int(rows.src_port[at]), int(rows.msg_id[at]), int(rows.qname[at]))
                if key in once:
                    continue
                once.add(key)
            seen[int(rows.interface[at])].append(
                (int(rows.time_ns[at]), names.text(int(rows.qname[at])), int(rows.qtype[at]))
            )
    return max(seen.values(), key=len) if seen else []


def _running(calls: list[Call], time_ns: int, name: str) -> Call | None:
    """The call that was running: the latest that had begun, if it asks for that name."""
    begun = [call for call in calls if call.start_ns <= time_ns]
    if not begun or name.split(".", maxsplit=1)[0] != begun[-1].name.split(".")[0]:
        return None
    return begun[-1] if time_ns <= begun[-1].end_ns + NS // 500 else None


def tables_of(path: Path, read: dict[str, Any]) -> tuple[Any, NameTree, AddressTable, Any]:
    """A capture's messages, names, addresses and our tables of them; each capture is read once."""
    if path.name not in read:
        batches, names, addresses = _messages(path)
        read[path.name] = batches, names, addresses, run(batches, names, addresses)
    found: tuple[Any, NameTree, AddressTable, Any] = read[path.name]
    return found


def compared(folder: Path, case: Case, read: dict[str, Any]) -> Row:
    """One line. `read` keeps captures that were read already."""
    capture, address, logs, search = case[:4]
    batches, names, addresses, tables = tables_of(folder / capture, read)
    client = addresses.find(address)
    last = max(int(rows.time_ns.max()) for rows in batches if len(rows))
    calls = sorted((c for log in logs for c in calls_in(folder / f"{log}.tsv")), key=lambda c: c.start_ns)
    calls = [call for call in calls if call.end_ns <= last + NS // 1000]
    for time_ns, name, qtype in _sends(batches, names, client):
        if call := _running(calls, time_ns, name):
            call.sent[name, qtype] += 1
    row = Row(capture, address, calls=len(calls), by_rule=sum(len(candidates(c.name, search)) for c in calls))
    asked = [len(call.sent) for call in calls], [call.sent.total() - len(call.sent) for call in calls]
    row.asked = (sum(len({name for name, _ in call.sent}) for call in calls), sum(asked[0]), sum(asked[1]))
    lookups = tables.lookups.take(tables.lookups.client == client)
    steps = Counter(tables.steps.lookup.tolist())
    got: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    first = dict(zip(tables.steps.lookup.tolist()[::-1], tables.steps.qname.tolist()[::-1], strict=True))
    besides = [0, 0, 0]
    columns = (lookups.lookup, lookups.time_ns, lookups.questions, lookups.queries)
    for lookup, time_ns, asks, sends in zip(*(c.tolist() for c in columns), strict=True):
        call = _running(calls, time_ns, names.text(first[lookup]))
        if call is None:
            besides = [besides[0] + 1, besides[1] + asks, besides[2] + sends - asks]
            continue
        cell = got[calls.index(call)]
        for at, count in enumerate((1, steps[lookup], asks, sends - asks)):
            cell[at] += count
    row.lookups = sum(cell[0] for cell in got.values())
    row.ours = tuple(sum(cell[at] for cell in got.values()) for at in (1, 2, 3))  # type: ignore[assignment]
    row.besides = (besides[0], besides[1], besides[2])
    for at, call in enumerate(calls):
        want = (1, len({name for name, _ in call.sent}), len(call.sent), call.sent.total() - len(call.sent))
        if tuple(got[at]) != want:
            row.unlike.append(f"{call.start_ns / NS:.3f} {call.name} {call.result[:12]}: {want} ours {tuple(got[at])}")
    return row


def rows(shared: Path) -> list[tuple[Row, Case]]:
    """All lines."""
    read: dict[str, Any] = {}
    return [(compared(shared / "lab" / "captures", case, read), case) for case in TABLE]


def main(argv: list[str]) -> int:
    out = sys.stdout.write
    out(
        "| capture | client | calls / our lookups | candidates (by the rule) / ours | questions / ours | retries / ours |"
    )
    out(" ours besides: lookups, questions, retries | calls that differ |\n|---|---|---|---|---|---|---|---|\n")
    for row, _ in rows(Path(argv[0])):
        pairs = [f"{lab} / {our}" for lab, our in zip(row.asked, row.ours, strict=True)]
        pairs[0] = f"{row.asked[0]} ({row.by_rule}) / {row.ours[0]}"
        cells = [
            row.capture,
            row.client,
            f"{row.calls} / {row.lookups}",
            *pairs,
            str(row.besides),
            str(len(row.unlike)),
        ]
        out(f"| {' | '.join(cells)} |\n")
        for line in row.unlike[:100] if "-v" in argv else ():
            out(f"    {line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
