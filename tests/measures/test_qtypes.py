"""Types and response codes, with their shares."""

from __future__ import annotations

from tests.measures.traffic import batches, results
from tests.scenes import Scene


def test_shares_of_types_and_codes() -> None:
    made = Scene()
    for n in range(3):
        made.ask(n, "10.0.0.1", "10.0.0.53", "a.example.org")
    made.response(5.1, made.query(5, "10.0.0.1", "10.0.0.53", "b.example.org", "TYPE65280"), "REFUSED")
    found = results(*batches(made))
    assert [(r.name, r.queries, r.share, r.outcomes) for r in found["qtypes"].rows] == [
        ("A", 3, 0.75, {"nxdomain": 3}),
        ("TYPE65280", 1, 0.25, {"refused": 1}),
    ]
    assert [(r.name, r.responses, r.share, r.peak_60s, r.per_min) for r in found["rcodes"].rows] == [
        ("NXDOMAIN", 3, 0.75, 3, None),
        ("REFUSED", 1, 0.25, 1, None),
    ]
