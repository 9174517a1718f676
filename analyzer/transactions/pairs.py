"""Pairs: which response answers which query (docs/semantics.md).

Key: transport, client and server address and port, message ID, lower-case name, type and class. A response closes the
latest open query with its key that was sent at most `Limits.match_ns` before; so answers to resends close last in,
first out. Where either question cannot be read (an error with an empty question section, a cut message) the
addresses and the ID decide. With NAT, messages have several views; they match through any view of either.
Taken part in by opcode QUERY with one question (responses: at most one), class other than CH.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import Array, Present, UniqueTable
from analyzer.transactions.keys import U64, arrange, mix, pack, segments
from analyzer.transactions.nat import Aliases, join_groups

__all__ = ["Parties", "match"]

_PASSES: Final = 2  # rounds of plain query-response pairs; what is left is resent or mixed
_NONE: Final = -1
_ANY: Final = "any question"

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parties:
    """What matching looks at: one row per message, in order of time. `number` is whatever the caller wants back."""

    number: I64
    row: U64
    time: I64
    response: Mask
    ends: U64  # client and server address
    ports: U64  # client port, server port, ID, transport
    name: U64  # qname_hash
    kind: Array  # type and class; the sign says that the question could not be read

    @classmethod
    def of(cls, messages: UniqueTable, rows: I64) -> Self:
        """From messages; `number` is the index into them."""
        columns = {name: values[rows] for name, values in messages.columns().items() if name in _WANTED}
        ports = pack(pack(columns["client_port"], columns["server_port"], 16), columns["msg_id"], 16)
        kind = (columns["qtype"].astype(np.int64) << 16) | columns["qclass"]
        readable = (columns["present"] & Present.QUESTION) != 0
        return cls(
            number=rows,
            row=columns["row"],
            time=columns["time_ns"],
            response=(columns["flags"] & 0x8000) != 0,
            ends=pack(columns["client"], columns["server"]),
            ports=pack(ports, columns["transport"], 8),
            name=np.where(readable, columns["qname_hash"], np.uint64(0)),
            kind=np.where(readable, kind, _NONE),
        )

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def none(cls) -> Self:
        """No rows."""
        return cls.of(UniqueTable(), np.zeros(0, np.int64))

    def numbered(self, number: I64) -> Parties:
        """The same rows under other numbers."""
        return replace(self, number=number)

    def take(self, rows: Array) -> Parties:
        """The given rows."""
        return Parties(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def followed_by(self, other: Parties) -> Parties:
        """These rows, then the other's."""
        return Parties(
            **{f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)}
        )


_WANTED: Final = set(
    "row time_ns flags client server client_port server_port msg_id transport qname_hash qtype qclass present".split()
)


def match(parties: Parties, aliases: Aliases, longest_ns: int) -> I64:
    """For every row the row of its partner (query or response), or -1. `aliases` may name other messages too."""
    partner = np.full(len(parties), _NONE, np.int64)
    group = mix(parties.ends, parties.ports)
    at = np.zeros(0, np.int64)
    if len(aliases):
        aliases = aliases.of_rows(parties.row)
        at = np.searchsorted(parties.row, aliases.row)
        group = join_groups(group, at, aliases)
    left = arrange(group)
    for _ in range(_PASSES):
        left = _worth_looking(left, group, parties, longest_ns)
        pairs = _adjacent(left, group, parties, longest_ns)
        if not len(pairs):
            break
        query, response = left[pairs], left[pairs + 1]
        partner[query], partner[response] = response, query
        stay = np.ones(len(left), np.bool_)
        stay[pairs] = stay[pairs + 1] = False
        left = left[stay]
    left = _worth_looking(left, group, parties, longest_ns)
    if len(left):
        alike = _alike(left, group, parties, longest_ns)
        _nested(left[alike], group, parties, partner)
        _one_by_one(left[~alike], group, parties, _names(at, aliases), longest_ns, partner)
    return partner


def _worth_looking(left: I64, group: U64, parties: Parties, longest_ns: int) -> I64:
    """Drop what can have no partner: responses before any query, queries after all responses or too old for the next."""
    if not len(left):
        return left
    keys, response = group[left], parties.response[left]
    starts = segments(keys)
    part = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(left))))
    queries = np.cumsum(~response)
    queries = queries - (queries[starts] - ~response[starts])[part]
    answers = np.cumsum(response)
    ends = np.append(starts[1:], len(left)) - 1
    answers = answers[ends][part] - answers
    keep = np.where(response, queries > 0, answers > 0)
    time = parties.time[left]
    keep[:-1] &= response[:-1] | (keys[1:] != keys[:-1]) | (time[1:] - time[:-1] <= longest_ns)
    return left[keep]


