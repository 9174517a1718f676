"""The table of questions, from final transactions: one row per question once none of its sends can follow any more.

A question ends with its first conclusive answer (anything but SERVFAIL and REFUSED, after which a resolver tries on),
else with its last answer. Questions that differ between the two ways of joining sends get rows of both kinds (`strict`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.messages import NO_ROW, Array, Outcome, QuestionTable, State
from analyzer.options import Limits
from analyzer.transactions.keys import pack, segments

__all__ = ["END", "LOOSE", "SAME", "STRICT", "Instances"]

END: Final = 2**62
"""A time after all others."""

LOOSE: Final = 0
SAME: Final = 1
STRICT: Final = 2
"""Values of `strict`: sends joined across IDs, both ways alike, joined by equal IDs only."""

_FIRST: Final = "file frame time_ns client server client_port transport qname qname_hash qtype present".split()
_READ: Final = [
    *_FIRST,
    *"row msg_id state outcome rcode r_time_ns r_row rtt_ns question strict_question first_ns strict_first_ns".split(),
]

I64 = NDArray[np.int64]
Columns = dict[str, Array]
Table = tuple[QuestionTable, NDArray[np.bool_]]


class Instances:
    """Collects final transactions into questions."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held: Columns = {}
        self._done = np.iinfo(np.int64).min  # questions that began before this were handed on

    def ends(self, rows: int) -> list[int]:
        """Times that complete about `rows` more of the questions that began before each, the last of them all."""
        times = self._held["time_ns"][::rows] if self._held else np.zeros(0, np.int64)
        return [*times[1:].tolist(), END]

    def feed(self, transactions: Mapping[str, Array], until_ns: int) -> QuestionTable:
        """Questions that are complete, given all transactions before `until_ns`."""
        asked = transactions["state"] != State.ORPHAN
        new = {name: transactions[name] if asked.all() else transactions[name][asked] for name in _READ}
        held = {name: np.concatenate([self._held[name], new[name]]) if self._held else new[name] for name in _READ}
        end = until_ns - self._limits.question_ns
        alone = _sent_once(held)
        cut = int(np.searchsorted(held["time_ns"], end))
        plain, rest = _plain(held, alone, cut), _part(held, ~alone)
        tables = [
            _aggregate(_part(rest, (rest[first] >= self._done) & (rest[first] < end)), name)
            for name, first in (("question", "first_ns"), ("strict_question", "strict_first_ns"))
        ]
        self._done = max(self._done, end)
        keep = (held["first_ns"] >= end) | (held["strict_first_ns"] >= end)
        self._held = (
            {k: v[cut:] for k, v in held.items()} if keep[cut:].all() and not keep[:cut].any() else _part(held, keep)
        )
        several = _together(*tables)
        if not len(several):
            return plain
        both = QuestionTable.concat([plain, several])
        return both.take(np.lexsort((both.strict, both.question)))


def _sent_once(rows: Columns) -> NDArray[np.bool_]:
    """Which sends are a question by themselves, whichever way sends are joined."""
    own = (rows["question"] == rows["row"]) & (rows["strict_question"] == rows["row"])
    resent = np.unique(np.concatenate([rows["question"][~own], rows["strict_question"][~own]]))
    if len(resent):
        own &= ~np.isin(rows["row"], resent)
    found: NDArray[np.bool_] = own
    return found


def _plain(rows: Columns, alone: NDArray[np.bool_], cut: int) -> QuestionTable:
    """Questions sent once, from the rows before `cut`: the columns as they are."""
    which = slice(0, cut) if alone[:cut].all() else np.flatnonzero(alone[:cut])
    rows = {name: values[which] for name, values in rows.items()}
    one = np.ones(len(rows["row"]), np.uint8)
    return QuestionTable(
        {
            **{name: rows[name] for name in (*_FIRST, "question", "state", "outcome", "rcode", "rtt_ns")},
            "end_ns": np.where(rows["r_row"] != NO_ROW, rows["r_time_ns"], -1),
            "first_outcome": rows["outcome"],
            "gap_ns": np.full(len(one), -1, np.int64),
            **dict.fromkeys(("sends", "servers", "same_id", "same_port"), one),
            "strict": np.full(len(one), SAME, np.uint8),
        }
    )


