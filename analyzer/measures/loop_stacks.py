"""Unrolls questions that go round: who takes part, how deep it goes, and what proves it."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analyzer.dns.probes import probe_kind
from analyzer.measures import Context
from analyzer.messages import Array
from analyzer.options import NS, Thresholds

if TYPE_CHECKING:
    from analyzer.measures.loops import LoopTable

__all__ = ["Circle", "Question", "Turn", "circles", "strongly_connected"]

_NS_TYPE = 2
_MAX_STACK = 16  # rows of the deepest stack that are shown


class Turn(NamedTuple):
    """One query of the deepest stack; addresses are ids, `end_ns` is its answer or None."""

    time_ns: int
    end_ns: int | None
    file: int
    frame: int
    client: int
    server: int
    client_port: int
    msg_id: int
    size: int
    edns: bool
    depth: int


@dataclass(slots=True)
class Question:
    """One question on its way round, at the server of the circle where it got deepest.

    `depth` counts queries of the circle's own members that were open at once, `originals` the queries from outside
    (or, where a client shares the member's address, those that were nested in nothing), `arrivals` both.
    `histogram[d]` counts originals that led to d-1 further arrivals.
    """

    qname: int
    qtype: int
    depth: int = 0
    nested_pairs: int = 0
    originals: int = 0
    hops: int = 0
    arrivals_per_s: int = 0
    histogram: Counter[int] = field(default_factory=Counter)
    lifo: bool = False
    pooled: bool = False
    opt: bool = False
    repeated: int = 0
    bursts_ns: list[int] = field(default_factory=list)
    rcodes: Counter[int] = field(default_factory=Counter)
    stack: list[Turn] = field(default_factory=list)
    first: Turn | None = None
    last: Turn | None = None


@dataclass(slots=True)
class Circle:
    """Parties (groups of address ids) that feed each other, in the order in which a query goes round."""

    parties: list[tuple[int, ...]]
    questions: list[Question] = field(default_factory=list)
    health: int = 0  # queries of `. NS`, CoreDNS' health check, that went round too


def strongly_connected(edges: Mapping[int, Iterable[int]]) -> list[list[int]]:
    """Groups of nodes that reach each other, and nodes with an edge to themselves (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    groups: list[list[int]] = []
    for root in edges:
        work = [(root, iter(edges.get(root, ())))] if root not in index else []
        if work:
            index[root] = low[root] = len(index)
            path.append(root)
            on_path.add(root)
        while work:
            node, rest = work[-1]
            for target in rest:
                if target not in index:
                    index[target] = low[target] = len(index)
                    path.append(target)
                    on_path.add(target)
                    work.append((target, iter(edges.get(target, ()))))
                    break
                if target in on_path:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group: list[int] = []
                    while not group or group[-1] != node:
                        group.append(path.pop())
                        on_path.discard(group[-1])
                    if len(group) > 1 or node in edges.get(node, ()):
                        groups.append(group[::-1])
    return groups


def circles(rows: LoopTable, context: Context, roles: Any) -> list[Circle]:
    """All circles in the kept rows, by their parties; loop probes are left to the measure `probes`."""
    if not len(rows):
        return []
    party = {int(a): int(roles.instance(int(a))) for a in np.unique(np.concatenate([rows.client, rows.server]))}
    members: dict[int, list[int]] = defaultdict(list)
    for address, instance in sorted(party.items()):
        members[instance].append(address)
    lookup = np.vectorize(party.__getitem__, otypes=[np.int64])
    client, server = lookup(rows.client), lookup(rows.server)
    found: dict[tuple[int, ...], Circle] = {}
    limits = context.options.thresholds
    pooled = _pooled_ports(rows, limits)
    for at in _by_question(rows):
        name, qtype = int(rows.qname[at[0]]), int(rows.qtype[at[0]])
        if probe_kind(context.names.text(name), qtype):
            continue
        edges: dict[int, set[int]] = defaultdict(set)
        for source, target in set(zip(client[at].tolist(), server[at].tolist(), strict=True)):
            edges[source].add(target)
        for group in strongly_connected(edges):
            order = _turn_order(group, edges)
            circle = found.setdefault(tuple(sorted(order)), Circle([tuple(members[instance]) for instance in order]))
            inside = np.isin(client[at], group)
            questions = [
                _unroll(rows, at[server[at] == node], inside[server[at] == node], pooled, limits) for node in group
            ]
            question = max(questions, key=lambda q: (q.depth, q.hops))
            question.qname, question.qtype = name, qtype
            if qtype == _NS_TYPE and name == 0:
                circle.health += sum(q.hops for q in questions)
            circle.questions.append(question)
    return sorted(found.values(), key=lambda c: (-sum(q.hops for q in c.questions), c.parties))


def _by_question(rows: LoopTable) -> list[Array]:
    """Row positions of each question, in order of time."""
    order = np.lexsort((np.arange(len(rows)), rows.qtype, rows.qname_hash))
    changed = (np.diff(rows.qname_hash[order]) != 0) | (np.diff(rows.qtype[order]) != 0)
    return np.split(order, np.flatnonzero(changed) + 1)


def _turn_order(group: Sequence[int], edges: Mapping[int, set[int]]) -> list[int]:
    """The members in the order in which a query goes round, from the lowest; as they come where that forks."""
    order = [min(group)]
    while len(order) < len(group):
        onward = sorted(node for node in edges[order[-1]] if node in group and node not in order)
        order.append(onward[0] if onward else min(node for node in group if node not in order))
    return order


def _pooled_ports(rows: LoopTable, limits: Thresholds) -> set[tuple[int, int]]:
    """(client, port) pairs that carried at least three names: a forwarder's sockets."""
    names: dict[tuple[int, int], set[int]] = defaultdict(set)
    for key, name in set(
        zip(zip(rows.client.tolist(), rows.client_port.tolist(), strict=True), rows.qname.tolist(), strict=True)
    ):
        names[key].add(name)
    return {key for key, seen in names.items() if len(seen) >= limits.pooled_names}


def _unroll(rows: LoopTable, at: Array, inside: Array, pooled: set[tuple[int, int]], limits: Thresholds) -> Question:
    """Follow one question at one server: its rows `at` in order of time, `inside` for those of the circle's members."""
    question = Question(0, 0)
    mine = rows.take(at)
    start, end = mine.time_ns, _superseded(mine)
    depth, total, segment = _depths(start, end, inside, limits.loop_step_ns)
    original = ~inside | (total == 1)
    question.originals = int(original.sum())
    hop = inside & ~original
    question.hops = int(hop.sum())
    if not question.hops:
        return question
    deepest = int(np.argmax(depth))
    question.depth = int(depth[deepest])
    question.nested_pairs = int((depth >= 2).sum())
    question.histogram = Counter(_arrivals_of(original, hop))
    question.arrivals_per_s = _busiest(start[inside], NS)
    question.rcodes = Counter(mine.rcode[inside & (mine.answered == 1)].tolist())
    ports = list(zip(mine.client.tolist(), mine.client_port.tolist(), mine.msg_id.tolist(), strict=True))
    question.repeated = max(Counter(p for p, i in zip(ports, inside.tolist(), strict=True) if i).values())
    question.pooled = any(
        (client, port) in pooled for (client, port, _), i in zip(ports, inside.tolist(), strict=True) if i
    )
    stack = _open_at(start, end, segment, inside | original, deepest)
    question.lifo = _unwinds(mine, end, stack, limits.loop_depth)
    question.opt = len(set(mine.edns[stack].tolist())) > 1 or len(set(mine.size[stack[:2]].tolist())) > 1
    question.bursts_ns = _bursts(start, end, inside, limits)
    turns = [_turn(mine, position, int(depth[position])) for position in stack[:_MAX_STACK].tolist()]
    question.stack = turns
    around = np.flatnonzero(inside)
    question.first, question.last = _turn(mine, int(around[0]), 1), _turn(mine, int(around[-1]), 1)
    return question


def _superseded(rows: LoopTable) -> Array:
    """When each query stops being open: its answer, its time-out, or the same query sent again (one socket, one ID)."""
    order = np.lexsort((rows.time_ns, rows.msg_id, rows.client_port, rows.client))
    same = (
        (np.diff(rows.client[order].astype(np.int64)) == 0)
        & (np.diff(rows.client_port[order].astype(np.int64)) == 0)
        & (np.diff(rows.msg_id[order].astype(np.int64)) == 0)
    )
    end = rows.end_ns.copy()
    again = np.flatnonzero(same)
    end[order[again]] = np.minimum(end[order[again]], rows.time_ns[order[again + 1]])
    return end


def _depths(start: Array, end: Array, inside: Array, step_ns: int) -> tuple[Array, Array, Array]:
    """Queries open when each was sent, itself included: of members, and of all; and which stack it belongs to.

    Starts more than `step_ns` apart begin a new stack.
    """
    segment = np.concatenate([[0], np.cumsum(np.diff(start) > step_ns)]) if len(start) else np.zeros(0, np.int64)
    depth, total = np.zeros(len(start), np.int64), np.zeros(len(start), np.int64)
    for first, last in _runs(segment):
        ends_all, ends_in = np.sort(end[first:last]), np.sort(end[first:last][inside[first:last]])
        sent = np.arange(1, last - first + 1)
        total[first:last] = sent - np.searchsorted(ends_all, start[first:last], "right")
        depth[first:last] = np.cumsum(inside[first:last]) - np.searchsorted(ends_in, start[first:last], "right")
    return np.where(inside, depth, 0), np.maximum(total, 1), segment


def _runs(segment: Array) -> list[tuple[int, int]]:
    bounds = [0, *(np.flatnonzero(np.diff(segment)) + 1).tolist(), len(segment)]
    return [(a, b) for a, b in itertools.pairwise(bounds) if b > a]


def _arrivals_of(original: Array, hop: Array) -> list[int]:
    """For each original how many arrivals it led to, itself included (a hop belongs to the latest original)."""
    owner = np.cumsum(original) - 1
    counted = np.bincount(owner[hop & (owner >= 0)], minlength=int(original.sum()))
    return [int(n) + 1 for n in counted]


def _busiest(times: Array, width: int) -> int:
    """The most events in any window of `width`; `times` ascend."""
    if not len(times):
        return 0
    return int((np.arange(1, len(times) + 1) - np.searchsorted(times, times - width, "right")).max())


def _open_at(start: Array, end: Array, segment: Array, chosen: Array, deepest: int) -> Array:
    """Positions of the queries open when the deepest was sent, the outermost first."""
    open_ = chosen & (segment == segment[deepest]) & (start <= start[deepest]) & (end >= start[deepest])
    open_[deepest + 1 :] = False
    return np.flatnonzero(open_)


def _unwinds(rows: LoopTable, end: Array, stack: Array, least: int) -> bool:
    """Whether the stack's answers came back in reverse order with one RCODE."""
    answered = stack[rows.answered[stack] == 1]
    if len(answered) < least:
        return False
    reverse = np.diff(end[answered]) <= 0
    return bool(reverse.mean() >= 0.8) and len(set(rows.rcode[answered].tolist())) == 1


def _bursts(start: Array, end: Array, inside: Array, limits: Thresholds) -> list[int]:
    """Silences of at least 1.5 s, within which a query stayed open, between bursts of the members' queries."""
    times, ends = start[inside], end[inside]
    gaps = np.flatnonzero(np.diff(times) >= limits.loop_silence_ns)
    latest = np.maximum.accumulate(ends) if len(ends) else ends
    return [int(times[g + 1] - times[g]) for g in gaps.tolist() if latest[g] >= times[g + 1]]


def _turn(rows: LoopTable, at: int, depth: int) -> Turn:
    return Turn(
        time_ns=int(rows.time_ns[at]),
        end_ns=int(rows.end_ns[at]) if rows.answered[at] else None,
        file=int(rows.file[at]),
        frame=int(rows.frame[at]),
        client=int(rows.client[at]),
        server=int(rows.server[at]),
        client_port=int(rows.client_port[at]),
        msg_id=int(rows.msg_id[at]),
        size=int(rows.size[at]),
        edns=bool(rows.edns[at]),
        depth=depth,
    )
