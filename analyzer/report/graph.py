"""The forwarding graph as lines of text, as Graphviz' dot, and as an inline SVG picture (no program needed)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from analyzer.measures.graph import Edge, Graph, Node
from analyzer.report import escape

__all__ = ["dot", "lines", "svg"]

_MAX_DRAWN: Final = 60  # nodes in a picture; more are named under it
_WIDTH: Final = 200
_HEIGHT: Final = 46
_ACROSS: Final = 120  # between layers
_DOWN: Final = 34  # between nodes of a layer
_AROUND: Final = 62  # room above or below, for edges that go round


def lines(graph: Graph, limit: int = 30) -> list[str]:
    """One line for each edge, the busiest first, with the frame that shows it; the cycles after them."""
    out = []
    names = {node.id: _label(node) for node in graph.nodes}
    for edge in graph.edges[:limit]:
        mark = "  << loop" if edge.looping else ""
        frame = f"{edge.first.frame}" if edge.first.file == 0 else f"{edge.first.file}#:{edge.first.frame}"
        out.append(f"{names[edge.source]} > {names[edge.target]}  {edge.queries} queries, first frame {frame}{mark}")
    if len(graph.edges) > limit:
        out.append(f"… and {len(graph.edges) - limit} more edges")
    out += [f"cycle: {' > '.join([*cycle, cycle[0]])}" for cycle in graph.cycles]
    return [escape.terminal(line) for line in out]


def dot(graph: Graph) -> str:
    """The graph in Graphviz' language: `dnsloupe analyze FILE -o dot | dot -Tsvg`."""
    out = ["digraph forwarding {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for node in graph.nodes:
        label = "\\n".join(map(escape.dot, _text(node)))
        out.append(f'  "{escape.dot(node.id)}" [label="{label}"{_SHAPES.get(node.role, "")}];')
    for edge in graph.edges:
        colour = ", color=red, penwidth=2" if edge.looping else ""
        ends = f'"{escape.dot(edge.source)}" -> "{escape.dot(edge.target)}"'
        out.append(f'  {ends} [label="{edge.queries}"{colour}];')
    return "\n".join([*out, "}", ""])


_SHAPES: Final[Mapping[str, str]] = {
    "forwarder": ", style=bold",
    "client": ", style=rounded",
    "clients": ", style=rounded",
}


def _label(node: Node) -> str:
    others = [address for address in node.addresses if address != node.id]
    return f"{node.id} (= {', '.join(others)})" if others and node.role != "clients" else node.id


def _text(node: Node) -> list[str]:
    """What stands in a node's box: its name, its other addresses, its role."""
    others = [address for address in node.addresses if address != node.id]
    if node.role == "clients" or not others:
        return [node.id, "" if node.role == "clients" else node.role]
    more = f" +{len(others) - 1}" if len(others) > 1 else ""
    return [node.id, f"= {others[0]}{more} · {node.role}"]


def svg(graph: Graph) -> str:
    """A picture in layers, clients on the left; edges of a loop are red, thicker and marked. Empty without edges."""
    drawn = {end for edge in graph.edges for end in (edge.source, edge.target)}
    nodes = [node for node in graph.nodes if node.id in drawn]
    if not nodes:
        return ""
    busy: dict[str, int] = defaultdict(int)
    for edge in graph.edges:
        busy[edge.source] += edge.queries
        busy[edge.target] += edge.queries
    nodes = sorted(nodes, key=lambda n: (-busy[n.id], n.id))[:_MAX_DRAWN]
    kept = {node.id for node in nodes}
    edges = [edge for edge in graph.edges if edge.source in kept and edge.target in kept]
    layer = _layers([node.id for node in nodes], edges)
    places, width, height = _places(nodes, layer, edges)
    looped = {end for edge in edges if edge.looping for end in (edge.source, edge.target)}
    heaviest = max((edge.queries for edge in edges), default=1)
    parts = [
        (
            f'<svg class="graph" viewBox="0 0 {width} {height}" width="{width}" role="img" '
            f'aria-label="Forwarding graph: {len(nodes)} nodes, {len(edges)} edges, {len(graph.cycles)} loops" '
            'xmlns="http://www.w3.org/2000/svg">'
        ),
        "<defs>" + "".join(_arrow(kind) for kind in ("plain", "loop")) + "</defs>",
        *(_edge(edge, places, heaviest) for edge in edges),
        *(_node(node, places[node.id], node.id in looped) for node in nodes),
        "</svg>",
    ]
    return "".join(parts)


def _layers(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Longest distance from the left. An edge that closes a circle goes back to the left and is left out."""
    onward: dict[str, list[str]] = defaultdict(list)
    asked = set()
    for edge in edges:
        if edge.source != edge.target:
            onward[edge.source].append(edge.target)
            asked.add(edge.target)
    order = _finished([*(n for n in names if n not in asked), *(n for n in names if n in asked)], onward)
    place = {name: at for at, name in enumerate(order)}
    layer = dict.fromkeys(names, 0)
    for name in order:
        for target in onward[name]:
            if place[target] > place[name]:
                layer[target] = max(layer[target], layer[name] + 1)
    return layer


def _finished(names: Sequence[str], onward: Mapping[str, Sequence[str]]) -> list[str]:
    """Every name before those that it leads to, apart from edges back (depth first, without recursion)."""
    seen: set[str] = set()
    done: list[str] = []
    for name in names:
        work = [] if name in seen else [(name, iter(onward.get(name, ())))]
        seen.add(name)
        while work:
            here, rest = work[-1]
            target = next(rest, None)
            if target is None:
                done.append(here)
                work.pop()
            elif target not in seen:
                seen.add(target)
                work.append((target, iter(onward.get(target, ()))))
    return done[::-1]


def _places(
    nodes: Sequence[Node], layer: Mapping[str, int], edges: Sequence[Edge]
) -> tuple[dict[str, tuple[int, int]], int, int]:
    """Upper left corners, and the size of the picture: with room above for edges to oneself, below for edges back."""
    columns: dict[int, list[str]] = defaultdict(list)
    for node in nodes:
        columns[layer[node.id]].append(node.id)
    tallest = max(map(len, columns.values()))
    above = _AROUND if any(edge.source == edge.target for edge in edges) else 10
    below = _AROUND if any(layer[e.source] >= layer[e.target] and e.source != e.target for e in edges) else 10
    tall = tallest * (_HEIGHT + _DOWN) - _DOWN
    places = {}
    for at, number in enumerate(sorted(columns)):
        names = columns[number]
        top = above + (tall - len(names) * (_HEIGHT + _DOWN) + _DOWN) // 2
        for row, name in enumerate(names):
            places[name] = (10 + at * (_WIDTH + _ACROSS), top + row * (_HEIGHT + _DOWN))
    return places, 20 + len(columns) * (_WIDTH + _ACROSS) - _ACROSS, above + tall + below


def _arrow(kind: str) -> str:
    return (
        f'<marker id="arrow-{kind}" class="{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" '
        'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker>'
    )


def _edge(edge: Edge, places: Mapping[str, tuple[int, int]], heaviest: int) -> str:
    (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
    kind = "loop" if edge.looping else "plain"
    if edge.source == edge.target:
        x, y = x1 + _WIDTH // 2, y1
        path, label = f"M{x - 34} {y}C{x - 52} {y - 54},{x + 52} {y - 54},{x + 34} {y}", (x, y - 46)
    elif x2 > x1:
        a, b = (x1 + _WIDTH, y1 + _HEIGHT // 2), (x2, y2 + _HEIGHT // 2)
        bend = (b[0] - a[0]) // 2
        path = f"M{a[0]} {a[1]}C{a[0] + bend} {a[1]},{b[0] - bend} {b[1]},{b[0]} {b[1]}"
        label = ((a[0] + b[0]) // 2, (a[1] + b[1]) // 2 - 4)
    else:  # back, or within a layer: around the lower edges
        a, b = (x1 + _WIDTH // 2, y1 + _HEIGHT), (x2 + _WIDTH // 2, y2 + _HEIGHT)
        low = max(a[1], b[1]) + 58
        path = f"M{a[0]} {a[1]}C{a[0]} {low},{b[0]} {low},{b[0]} {b[1]}"
        label = ((a[0] + b[0]) // 2, low - 10)
    thick = 1 + round(3 * edge.queries / heaviest, 1)
    title = f"{edge.source} asks {edge.target}: {edge.queries} queries, first frame {edge.first.frame}"
    return (
        f'<g class="edge {kind}"><title>{escape.html(title)}</title>'
        f'<path d="{path}" stroke-width="{thick}" marker-end="url(#arrow-{kind})"/>'
        f'<text x="{label[0]}" y="{label[1]}" text-anchor="middle">{edge.queries}{" loop" if edge.looping else ""}</text></g>'
    )


def _node(node: Node, place: tuple[int, int], looped: bool) -> str:
    x, y = place
    head, note = _text(node)
    return (
        f'<g class="node {node.role}{" looped" if looped else ""}"><title>{escape.html(_label(node))}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{4 if node.role in ("server", "forwarder") else 16}"/>'
        f'<text x="{x + _WIDTH // 2}" y="{y + 20}" text-anchor="middle">{escape.html(_short(head))}</text>'
        f'<text class="note" x="{x + _WIDTH // 2}" y="{y + 36}" text-anchor="middle">{escape.html(_short(note))}</text></g>'
    )


def _short(text: str, most: int = 28) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