def _part(columns: Columns, which: NDArray[np.bool_]) -> Columns:
    return {name: values[which] for name, values in columns.items()}


def _together(loose: Table, strict: Table) -> QuestionTable:
    """Both ways of joining in one table; where they agree one row stands for both."""
    (one, whole), (other, _) = loose, strict
    same = whole & np.isin(one.question, other.question)
    same[same] = other.sends[np.searchsorted(other.question, one.question[same])] == one.sends[same]
    one = one.replace(strict=np.where(same, SAME, LOOSE))
    alone = ~np.isin(other.question, one.question[same])
    if not alone.any():
        return one
    other = other.take(alone)
    both = QuestionTable.concat([one, other.replace(strict=np.full(len(other), STRICT))])
    return both.take(np.lexsort((both.strict, both.question)))


def _aggregate(rows: Columns, by: str) -> Table:
    """One row per question, in order of its first send; and whether its sends are all of one strict question."""
    order = np.lexsort((rows["row"], rows[by]))
    rows = {name: values[order] for name, values in rows.items()}
    if not len(order):
        return QuestionTable(), np.zeros(0, np.bool_)
    starts = segments(rows[by])
    sends = np.diff(np.append(starts, len(order)))
    part = np.repeat(np.arange(len(starts)), sends)
    last = _last_word(rows, starts, part)
    ended = rows["r_row"][last] != NO_ROW
    pending = np.logical_or.reduceat(rows["state"] == State.PENDING, starts)
    columns = {name: rows[name][starts] for name in _FIRST}
    columns |= {
        "question": rows[by][starts],
        "end_ns": np.where(ended, rows["r_time_ns"][last], -1),
        "sends": np.minimum(sends, 255),
        "servers": _distinct(rows["server"], part, starts),
        "same_id": _all_like_first(rows["msg_id"], starts, part),
        "same_port": _all_like_first(rows["client_port"], starts, part),
        "gap_ns": np.where(
            sends > 1, rows["time_ns"][np.minimum(starts + 1, len(order) - 1)] - rows["time_ns"][starts], -1
        ),
        "state": np.where(ended, rows["state"][last], np.where(pending, State.PENDING, State.UNANSWERED)),
        "outcome": np.where(ended, rows["outcome"][last], np.where(pending, Outcome.PENDING, Outcome.SILENCE)),
        "rcode": np.where(ended, rows["rcode"][last], 0),
        "first_outcome": rows["outcome"][starts],
        "rtt_ns": np.where(sends == 1, rows["rtt_ns"][starts], -1),
    }
    return QuestionTable(columns), _all_like_first(rows["strict_question"], starts, part)


def _last_word(rows: Columns, starts: I64, part: I64) -> I64:
    """For each question the send whose answer ended it: the earliest conclusive answer, else the latest answer."""
    answered = rows["r_row"] != NO_ROW
    conclusive = answered & (rows["outcome"] != Outcome.SERVFAIL) & (rows["outcome"] != Outcome.REFUSED)
    far = np.uint64(2**63)
    rank = np.where(conclusive, rows["r_row"], np.where(answered, far - rows["r_row"], NO_ROW))
    best = np.minimum.reduceat(rank, starts)
    hits = np.flatnonzero(rank == best[part])
    first: I64 = hits[segments(part[hits])]
    return first


def _all_like_first(values: Array, starts: I64, part: I64) -> NDArray[np.bool_]:
    alike: NDArray[np.bool_] = np.logical_and.reduceat(values == values[starts][part], starts)
    return alike


def _distinct(values: Array, part: I64, starts: I64) -> Array:
    """How many different values each question has (at most 255 are counted)."""
    if len(starts) == len(part):
        return np.ones(len(starts), np.uint8)
    pairs = np.unique(pack(part, values)) >> np.uint64(32)
    return np.minimum(np.bincount(pairs.astype(np.int64), minlength=len(starts)), 255)
