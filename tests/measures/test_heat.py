"""The busiest bases and clients of the client side."""

from __future__ import annotations

from analyzer.measures.heat import Heat
from tests.lookups import GATEWAY, LIST, LOCAL, NODE, POD, lookup
from tests.scenes import Scene


def test_candidates_count_for_their_base_and_forwarded_copies_not_at_all() -> None:
    scene = Scene()
    for n, base in enumerate(("www.one.com", "www.two.com", "www.one.com", "api")):
        lookup(scene, n, base)
    for n in range(8):
        inner = scene.query(20 + n, POD, LOCAL, "cold.test", src_port=20_000 + n)
        outer = scene.query(20.001 + n, NODE, GATEWAY, "cold.test", src_port=30_000)
        scene.response(20.002 + n, outer, "NXDOMAIN")
        scene.response(20.003 + n, inner, "NXDOMAIN")
    heat = scene.results()[0]["heat"]
    assert isinstance(heat, Heat)
    assert heat.queries == 4 * 2 * (len(LIST) + 1) + 8
    assert [(row.key, row.queries) for row in heat.bases[:3]] == [("www.one.com", 20), ("www.two.com", 10), ("api", 10)]
    assert [(row.key, row.queries) for row in heat.clients] == [(POD, heat.queries)]
    assert heat.clients[0].others["www.one.com"] == 20


def test_the_median_is_over_all_clients() -> None:
    scene = Scene()
    for client, count in enumerate((1, 3, 9)):
        for n in range(count):
            scene.ask(n + client * 0.1, f"10.0.0.{client + 1}", LOCAL, "a.test")
    heat = scene.results()[0]["heat"]
    assert (heat.client_count, heat.median) == (3, 3.0)