def _adjacent(left: I64, group: U64, parties: Parties, longest_ns: int) -> I64:
    """Positions of queries that a response of theirs follows, nothing between them."""
    first, then = left[:-1], left[1:]
    fits = ~parties.response[first] & parties.response[then] & (group[first] == group[then])
    at = np.flatnonzero(fits)
    first, then = first[at], then[at]
    good = (parties.ends[first] == parties.ends[then]) & (parties.ports[first] == parties.ports[then])
    good &= parties.time[then] - parties.time[first] <= longest_ns
    kinds = parties.kind[first], parties.kind[then]
    same = (kinds[0] == kinds[1]) & (parties.name[first] == parties.name[then])
    fitting: I64 = at[good & (same | (kinds[0] == _NONE) | (kinds[1] == _NONE))]
    return fitting


def _alike(left: I64, group: U64, parties: Parties, longest_ns: int) -> Mask:
    """Rows of groups in which every response could answer every query before it: one key, nothing too old."""
    starts = segments(group[left])
    sizes = np.diff(np.append(starts, len(left)))
    first = np.repeat(left[starts], sizes)
    same = np.ones(len(left), np.bool_)
    for column in (parties.ends, parties.ports, parties.name, parties.kind):
        same &= column[left] == column[first]
    short = parties.time[left[starts + sizes - 1]] - parties.time[left[starts]] <= longest_ns
    found: Mask = np.repeat(np.logical_and.reduceat(same, starts) & short, sizes)
    return found


def _nested(left: I64, group: U64, parties: Parties, partner: I64) -> None:
    """Last in, first out, all groups at once: a response closes the query at its own depth of open queries."""
    if not len(left):
        return
    response = parties.response[left]
    starts = segments(group[left])
    part = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(left))))
    steps = np.where(response, -1, 1)
    total = np.cumsum(steps)
    total = total - (total[starts] - steps[starts])[part]
    # Where more was answered than asked the count starts anew; groups cannot reach each other's lowest points.
    apart = part * (2 * len(left) + 2)
    lowest = np.minimum(np.minimum.accumulate(np.minimum(total, 0) - apart) + apart, 0)
    depth = total - lowest
    answers = response & (np.append(0, lowest[:-1]) * (np.append(-1, part[:-1]) == part) == lowest)
    used = np.flatnonzero(~response | answers)
    level = depth[used] + response[used]
    order = used[np.lexsort((used, level, part[used]))]
    level = depth + response
    asked, then = order[:-1], order[1:]
    pairs = ~response[asked] & response[then] & (part[asked] == part[then]) & (level[asked] == level[then])
    query, answer = left[asked[pairs]], left[then[pairs]]
    partner[query], partner[answer] = answer, query


Names = Mapping[int, list[tuple[int, int]]]


def _names(at: I64, aliases: Aliases) -> Names:
    """The other endpoints of each row that has some."""
    out: dict[int, list[tuple[int, int]]] = {}
    for row, ends, ports in zip(at.tolist(), aliases.ends.tolist(), aliases.ports.tolist(), strict=True):
        out.setdefault(row, []).append((ends, ports))
    return out


def _one_by_one(left: I64, group: U64, parties: Parties, names: Names, longest_ns: int, partner: I64) -> None:
    """The rule as it stands, row after row; linear, since each query leaves each stack once."""
    columns = (left, group[left], parties.response[left], parties.time[left], parties.ends[left], parties.ports[left])
    questions = zip(parties.name[left].tolist(), parties.kind[left].tolist(), strict=True)
    open_queries = _Open(longest_ns)
    before = None
    for (row, key, response, time, ends, ports), question in zip(
        zip(*(c.tolist() for c in columns), strict=True), questions, strict=True
    ):
        if key != before:
            open_queries, before = _Open(longest_ns), key
        under = {(ends, ports), *names.get(row, ())}
        asked = None if question[1] == _NONE else question
        if not response:
            open_queries.add(row, time, under, asked)
        elif (found := open_queries.close(time, under, asked)) is not None:
            partner[row], partner[found] = found, row


class _Open:
    """Open queries of one group as stacks by endpoints and question."""

    def __init__(self, longest_ns: int) -> None:
        self._longest_ns = longest_ns
        self._stacks: dict[Any, list[tuple[int, int]]] = {}
        self._closed: set[int] = set()

    def add(self, row: int, time: int, under: Iterable[tuple[int, int]], question: tuple[int, int] | None) -> None:
        for ends in under:
            for key in ((ends, question), (ends, _ANY)):
                self._stacks.setdefault(key, []).append((row, time))

    def close(self, time: int, under: Iterable[tuple[int, int]], question: tuple[int, int] | None) -> int | None:
        """The latest open query that fits, taken out."""
        asked = (_ANY,) if question is None else (question, None)
        tops = [self._top((ends, key), time) for ends in under for key in asked]
        found = max((top for top in tops if top is not None), default=None)
        if found is not None:
            self._closed.add(found)
        return found

    def _top(self, key: Any, time: int) -> int | None:
        stack = self._stacks.get(key, [])
        while stack and stack[-1][0] in self._closed:
            stack.pop()
        if stack and time - stack[-1][1] > self._longest_ns:
            stack.clear()
        return stack[-1][0] if stack else None
