"""Lookups: what a resolver did for one name that a program asked for, rebuilt from its questions (docs/semantics.md).

All candidates of a lookup share their leftmost label, so each client's questions are cut into segments of one leftmost
label in which every question begins while an earlier one could still be followed. A segment is judged as a whole once
nothing can join it, so the result does not depend on how the input was cut. A segment that never rests is cut every
`lookup_ns` or `_SEGMENT` questions from its beginning.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.messages import (
    Array,
    Ending,
    LookupTable,
    NameTree,
    Outcome,
    Present,
    QuestionTable,
    State,
    StepTable,
    TransactionTable,
)
from analyzer.options import Limits
from analyzer.transactions.instances import END
from analyzer.transactions.lookup_links import LabelIds, link
from analyzer.transactions.lookup_ports import PooledPorts
from analyzer.transactions.lookup_steps import SAME_PORT_NS, pair, steps

__all__ = ["Lookups"]

_SEGMENT: Final = 4096
_COLUMNS: Final = (
    "question file frame time_ns end_ns client server client_port transport qname qtype sends outcome rcode".split()
)

_SAID: Final = ("last_ns", "answer_addr", "answer_cname", "walks", "referral")
_RD: Final = 0x0100

Rows = dict[str, Array]


def _take(rows: Rows, which: Array) -> Rows:
    return {name: values[which] for name, values in rows.items()}


def _concat(one: Rows, other: Rows) -> Rows:
    return {name: np.concatenate([values, other[name]]) for name, values in one.items()} if one else other


class Lookups:
    """Questions in, lookups and their steps out, each once and final.

    Lookups come in order of time; steps come with their lookup, in its order.
    """

    def __init__(self, names: NameTree, limits: Limits) -> None:
        self._limits = limits
        self._ids = LabelIds(names)
        self._ports = PooledPorts()
        self._held: Rows = {}
        self._said: Rows = {}  # per question what only its transactions say
        self._going: dict[int, tuple[int, int, int]] = {}  # group: segment's begin, questions cut off, their reach
        self._ready: list[tuple[LookupTable, StepTable]] = []
        self._names = names

    def feed(
        self, questions: QuestionTable, transactions: TransactionTable, watermark_ns: int
    ) -> tuple[LookupTable, StepTable]:
        """Take questions (final, in order of time; none that began before `watermark_ns` will follow) and the
        transactions that they consist of, which may come earlier but not later; return what became final."""
        questions = questions.take((questions.present & int(Present.QUESTION)) != 0)  # else the name was cut off
        self._hear(transactions)
        rows = self._rows(questions)
        rows = _concat(self._held, rows)
        self._forget(watermark_ns)
        if not len(rows["time_ns"]):
            return self._release(watermark_ns)
        held_from = self._judge(rows, watermark_ns)
        return self._release(min(watermark_ns, held_from))

    def ends(self, rows: int) -> list[int]:
        """Times up to which each about `rows` more of the questions can be followed, the last of them all."""
        reached = (
            np.sort(self._held["time_ns"] + self._reach(self._held))[::rows] if self._held else np.zeros(0, np.int64)
        )
        return [*reached[1:].tolist(), END]

    def finish(self) -> tuple[LookupTable, StepTable]:
        """The rest."""
        return self.feed(QuestionTable(), TransactionTable(), END)

    def _hear(self, table: TransactionTable) -> None:
        """Keep of each question what its transactions alone say: the last send, the first address or CNAME, and whether
        it was part of iteration (no RD, or answered by a referral), which no search goes on from."""
        told = (table.r_present & int(Present.ADDRESS | Present.CNAME)) != 0
        has_zone = table.r_present & int(Present.NS | Present.SOA)
        referral = (table.outcome == Outcome.NODATA) & (has_zone == int(Present.NS))
        walks = referral | ((table.flags & _RD) == 0)
        which = np.flatnonzero(
            (table.state != State.ORPHAN) & ((table.send > 0) | walks | (told & (table.outcome == Outcome.DATA)))
        )
        if not len(which):
            return
        has = table.r_present[which]
        new = {
            "question": table.question[which],
            "last_ns": table.time_ns[which],
            "answer_addr": np.where(has & int(Present.ADDRESS), table.answer_addr[which], 0).astype("u4"),
            "answer_cname": np.where(has & int(Present.CNAME), table.answer_cname[which], 0).astype("u4"),
            "walks": walks[which].astype("u1"),
            "referral": referral[which].astype("u1"),
        }
        rows = _concat(self._said, new)
        rows = _take(rows, np.argsort(rows["question"], kind="stable"))
        begin = np.flatnonzero(np.concatenate([[True], rows["question"][1:] != rows["question"][:-1]]))
        self._said = {
            "question": rows["question"][begin],
            **{name: np.maximum.reduceat(rows[name], begin) for name in _SAID},
        }

    def _forget(self, watermark_ns: int) -> None:
        if self._said:
            keep = self._said["last_ns"] > watermark_ns - 2 * self._limits.question_ns
            self._said = _take(self._said, keep)

    def _rows(self, questions: QuestionTable) -> Rows:
        rows: Rows = {name: getattr(questions, name) for name in _COLUMNS}
        count = len(questions)
        guess = questions.time_ns + (questions.sends.astype(np.int64) - 1) * np.maximum(questions.gap_ns, 0)
        rows["last_ns"] = np.maximum(guess, questions.time_ns)
        for name, kind in zip(_SAID[1:], ("u4", "u4", "u1", "u1"), strict=True):
            rows[name] = np.zeros(count, kind)
        if self._said and count and len(self._said["question"]):
            at = np.searchsorted(self._said["question"], rows["question"])
            at = np.minimum(at, len(self._said["question"]) - 1)
            hit = np.flatnonzero(self._said["question"][at] == rows["question"])
            for name in _SAID:
                rows[name][hit] = self._said[name][at[hit]]
            rows["last_ns"] = np.maximum(rows["last_ns"], rows["time_ns"])
            # A referral says nothing about the name: it is neither data nor their absence.
            rows["outcome"] = np.where(rows["referral"] == 1, Outcome.ERROR, rows["outcome"]).astype("u1")
        rows["label"] = self._ids.first(rows["qname"])
        rows["walks"] |= self._ids.is_service(rows["label"])
        rows["pooled"] = self._ports.flag(
            rows["client"], rows["client_port"], rows["label"], rows["time_ns"], rows["transport"]
        )
        return rows

    def _reach(self, rows: Rows) -> Array:
        """How long after its beginning a question can still be followed, ns."""
        answered = rows["end_ns"] >= 0
        until = np.where(answered, rows["end_ns"] + SAME_PORT_NS, rows["last_ns"] + self._limits.step_timeout_ns)
        return np.asarray(np.clip(until - rows["time_ns"], 0, 2 * self._limits.question_ns))

    def _judge(self, rows: Rows, watermark_ns: int) -> int:
        """Judge the segments that nothing can join any more, hold the others; the time from which rows are held."""
        key = rows["client"].astype(np.uint64) << np.uint64(32) | rows["label"].astype(np.uint64)
        order = np.argsort(key, kind="stable")
        rows, key = _take(rows, order), key[order]
        begin, cut, start, reach = self._natural(rows, key)
        # A natural segment is cut by time and count from its beginning.
        at = np.arange(len(key))
        first = np.maximum.accumulate(np.where(begin, at, 0))
        number = at - first + cut[first]
        since = (rows["time_ns"] - start[first]) // self._limits.lookup_ns
        starts = begin.copy()
        starts[1:] |= (since[1:] != since[:-1]) | (number[1:] // _SEGMENT != number[:-1] // _SEGMENT)
        seg = np.cumsum(starts) - 1
        ends = np.append(np.flatnonzero(begin)[1:], len(key)) - 1  # last row of each natural segment
        open_now = reach[ends] >= watermark_ns
        last_seg = seg[ends]
        is_open = np.zeros(int(seg[-1]) + 1, np.bool_)
        is_open[last_seg[open_now]] = True
        held = is_open[seg]
        for end in ends[~open_now].tolist() if self._going else []:
            self._going.pop(int(key[end]), None)
        cut_off = np.flatnonzero(starts)[last_seg] - first[ends]  # questions of the segment that are judged already
        for end, done in zip(ends[open_now].tolist(), cut_off[open_now].tolist(), strict=True):
            if done:
                head = int(first[end])
                so_far = (int(start[head]), int(cut[head]) + done, int(reach[head + done - 1]))
                self._going[int(key[end])] = so_far
        if self._going:
            busy = set(key[ends[open_now]].tolist())
            self._going = {g: state for g, state in self._going.items() if g in busy or state[2] >= watermark_ns}
        self._close(_take({**rows, "seg": seg}, ~held))
        back = np.flatnonzero(held)
        back = back[np.argsort(rows["question"][back], kind="stable")]
        self._held = _take(rows, back)
        return int(self._held["time_ns"].min(initial=END))

    def _natural(self, rows: Rows, key: Array) -> tuple[Array, Array, Array, Array]:
        """Where segments begin; and per row, counting at those beginnings: questions cut off before, the segment's
        begin (ns), and how far all questions up to here reach (ns)."""
        time, width = rows["time_ns"], self._reach(rows)
        begin = np.ones(len(key), np.bool_)
        cut, start = np.zeros(len(key), np.int64), time.copy()
        far = 4 * self._limits.question_ns  # more than any reach: a gap this wide ends every segment
        gap = np.clip(np.diff(time, prepend=time[0]), 0, far)
        gap[1:][key[1:] != key[:-1]] = far
        clock = np.cumsum(gap)
        reach = clock + width
        heads = {}
        if self._going:
            group_begin = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
            at = dict(zip(key[group_begin].tolist(), group_begin.tolist(), strict=True))
            heads = {at[group]: state for group, state in self._going.items() if group in at}
            for head, (_, _, until) in heads.items():
                if time[head] <= until:
                    reach[head] = max(reach[head], clock[head] + min(until - int(time[head]), far - 1))
        furthest = np.maximum.accumulate(reach)
        begin[1:] = clock[1:] > furthest[:-1]
        for head, (began, count, until) in heads.items():
            if time[head] <= until:
                cut[head], start[head] = count, began
        return begin, cut, start, furthest - clock + time

    def _close(self, rows: Rows) -> None:
        if not len(rows["seg"]):
            return
        rows["seg"] = np.unique(rows["seg"], return_inverse=True)[1]
        made = steps(rows, pair(rows, self._limits))
        root, position, common = link(made, self._ids, self._limits)
        self._ready.append(_tables(made, root, position, common))

    def _release(self, before_ns: int) -> tuple[LookupTable, StepTable]:
        """Lookups that began before `before_ns`, in order."""
        lookups = LookupTable.concat([table for table, _ in self._ready])
        made = StepTable.concat([table for _, table in self._ready])
        order = np.lexsort((lookups.lookup, lookups.time_ns))
        out = order[lookups.time_ns[order] < before_ns]
        rank = np.full(len(lookups), -1, np.int64)
        rank[out] = np.arange(len(out))
        by_lookup = np.argsort(lookups.lookup)
        of_step = rank[by_lookup[np.searchsorted(lookups.lookup, made.lookup, sorter=by_lookup)]] if len(made) else rank
        leaving = np.flatnonzero(of_step >= 0)
        leaving = leaving[np.lexsort((made.position[leaving], of_step[leaving]))]
        stay = order[len(out) :]
        self._ready = [(lookups.take(stay), made.take(np.flatnonzero(of_step < 0)))] if len(stay) else []
        return lookups.take(out), made.take(leaving)


def _tables(made: Rows, root: Array, position: Array, common: Array) -> tuple[LookupTable, StepTable]:
    """Steps and their chains as tables."""
    order = np.lexsort((position, root))
    made, root, position, common = _take(made, order), root[order], position[order], common[order]
    begin = np.flatnonzero(position == 0)
    last = np.append(begin[1:], len(root)) - 1
    lookup = made["question"][begin]
    count = last - begin + 1
    table = StepTable(
        {
            "lookup": np.repeat(lookup, count),
            "position": position,
            **{c.name: made[c.name] for c in StepTable.COLUMNS if c.name in made},
        }
    )
    last_got = [made[name][last] for name in ("outcome_a", "outcome_aaaa", "outcome_other")]
    silent = ~np.any([(got != Outcome.NOT_ASKED) & (got != Outcome.SILENCE) for got in last_got], axis=0)
    ending = np.select(
        [
            made["data"][last],
            made["pending"][last],
            np.any([got == Outcome.NODATA for got in last_got], axis=0),
            silent,
        ],
        [int(Ending.ANSWERED), int(Ending.PENDING), int(Ending.NODATA), int(Ending.ABANDONED)],
        int(Ending.FAILED),
    )
    ports = made["client_port"].astype(np.int64)
    one = np.maximum.reduceat(ports, begin) == np.minimum.reduceat(ports, begin)
    lookups = LookupTable(
        {
            "lookup": lookup,
            **{name: made[name][begin] for name in ("client", "server", "time_ns")},
            "end_ns": np.maximum.reduceat(made["end_ns"], begin),
            "steps": count,
            "queries": np.add.reduceat(made["queries"].astype("u2"), begin),
            "questions": np.add.reduceat(made["questions"].astype("u2"), begin),
            "ending": ending,
            "common": np.minimum(common[begin], 255),
            "one_port": one & (count > 1) & np.logical_and.reduceat(made["one_port"], begin),
            "serial": 2 * np.add.reduceat(made["serial"].astype("u2"), begin)
            > np.add.reduceat((made["questions"] > 1).astype("u2"), begin),
            "pooled": np.maximum.reduceat(made["pooled"], begin),
        }
    )
    return lookups, table
