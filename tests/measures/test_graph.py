"""The forwarding graph: instances, crowds of clients, cycles, first frames."""

from __future__ import annotations

from analyzer.measures.graph import Graph
from tests.scenes import Scene, stack

POD, LOCAL, GATEWAY = "10.233.64.11", "169.254.25.10", "192.168.1.1"


def graph(scene: Scene) -> Graph:
    results, _ = scene.results()
    found = results["graph"]
    assert isinstance(found, Graph)
    return found


def test_a_forwarder_stands_between_clients_and_servers() -> None:
    scene = Scene()
    for n in range(6):
        query = scene.query(n, POD, LOCAL, f"n{n}.example.org")
        upstream = scene.query(n + 0.001, LOCAL, GATEWAY, f"n{n}.example.org")
        scene.response(n + 0.002, upstream, "NXDOMAIN")
        scene.response(n + 0.003, query, "NXDOMAIN")
    found = graph(scene)
    assert {node.id: node.role for node in found.nodes} == {POD: "client", LOCAL: "forwarder", GATEWAY: "server"}
    assert {(e.source, e.target): (e.queries, e.first.frame) for e in found.edges} == {
        (POD, LOCAL): (6, 1),
        (LOCAL, GATEWAY): (6, 2),
    }
    assert found.cycles == ()


def test_a_loop_is_a_marked_cycle() -> None:
    scene = Scene()
    stack(scene, [(POD, LOCAL), *[(LOCAL, LOCAL)] * 4], 0, "a.example.org")
    found = graph(scene)
    assert found.cycles == ((LOCAL,),)
    assert {(e.source, e.target): e.looping for e in found.edges} == {(POD, LOCAL): False, (LOCAL, LOCAL): True}


def test_many_clients_of_one_server_are_drawn_as_one() -> None:
    for clients, nodes in ((6, 7), (7, 2)):
        scene = Scene()
        for n in range(clients):
            scene.ask(n, f"10.0.0.{n + 1}", LOCAL, "a.example.org")
        found = graph(scene)
        assert len(found.nodes) == nodes
        assert sum(node.count for node in found.nodes) == clients + 1
        assert sum(edge.queries for edge in found.edges) == clients
