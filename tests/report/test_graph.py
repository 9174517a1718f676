"""The picture of the forwarding graph: loops are marked, nothing overlaps, names are text."""

from __future__ import annotations

import re

from analyzer.measures.graph import Edge, Graph, Node
from analyzer.measures.rows import Frame
from analyzer.report.graph import dot, lines, svg

FRAME = Frame(0, 9)


def made(*edges: tuple[str, str], cycles: tuple[tuple[str, ...], ...] = ()) -> Graph:
    names = sorted({end for edge in edges for end in edge})
    nodes = tuple(Node(name, "server", (name,)) for name in names)
    looping = {(c[at], c[(at + 1) % len(c)]) for c in cycles for at in range(len(c))}
    return Graph(nodes, tuple(Edge(a, b, 5, FRAME, FRAME, (a, b) in looping) for a, b in edges), cycles, 0)


def boxes(picture: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r'<rect x="(-?\d+)" y="(-?\d+)"', picture)]


def test_a_circle_goes_out_and_back() -> None:
    picture = svg(made(("c", "a"), ("a", "b"), ("b", "a"), cycles=(("a", "b"),)))
    places = boxes(picture)
    assert len({x for x, _ in places}) == 3  # client, then each of the two in a column of its own
    assert picture.count('class="edge loop"') == 2
    assert picture.count("looped") == 2
    assert "3 nodes, 3 edges, 1 loops" in picture


def test_boxes_lie_inside_and_apart() -> None:
    picture = svg(made(("c", "f"), ("d", "f"), ("f", "u"), ("f", "v"), ("f", "f"), cycles=(("f",),)))
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)"', picture)[0])
    places = boxes(picture)
    assert len(set(places)) == 5
    assert all(0 <= x <= width - 200 and 0 <= y <= height - 46 for x, y in places)


def test_names_are_text() -> None:
    name = 'x"><script>\x1b'
    graph = made((name, "b"))
    assert "<script>" not in svg(graph)
    assert "\x1b" not in svg(graph) + dot(graph) + "".join(lines(graph))


def test_no_edges_no_picture() -> None:
    assert svg(Graph((), (), (), 0)) == ""
