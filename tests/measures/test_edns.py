"""Payload sizes by message; what carries no OPT record has no size."""

from __future__ import annotations

from analyzer.messages import Present
from tests.measures.traffic import batches, results
from tests.scenes import Scene


def test_sizes_of_queries_and_responses() -> None:
    made = Scene()
    for n, client in enumerate(("10.0.0.1", "10.0.0.1", "10.0.0.2")):
        made.query(n, client, "10.0.0.53", "a.example.org", edns_size=1232, edns_flags=0x8000 if n else 0)
    bare = made.query(4, "10.0.0.3", "10.0.0.53", "a.example.org")
    made.response(4.1, bare, edns_size=512, present=int(Present.QUESTION | Present.IP_ID | Present.EDNS))
    made.query(5, "10.0.0.3", "10.0.0.53", "b.example.org", edns_size=65535)
    rows = results(*batches(made))["edns"].rows
    assert [(r.size, r.queries, r.responses, r.dnssec_ok, r.clients) for r in rows] == [
        (1232, 3, 0, 2, 2),
        (512, 0, 1, 0, 0),
        (65535, 1, 0, 0, 1),
        (None, 1, 0, 0, 1),
    ]
