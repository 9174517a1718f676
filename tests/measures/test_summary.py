"""The summary counts unique messages of every kind, copies apart."""

from __future__ import annotations

from analyzer.dns.anomalies import Anomaly
from analyzer.measures.rows import ViewPair
from tests.measures.traffic import batches, results
from tests.scenes import Scene


def test_what_stands_in_messages() -> None:
    made = Scene()
    made.ask(0, "10.0.0.1", "10.0.0.53", "a.example.org")
    made.query(1, "10.0.0.1", "10.0.0.53", "b.example.org", qclass=3, anomalies=int(Anomaly.TRAILING_BYTES))
    made.query(2, "10.0.0.1", "10.0.0.53", "example.org", "SOA", flags=0x2000)  # NOTIFY
    made.query(3, "10.0.0.1", "10.0.0.53", "c.example.org", qdcount=2, anomalies=int(Anomaly.MULTI_QUESTION))
    found = results(*batches(made))["summary"]
    assert (found.messages, found.queries, found.responses, found.frames) == (5, 4, 1, 5)
    assert found.opcodes == {"QUERY": 4, "NOTIFY": 1}
    assert found.classes == {"IN": 4, "CH": 1}
    assert found.transports == {"udp": 5}
    assert found.multi_question == 1
    assert found.anomalies == {"multi-question": 1, "trailing-bytes": 1}
    assert found.duration_s == 3.0
    assert not found.derived


def test_copies_are_counted_by_pair_of_interfaces() -> None:
    made = Scene()
    for n in range(3):
        first = made.query(n, "10.0.0.1", "10.0.0.53", f"n{n}.example.org", interface=1)
        made._add({**first, "time_ns": first["time_ns"] + 40_000, "interface": 2, "frame": 0})
    found = results(*batches(made))["summary"]
    assert (found.messages, found.frames, found.copies_per_packet) == (3, 6, 2.0)
    assert found.views == (ViewPair("1", "2", 3, 0, 40_000),)
