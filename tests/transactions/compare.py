"""Tables of the room against those of the naive twin."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.messages import NO_ROW, Present, Table
from tests.transactions import naive
from tests.transactions.traffic import Tables

QUESTION = "question strict time_ns end_ns sends servers same_id same_port gap_ns state outcome rcode first_outcome rtt_ns".split()


def cells(table: Table, columns: Sequence[str]) -> list[tuple[int, ...]]:
    return list(zip(*(table.columns()[name].tolist() for name in columns), strict=True))


def number(value: int | None) -> int:
    return int(NO_ROW) if value is None else int(value)


def transaction(row: Mapping[str, Any]) -> tuple[int, ...]:
    answer = row["answer"]
    return (
        row["row"],
        row["frame"],
        row["time_ns"],
        row["state"],
        row["outcome"],
        row["rtt_ns"],
        row["server_rtt_ns"],
        number(answer and answer["row"]),
        answer["frame"] if answer else 0,
        row.get("rcode", 0),
        number(row["question"]),
        number(row["strict_question"]),
        row["send"],
        number(row["fed_by"]),
    )


TRANSACTION = "row frame time_ns state outcome rtt_ns server_rtt_ns r_row r_frame rcode question strict_question send fed_by".split()


def check(tables: Tables, expected: Mapping[str, Sequence[naive.Row]]) -> None:
    """Every number that both have is equal."""
    unique = [
        (r["row"], r["file"], r["frame"], r["time_ns"], len(r["views"]), r["anomalies"]) for r in expected["unique"]
    ]
    assert cells(tables.unique, ["row", "file", "frame", "time_ns", "views", "anomalies"]) == unique
    views = [(r["row"], v["file"], v["frame"]) for r in expected["unique"] if len(r["views"]) > 1 for v in r["views"]]
    assert cells(tables.views, ["row", "file", "frame"]) == views
    assert cells(tables.transactions, TRANSACTION) == [transaction(r) for r in expected["transactions"]]
    assert cells(tables.questions, QUESTION) == [
        tuple(int(q[name]) for name in QUESTION) for q in expected["questions"]
    ]


def account(tables: Tables) -> None:
    """Every question whose name could be read stands in one step of one lookup, and nothing else does."""
    want: Counter[tuple[str, int, int]] = Counter()
    for kind, sends, present, client, qname in cells(
        tables.questions, ["strict", "sends", "present", "client", "qname"]
    ):
        if kind != 2 and present & int(Present.QUESTION):
            want["questions", client, qname] += 1
            want["queries", client, qname] += sends
    lookups = {row[0]: row[1:] for row in cells(tables.lookups, LOOKUP)}
    got: Counter[tuple[str, int, int]] = Counter()
    steps: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for number, *step in cells(tables.steps, ["lookup", *STEP]):
        steps[number].append(tuple(step))
        got["questions", lookups[number][0], step[0]] += step[1]
        got["queries", lookups[number][0], step[0]] += step[2]
    assert got == want
    assert steps.keys() == lookups.keys()
    for number, (_, begin, end, *sums) in lookups.items():
        names, questions, queries, positions, begins, ends = zip(*steps[number], strict=True)
        assert (begin, end) == (min(begins), max(ends)), number
        assert sums == [len(set(names)), sum(queries), sum(questions)], number
        assert sorted(positions) == list(range(len(positions))), number


LOOKUP = "lookup client time_ns end_ns steps queries questions".split()
STEP = "qname questions queries position time_ns end_ns".split()
