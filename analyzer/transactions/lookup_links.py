"""From steps to lookups: which candidate followed which (docs/semantics.md).

A candidate follows a failed one of the same client that shares at least its leftmost label: on the same port where one
port carries several candidates (c-ares, ingress-nginx), else within 50 ms of the answer or 6 s of the last send.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

import numpy as np

from analyzer.messages import Array, NameTree
from analyzer.options import Limits
from analyzer.transactions.lookup_steps import PTR, SAME_PORT_NS, SLACK_NS

__all__ = ["MAX_STEPS", "LabelIds", "link"]

MAX_STEPS: Final = 32  # more candidates than any search list has; a longer run begins a new lookup
_OPEN: Final = 24  # failed steps that wait for their next candidate at one time, the latest kept
_LABELS: Final = 32  # labels of a name that are compared, from the left

_GREEDY: Final = ("qname", "qtype", "kinds", "time_ns", "done_ns", "answered", "failed", "ends", "pooled")

Steps = Mapping[str, Array]


class LabelIds:
    """Small numbers for labels, without regard to case; and names as rows of them, leftmost first."""

    def __init__(self, names: NameTree) -> None:
        self._names = names
        self._ids: dict[bytes, int] = {}
        self._first = np.zeros(0, np.uint32)
        self._service = np.zeros(1, np.uint8)
        self._told = 0

    def _id(self, label: bytes) -> int:
        return self._ids.setdefault(label.lower(), len(self._ids) + 1)

    def first(self, nodes: Array) -> Array:
        """Number of each name's leftmost label, from 1 (the root's empty label too), shape of `nodes`."""
        if len(self._first) < len(self._names):
            grown = np.zeros(max(len(self._names), 2 * len(self._first)), np.uint32)
            grown[: len(self._first)] = self._first
            self._first = grown
        found = self._first[nodes]
        new = np.unique(nodes[found == 0])
        if len(new):
            self._first[new] = [self._id(self._names.label(node)) for node in new.tolist()]
            found = self._first[nodes]
        return found

    def is_service(self, numbers: Array) -> Array:
        """1 for labels that begin with an underscore (RFC 8552): programs go through such names by themselves."""
        while len(self._service) <= len(self._ids):
            room = np.zeros(max(1024, 2 * len(self._service)), np.uint8)
            room[: len(self._service)] = self._service
            self._service = room
        for label, number in itertools.islice(self._ids.items(), self._told, None):
            self._service[number] = label.startswith(b"_")
        self._told = len(self._ids)
        return self._service[numbers]

    def second(self, nodes: Array) -> Array:
        """Number of each name's second label."""
        return self.first(self._names.parent[nodes])

    def depth(self, nodes: Array) -> Array:
        """Labels in each name."""
        return self._names.depth[nodes]

    def rows(self, nodes: Array) -> tuple[Array, Array]:
        """Distinct names as a matrix of label numbers padded with 0, and for each node its row."""
        distinct, inverse = np.unique(nodes, return_inverse=True)
        depth = np.minimum(self._names.depth[distinct], _LABELS)
        matrix = np.zeros((len(distinct), int(depth.max(initial=1))), np.uint32)
        for row, node in enumerate(distinct.tolist()):
            numbers = [self._id(label) for label in self._names.labels(node)[:_LABELS]]
            matrix[row, : len(numbers)] = numbers
        return matrix, inverse


def _shared(matrix: Array, left: Array, right: Array) -> Array:
    """Labels that two rows of the matrix have in common on the left."""
    same = (matrix[left] == matrix[right]) & (matrix[left] != 0)
    return np.asarray(np.cumprod(same, axis=1, dtype=np.uint8).sum(axis=1))


def _may_follow(steps: Steps, before: Array, after: Array, limits: Limits, by_port: bool) -> Array:
    """For each pair of steps whether the second can be the next candidate after the first."""
    start, done = steps["time_ns"][after], steps["done_ns"][before]
    wait = SAME_PORT_NS if by_port else limits.step_ns
    limit = done + np.where(steps["answered"][before], wait, limits.step_timeout_ns)
    types, next_types = steps["kinds"][before], steps["kinds"][after]
    part = ((next_types & ~types) == 0) & (next_types < 4) & steps["ends"][after]
    fit = (
        steps["failed"][before]
        & (steps["seg"][before] == steps["seg"][after])
        & (steps["qname"][before] != steps["qname"][after])
        & ((types == next_types) | part)
        & (steps["qtype"][before] != PTR)
        & (start >= done - SLACK_NS)
        & (start <= limit)
        # A forwarder's socket carries what its clients ask: after silence nothing but time would speak for the link.
        & (steps["answered"][before] | (steps["pooled"][after] == 0))
    )
    return np.asarray(fit & (steps["client_port"][before] == steps["client_port"][after]) if by_port else fit)


