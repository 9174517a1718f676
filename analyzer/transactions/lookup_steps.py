"""From questions to steps: the A and the AAAA question of one candidate name belong together (docs/semantics.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from analyzer.messages import Array, Outcome
from analyzer.options import Limits

__all__ = ["AAAA", "FAILED", "PTR", "SAME_PORT_NS", "SLACK_NS", "A", "pair", "steps"]

A: Final = 1
AAAA: Final = 28
PTR: Final = 12
SAME_PORT_NS: Final = 1_000_000_000  # one socket is one lookup's own: a busy worker may take this long to go on
SLACK_NS: Final = 50_000  # an answer's last copy may be stamped this much after the client went on

FAILED: Final = np.zeros(16, np.bool_)
FAILED[[Outcome.NODATA, Outcome.NXDOMAIN, Outcome.SERVFAIL, Outcome.REFUSED, Outcome.ERROR, Outcome.SILENCE]] = True

Rows = Mapping[str, Array]


def _joinable(rows: Rows, before: Array, after: Array, limits: Limits, same_port_only: bool) -> Array:
    """For each pair of rows whether the later one can be the other type of the earlier one's step."""
    start, end, began = rows["time_ns"][after], rows["end_ns"][before], rows["time_ns"][before]
    answered = end >= 0
    fit = (
        (rows["seg"][after] == rows["seg"][before])
        & (rows["qname"][after] == rows["qname"][before])
        & (rows["qtype"][after] != rows["qtype"][before])
    )
    same_port = rows["client_port"][after] == rows["client_port"][before]
    wait = np.where(rows["pooled"][before] == 1, limits.pair_ns, SAME_PORT_NS)
    near = (start - began <= limits.pair_ns) | (answered & (start <= end + limits.pair_ns))
    by_port = np.where(answered, start <= end + wait, start <= rows["last_ns"][before] + limits.step_timeout_ns)
    if same_port_only:
        return np.asarray(fit & same_port & (near | by_port))
    return np.asarray(fit & (near | (same_port & by_port)))


def _couples(rows: Rows, order: Array, limits: Limits, same_port_only: bool) -> tuple[Array, Array]:
    """Neighbours in `order` that join, every second one of a run: (first rows, second rows)."""
    if len(order) < 2:
        return order[:0], order[:0]
    joined = np.zeros(len(order), np.bool_)
    joined[1:] = _joinable(rows, order[:-1], order[1:], limits, same_port_only)
    at = np.arange(len(order))
    odd = (at - np.maximum.accumulate(np.where(joined, 0, at))) % 2 == 1
    second = np.flatnonzero(joined & odd)
    return order[second - 1], order[second]


def pair(rows: Rows, limits: Limits) -> Array:
    """For every row the row of its step's other type, or -1; both point at each other.

    `rows` are in order of segment and time. One port joins before nearness in time does, so that two workers that ask
    the same name at once keep their own pairs.
    """
    mate = np.full(len(rows["seg"]), -1, np.int64)
    address = (rows["qtype"] == A) | (rows["qtype"] == AAAA)
    seg = rows["seg"]
    sizes = np.bincount(seg)[seg] if len(seg) else seg

    def join(first: Array, second: Array) -> None:
        mate[first], mate[second] = second, first

    join(*_couples(rows, np.flatnonzero(address & (sizes == 2)), limits, False))
    large = np.flatnonzero(address & (sizes > 2))
    order = large[np.lexsort((rows["client_port"][large], rows["qname"][large], seg[large]))]
    join(*_couples(rows, order, limits, True))
    for _ in range(4):  # each round uncovers the pair that enclosed the last: A1 A2 AAAA2 AAAA1
        left = large[mate[large] < 0]
        order = left[np.lexsort((rows["qname"][left], seg[left]))]
        first, second = _couples(rows, order, limits, False)
        if not len(first):
            break
        join(first, second)
    return mate


def steps(rows: Rows, mate: Array) -> dict[str, Array]:
    """One row per step, in order of segment and time: columns of StepTable and what linking needs besides."""
    index = np.arange(len(mate))
    first = index[(mate < 0) | (mate > index)]
    other = mate[first]
    two = other >= 0
    second = np.where(two, other, first)
    out = {
        name: rows[name][first]
        for name in ("seg qname qtype server client_port transport file frame time_ns client question label").split()
    }

    def outcome(wanted: Array) -> Array:
        of_first, of_second = wanted[rows["qtype"][first]], wanted[rows["qtype"][second]] & two
        return np.where(of_first, rows["outcome"][first], np.where(of_second, rows["outcome"][second], 0)).astype("u1")

    kinds = np.zeros((3, 65536), np.bool_)
    kinds[0, A], kinds[1, AAAA], kinds[2] = True, True, True
    kinds[2, [A, AAAA]] = False
    out["outcome_a"], out["outcome_aaaa"], out["outcome_other"] = (outcome(kind) for kind in kinds)
    bits = np.full(65536, 4, np.uint8)
    bits[A], bits[AAAA] = 1, 2
    out["qtypes"] = bits[rows["qtype"][first]] | bits[rows["qtype"][second]]
    ends = np.maximum(rows["end_ns"][first], rows["end_ns"][second])
    out["end_ns"] = ends
    out["answered"] = (rows["end_ns"][first] >= 0) & (rows["end_ns"][second] >= 0)
    last = np.maximum(rows["last_ns"][first], rows["last_ns"][second])
    out["done_ns"] = np.where(out["answered"], ends, np.maximum(last, ends))
    out["kinds"] = np.where(out["qtypes"] == 4, out["qtype"].astype(np.int64) * 8 + 4, out["qtypes"])
    sends = rows["sends"].astype(np.int64)
    out["queries"] = np.minimum(sends[first] + np.where(two, sends[second], 0), 255).astype("u1")
    out["questions"] = (1 + two).astype("u1")
    early = (rows["end_ns"][first] >= 0) & ((rows["end_ns"][second] < 0) | (rows["end_ns"][first] <= ends))
    early &= ~((rows["end_ns"][second] >= 0) & (rows["end_ns"][second] < rows["end_ns"][first]))
    out["rcode"] = np.where(early, rows["rcode"][first], rows["rcode"][second]).astype("u2")
    out["serial"] = (two & (rows["end_ns"][first] >= 0) & (rows["time_ns"][second] >= rows["end_ns"][first])).astype(
        "u1"
    )
    for name in ("answer_addr", "answer_cname"):
        out[name] = np.where(rows[name][first] > 0, rows[name][first], rows[name][second])
    out["pooled"] = rows["pooled"][first] | rows["pooled"][second]
    out["one_port"] = rows["client_port"][first] == rows["client_port"][second]
    got = [out["outcome_a"], out["outcome_aaaa"], out["outcome_other"]]
    out["data"] = np.any([o == Outcome.DATA for o in got], axis=0)
    out["pending"] = np.any([o == Outcome.PENDING for o in got], axis=0)
    walks = (rows["walks"][first] | rows["walks"][second]) == 1
    out["failed"] = ~out["data"] & ~out["pending"] & ~walks & np.any([FAILED[o] for o in got], axis=0)
    out["ends"] = out["data"] | out["pending"]
    return out
