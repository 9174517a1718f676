"""Bounds of the count behind the tables: what finds no room is counted, and totals stay exact."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.measures.cellstore import NO_NAME
from analyzer.measures.rows import Side
from analyzer.messages import Present
from analyzer.options import AnalyzeOptions, Limits
from tests.measures.naive import Naive
from tests.measures.naive_tables import compare
from tests.measures.traffic import batches, results, scene
from tests.scenes import Scene


def capped(pairs: int) -> AnalyzeOptions:
    return AnalyzeOptions(limits=replace(Limits(), max_pairs=pairs))


@pytest.mark.parametrize("cuts", [(), (50, 100, 150, 200)])
def test_past_the_cap_totals_stay_exact_and_the_rest_is_others(cuts: tuple[int, ...]) -> None:
    whole = results(*batches(scene(5)))
    small = results(*batches(scene(5, options=capped(12)), cuts))
    assert small["summary"].sides == whole["summary"].sides
    for ident in ("clients", "servers", "qtypes"):
        assert [row.queries for row in small[ident].all()] == [row.queries for row in whole[ident].all()]
    shown = sum(row.queries for row in small["names"].tables[Side.CLIENT])
    assert shown + small["names"].others[Side.CLIENT] == small["summary"].sides[Side.CLIENT]
    assert small["summary"].overflow["names"] > 0
    assert len(small["names"].rows) < len(whole["names"].rows)
    assert small["cells"].error > 0
    assert whole["cells"].error == 0


def test_a_heavy_name_survives_many_light_ones() -> None:
    made = Scene(options=capped(20))
    for n in range(200):
        made.ask(n / 10, "10.0.0.1", "10.0.0.53", f"light{n}.example.org")
        if n % 2:
            made.ask(n / 10 + 0.05, "10.0.0.1", "10.0.0.53", "heavy.example.org")
    found = results(*batches(made, tuple(range(40, 600, 40))))
    top = found["names"].rows[0]
    assert top.qname == "heavy.example.org"
    assert top.queries <= 100 <= top.queries + found["cells"].error


def test_with_responses_alone_responses_are_counted() -> None:
    made = Scene()
    for n in range(4):
        made.ask(n, "10.0.0.1", "10.0.0.53", f"n{n % 2}.example.org")
    made.rows = [row for row in made.rows if row["flags"] & 0x8000]
    found = results(*batches(made))
    assert found["summary"].derived
    assert found["summary"].one_way == ("10.0.0.53",)
    assert [
        (row.qname, row.queries, row.questions, row.nxdomain_share, row.peak_60s) for row in found["names"].rows
    ] == [
        ("n0.example.org", 2, 2, 1.0, 2),
        ("n1.example.org", 2, 2, 1.0, 2),
    ]


def test_a_response_without_a_question_counts_for_its_server_but_has_no_name() -> None:
    made = Scene()
    query = made.query(0, "10.0.0.1", "10.0.0.53", "a.example.org")
    made.response(1, {**query, "msg_id": 4242}, "FORMERR", present=0, qdcount=0)
    found = results(*batches(made))
    assert NO_NAME in found["cells"].qname
    assert [row.qname for row in found["names"].all()] == ["a.example.org"]
    assert [(row.responses, row.orphans, row.names) for row in found["servers"].all()] == [(1, 1, 1)]


def test_where_legs_and_types_alone_are_too_many_types_are_given_up() -> None:
    made = Scene(options=capped(3))
    for n in range(40):
        made.ask(n, "10.0.0.1", "10.0.0.53", f"n{n}.example.org", f"TYPE{1000 + n}")
    context, given = batches(made)
    found = results(context, given)
    assert len(found["cells"]) <= 4
    assert [row.queries for row in found["clients"].rows] == [40]


def test_an_unreadable_question_has_neither_name_nor_type() -> None:
    """As in captures whose queries are cut or whose names point out of the message: counted for client and server only."""
    made = Scene()
    made.ask(0, "10.0.0.1", "10.0.0.53", "a.example.org")
    cut = made.query(1, "10.0.0.1", "10.0.0.53", "b.example.org")
    made.response(1.1, cut)
    for row in made.rows[-2:]:
        row["present"], row["qname"], row["qtype"] = row["present"] & ~int(Present.QUESTION), 0, 0
    made.until = 30
    context, found = batches(made)
    tables = results(context, found)
    assert [row.qname for row in tables["names"].rows] == ["a.example.org"]
    (client,) = tables["clients"].rows
    assert (client.queries, client.questions, client.names, client.types) == (2, 2, 1, {"A": 1})
    assert tables["tree"].root().nxdomain_share == 1.0
    compare(Naive(context, found), tables)
