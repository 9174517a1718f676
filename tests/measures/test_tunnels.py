"""What is measured of names that may carry data."""

from __future__ import annotations

import pytest

from tests.measures.traffic import batches, results
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


def made(count: int = 120) -> Scene:
    scene = Scene()
    for n in range(count):
        query = scene.query(n, POD, DNS, f"{n:04d}abcd.efgh.t.example.com", "TXT")
        scene.response(n + 0.01, query, ancount=1, answer_matches=1, size=200)
    return scene


def test_lengths_octets_and_entropy_by_hand() -> None:
    (row,) = results(*batches(made()))["tunnels"]
    assert (row.client, row.zone, row.queries, row.names, row.roomy) == (POD, "example.com", 120, 120, 120)
    assert (row.length, row.longest_label) == (27.0, 8)
    assert (row.up, row.down) == (120 * 27, 120 * 200)
    assert row.bits == pytest.approx(3.7, abs=0.2)  # eight letters, once each; four digits; t
    assert (row.seen.first_frame.frame, row.seen.last_frame.frame, row.seen.peak_60s) == (1, 239, 60)


def test_only_the_window_with_most_names_counts() -> None:
    (row,) = results(*batches(made(400)))["tunnels"]
    assert (row.queries, row.names, row.down) == (300, 300, 300 * 200)


def test_names_under_no_domain_are_one_zone() -> None:
    """dnscat without a domain asks for names that are data to their end."""
    scene = Scene()
    for n in range(120):
        scene.ask(n, POD, DNS, f"dnscat.{n:08x}.{n * 7919:08x}", "TXT")
    (row,) = results(*batches(scene))["tunnels"]
    assert (row.zone, row.names) == (".", 120)


def test_parts_add_up() -> None:
    whole = results(*batches(made(200)))["tunnels"]
    assert results(*batches(made(200), (50, 130, 300)), (1, 2))["tunnels"] == whole
