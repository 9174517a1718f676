"""What is kept of a source's sends."""

from __future__ import annotations

from analyzer.measures import entropy
from tests.measures.traffic import batches, results
from tests.scenes import Scene


def made(count: int, server: str = "9.9.9.9") -> Scene:
    scene = Scene()
    for n in range(count):
        scene.ask(
            n / 100, f"10.0.0.{1 + n % 2}", server, f"n{n % 5}.example.org", msg_id=n % 7 * 1000, src_port=2000 + n // 2
        )
    return scene


def test_ports_and_ids_of_each_source() -> None:
    rows = results(*batches(made(400)))["entropy"]
    assert [(row.source, row.sends, row.public, row.servers) for row in rows] == [
        ("10.0.0.1", 200, 200, ("9.9.9.9",)),
        ("10.0.0.2", 200, 200, ("9.9.9.9",)),
    ]
    (first, _) = rows
    assert (first.ports, first.ids, first.near_ports, first.near_ids) == (200, 7, 199, 0)
    assert (first.seen.first_frame.frame, first.seen.count) == (1, 200)
    assert first.seen.examples[0].text == "port 2000 ID 0x0000 n0.example.org A"


def test_the_first_two_thousand_of_a_source_are_looked_at_wherever_the_input_is_cut() -> None:
    scene = made(5000)
    whole = results(*batches(scene))["entropy"]
    assert [row.sends for row in whole] == [entropy._A_SOURCE] * 2
    assert results(*batches(scene, (1000, 3000, 7000)), (1, 3))["entropy"] == whole


def test_private_servers_are_not_public() -> None:
    assert [row.public for row in results(*batches(made(400, "192.168.1.1")))["entropy"]] == [0, 0]
