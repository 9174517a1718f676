"""What was asked on every leg."""

from __future__ import annotations

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked, Measure
from tests.measures.traffic import batches
from tests.measures.traffic import scene as made
from tests.scenes import Scene


def table(scene: Scene) -> tuple[Asked, Context]:
    results, context = scene.results()
    found = results["asked"]
    assert isinstance(found, Asked)
    return found, context


def test_outcomes_are_told_apart_and_add_up() -> None:
    scene = Scene()
    for n in range(8):
        query = scene.query(n, "10.0.0.1", "10.0.0.53", "a.test", src_port=20_000 + n)
        if n < 2:
            scene.response(n + 0.001, query, ancount=1, answer_matches=1)
        elif n < 4:
            scene.response(n + 0.001, query, "NXDOMAIN", **({"soa_minimum": 5} if n == 2 else {}))
        elif n == 4:
            scene.response(n + 0.001, query, "SERVFAIL")
        elif n == 5:  # a referral: it says nothing about the name
            scene.response(n + 0.001, query, nscount=1)["present"] |= 1 << 12
    scene.ask(60, "10.0.0.2", "10.0.0.53", "later.test")
    found, context = table(scene)
    (row,) = [at for at in range(len(found.rows)) if context.names.text(int(found.rows.qname[at])) == "a.test"]
    counts = {
        name: int(found.rows.columns()[name][row])
        for name in "queries data nodata nxdomain silence other no_soa".split()
    }
    assert counts == {"queries": 8, "data": 2, "nodata": 0, "nxdomain": 2, "silence": 2, "other": 2, "no_soa": 1}


def test_times_of_chosen_rows_are_theirs() -> None:
    scene = Scene()
    for n in range(6):
        scene.ask(n, "10.0.0.1", "10.0.0.53", ("a.test", "b.test")[n % 2], src_port=20_000 + n)
    found, _ = table(scene)
    times, counts = found.times(np.array([1]))
    assert (np.diff(times) == 2_000_000_000).all()
    assert counts.tolist() == [1, 1, 1]


def test_what_finds_no_room_is_counted() -> None:
    context, found = batches(made(3))
    full, small = Measure(context), Measure(context)
    small._cap = 5
    for batch in found:
        full.update(batch)
        small.update(batch)
    kept, whole = small.result({}), full.result({})
    assert len(kept.rows) == 5
    assert kept.over + int(kept.rows.queries.sum()) == int(whole.rows.queries.sum())
    assert whole.over == 0