def _greedy(
    steps: Steps,
    members: Array,
    labels: dict[int, list[int]],
    limits: Limits,
    link_to: Array,
    followed: Array,
    chained: Array,
) -> None:
    """Overlapping lookups of one leftmost label: each step takes the open failed step that shares most labels; among
    equals the one with most names behind it (lookups of one list that lacks just this name), then the latest.
    At most `_OPEN` are open. Plain Python: what follows depends on what was taken before."""
    cells = [steps[name][members].tolist() for name in _GREEDY]
    waiting: list[tuple[int, int, int, int, frozenset[int]]] = []  # done, limit, types, step, names so far
    for step, name, qtype, types, start, done, answered, failed, ends, pooled in zip(
        members.tolist(), *cells, strict=True
    ):
        best, best_score = -1, (-1, -1, -1)
        waiting = [w for w in waiting if start <= w[1]]
        for at, (before, _, before_types, earlier, seen) in enumerate(waiting):
            fits = before_types == types or (ends and types < 4 and before_types & types == types)
            fits = fits and link_to[step] < 0 and not (chained[earlier] and chained[step])
            fits = fits and (not pooled or steps["answered"][earlier])
            if start >= before - SLACK_NS and fits and name not in seen:
                score = (_common(labels[int(steps["qname"][earlier])], labels[name]), len(seen), before)
                if score >= best_score:
                    best, best_score = at, score
        seen = frozenset([name])
        if best >= 0:
            _, _, _, earlier, names = waiting.pop(best)
            link_to[step] = earlier
            seen |= names
        if failed and qtype != PTR and len(seen) < MAX_STEPS and not followed[step]:
            limit = done + (limits.step_ns if answered else limits.step_timeout_ns)
            waiting.append((done, limit, types, step, seen))
            del waiting[:-_OPEN]


def _common(left: list[int], right: list[int]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _chains(link_to: Array) -> tuple[Array, Array]:
    """For every step its lookup's first step and its position in it, by doubling pointers."""
    index = np.arange(len(link_to))
    root = np.where(link_to < 0, index, link_to)
    position = (link_to >= 0).astype(np.int64)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root, position
        position += position[root]
        root = further


def _cuts(names: list[int], labels: list[list[int]]) -> list[int]:
    """Positions where a run of candidates begins anew: a name comes again, the name as typed was the last one, or what
    was typed first is no longer at the front."""
    cuts: list[int] = []
    start = 0
    for at in range(1, len(names)):
        run = names[start:at]
        common = _common(labels[at - 1], labels[at])
        ended = at - start >= 2 and _common(labels[at - 2], labels[at - 1]) == len(labels[at - 1])
        typed = at - start >= 2 and _common(labels[start], labels[start + 1]) == len(labels[start])
        if names[at] in run or ended or (typed and common < len(labels[start])) or at - start >= MAX_STEPS:
            cuts.append(at)
            start = at
    return cuts


def _separate(steps: Steps, link_to: Array, ids: LabelIds) -> None:
    """Undo links that join two lookups."""
    root, position = _chains(link_to)
    members = np.flatnonzero(np.bincount(root, minlength=len(root))[root] > 1)
    if not len(members):
        return
    order = members[np.lexsort((position[members], root[members]))]
    matrix, at = ids.rows(steps["qname"][order])
    depth = (matrix != 0).sum(axis=1)[at]
    chain, place = root[order], position[order]
    back = np.maximum(np.arange(len(order)) - 1, 0)
    common = _shared(matrix, at[back], at)  # with the step before it; counts where place > 0
    bad = place >= MAX_STEPS
    bad |= (place >= 2) & (common[back] == depth[back])
    first = np.maximum.accumulate(np.where(place == 0, np.arange(len(order)), 0))
    typed = (first + 1 < len(order)) & (common[np.minimum(first + 1, len(order) - 1)] == depth[first])
    bad |= (place >= 2) & typed & (common < depth[first])
    suspects = set(chain[bad].tolist())
    by_name = np.lexsort((at, chain))
    twice = (chain[by_name][1:] == chain[by_name][:-1]) & (at[by_name][1:] == at[by_name][:-1])
    suspects.update(chain[by_name][1:][twice].tolist())
    if not suspects:
        return
    starts = np.flatnonzero(place == 0).tolist()
    for begin, end in zip(starts, [*starts[1:], len(order)], strict=True):
        if int(chain[begin]) in suspects:
            rows = at[begin:end].tolist()
            for cut in _cuts(rows, [matrix[row][matrix[row] != 0].tolist() for row in rows]):
                link_to[order[begin + cut]] = -1


def link(steps: Steps, ids: LabelIds, limits: Limits) -> tuple[Array, Array, Array]:
    """For every step: its lookup's first step, its position, and the labels that all of its lookup's names share.

    `steps` are in order of segment and time; each segment holds one client's questions with one leftmost label.
    """
    count = len(steps["seg"])
    link_to = np.full(count, -1, np.int64)
    seg = steps["seg"]
    sizes = np.bincount(seg)[seg] if count else seg
    fails = np.bincount(seg, weights=steps["failed"])[seg] if count else seg
    several = np.flatnonzero((sizes > 1) & (fails > 0))
    if len(several):
        own = several[steps["pooled"][several] == 0]
        order = own[np.lexsort((steps["client_port"][own], seg[own]))]
        fit = _may_follow(steps, order[:-1], order[1:], limits, True)
        link_to[order[1:][fit]] = order[:-1][fit]
        followed = np.zeros(count, np.bool_)
        followed[order[:-1][fit]] = True
        _by_time(steps, several[(link_to[several] < 0) & ~followed[several]], ids, limits, link_to)
        _separate(steps, link_to, ids)
    root, position = _chains(link_to)
    return root, position, _common_labels(steps, root, position, ids)


def _by_time(steps: Steps, free: Array, ids: LabelIds, limits: Limits, link_to: Array) -> None:
    """Link steps that have ports of their own, by time: first those that share two labels on the left, so that lookups
    of `www.one.example` and `www.two.example` side by side stay apart; then what is left, by one label."""
    two = np.unique(
        steps["seg"][free].astype(np.uint64) << np.uint64(32) | ids.second(steps["qname"][free]).astype(np.uint64),
        return_inverse=True,
    )[1]
    _link_groups(steps, free, two, ids, limits, link_to)
    _link_groups(steps, free, steps["seg"][free], ids, limits, link_to)


def _link_groups(steps: Steps, free: Array, group: Array, ids: LabelIds, limits: Limits, link_to: Array) -> None:
    """Link the steps of each group: neighbours where nothing overlaps, else one by one. Of chains that are there already
    the ends take part, and only towards steps that stand alone."""
    followed = np.zeros(len(link_to), np.bool_)
    followed[link_to[link_to >= 0]] = True
    begins = link_to < 0
    ends = begins[free] | ~followed[free]
    free, group = free[ends], group[ends]
    if len(free) < 2:
        return
    chained = followed | ~begins
    order = np.argsort(group, kind="stable")
    free, group = free[order], group[order]
    same = group[1:] == group[:-1]
    overlap = same & (steps["time_ns"][free][1:] < steps["done_ns"][free][:-1] - SLACK_NS)
    knotted = np.isin(group, group[1:][overlap])
    plain, own = free[~knotted], group[~knotted]
    fit = _may_follow(steps, plain[:-1], plain[1:], limits, False) & (own[1:] == own[:-1])
    fit &= ~followed[plain[:-1]] & begins[plain[1:]] & ~(chained[plain[:-1]] & chained[plain[1:]])
    link_to[plain[1:][fit]] = plain[:-1][fit]
    knots = free[knotted]
    if not len(knots):
        return
    matrix, at = ids.rows(steps["qname"][knots])
    labels = {
        int(node): matrix[row][matrix[row] != 0].tolist()
        for node, row in dict(zip(steps["qname"][knots].tolist(), at.tolist(), strict=True)).items()
    }
    edges = np.flatnonzero(np.diff(group[knotted])) + 1
    for members in np.split(knots, edges):
        _greedy(steps, members, labels, limits, link_to, followed, chained)


def _common_labels(steps: Steps, root: Array, position: Array, ids: LabelIds) -> Array:
    """Labels shared by all names of each step's lookup; the name's own number of labels where it is alone."""
    out = np.asarray(ids.depth(steps["qname"]), np.int64)
    later = np.flatnonzero(position > 0)
    if len(later):
        members = np.flatnonzero(np.bincount(root, minlength=len(root))[root] > 1)
        order = members[np.lexsort((position[members], root[members]))]
        matrix, at = ids.rows(steps["qname"][order])
        after = np.flatnonzero(position[order] > 0)
        shared = _shared(matrix, at[after - 1], at[after])
        np.minimum.at(out, root[order[after]], shared)
        out = out[root]
    return out
