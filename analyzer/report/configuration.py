"""The diagnosis of configurations as text, JSON and Graphviz: instances, edges, cycles, findings, what was not understood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.config import Diagnosis
from analyzer.config.cycles import Cycle
from analyzer.config.graph import Edge, NameClass
from analyzer.config.instances import Instance
from analyzer.findings import Finding, SourceLine
from analyzer.report.escape import dot, terminal

__all__ = ["SCHEMA", "as_dot", "as_json", "as_text"]

SCHEMA = "dnsloupe-config/1"


def as_text(diagnosis: Diagnosis) -> Iterator[str]:
    """Lines for a terminal, without their ends; every one has passed the terminal's escape."""
    for line in _text(diagnosis):
        yield terminal(line)


def _text(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"Read {len(diagnosis.read)} configuration{'' if len(diagnosis.read) == 1 else 's'}"
    yield from (f"  {role:<13} {name}" for name, role in diagnosis.read)
    yield ""
    yield from _instances(diagnosis)
    yield from _searches(diagnosis)
    yield from _routes(diagnosis)
    yield from _cycles(diagnosis)
    yield from _findings(diagnosis)
    yield from _not_understood(diagnosis)


def _instances(diagnosis: Diagnosis) -> Iterator[str]:
    yield "Instances"
    for one in diagnosis.graph.instances:
        yield f"  {one.id:<24} {one.software:<17} in {one.netns}, listens on {_listens(one)}"
    if not diagnosis.graph.instances:
        yield "  none: no Corefile, dnsmasq.conf or resolved.conf was given"
    yield ""


def _listens(one: Instance) -> str:
    port = "" if one.port == 53 else f" port {one.port}"
    if one.everything:
        known = f" (known: {', '.join(one.owned)})" if one.owned else ""
        return f"all addresses{known}{port}"
    return ", ".join(one.listens) + port


def _searches(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.searches:
        return
    yield "Search lists"
    for one in diagnosis.searches:
        servers = f", nameserver {' '.join(one.servers)}" if one.servers else ""
        yield f"  {one.who}: ndots {one.ndots}, {' '.join(_bare(suffix) for suffix in one.suffixes)}{servers}"
    yield ""


def _bare(name: str) -> str:
    return name.rstrip(".") or "."


def _routes(diagnosis: Diagnosis) -> Iterator[str]:
    """Edges per class of names; classes that go exactly the same way stand together."""
    graph = diagnosis.graph
    if not graph.instances:
        return
    yield "Who asks whom"
    groups: dict[tuple[str, ...], list[NameClass]] = {}
    for name_class in graph.classes:
        lines = tuple(line for one in graph.instances for line in _decision(diagnosis, one, name_class))
        groups.setdefault(lines, []).append(name_class)
    for lines, classes in groups.items():
        yield "  " + " · ".join(one.label for one in classes)
        yield from (f"    {line}" for line in lines)
    yield ""


def _decision(diagnosis: Diagnosis, one: Instance, name_class: NameClass) -> Iterator[str]:
    decision = diagnosis.graph.decisions[one.id, name_class.label]
    edges = [edge for edge in diagnosis.graph.edges_of(name_class) if edge.origin == one.id]
    if not edges:
        yield f"{one.id} ends it: {decision.ends or 'nobody is asked'}{_at(decision.source)}"
    for edge in edges:
        yield f"{one.id} -> {_target(edge)}  {_chance(edge)}{_proto(edge)}{_at(*edge.sources)}"


def _target(edge: Edge) -> str:
    return f"{edge.target} ({edge.address})" if edge.known else edge.address


def _chance(edge: Edge) -> str:
    return "on failure" if edge.on_failure else f"p {edge.probability:.3g}"


def _proto(edge: Edge) -> str:
    return "" if edge.proto == "udp" else f" {edge.proto}"


def _at(*sources: SourceLine | None) -> str:
    places = [source.place for source in sources if source]
    return f"  [{', '.join(dict.fromkeys(places))}]" if places else ""


def _cycles(diagnosis: Diagnosis) -> Iterator[str]:
    yield "Cycles"
    for one in diagnosis.cycles:
        yield f"  {one.verdict}: {one.path}"
        yield f"    {_cost(one)}"
        yield f"    for {', '.join(name_class.label for name_class in one.classes)}"
    if not diagnosis.cycles:
        yield "  none"
    yield ""


def _cost(one: Cycle) -> str:
    if one.verdict == "failure-only":
        return "only when an upstream before it fails"
    arrivals = "without end" if one.arrivals is None else f"{one.arrivals:.3g} arrivals per query"
    fatal = "" if one.fatal is None else f", {one.fatal:.3g} of starts end by plugin/loop"
    return f"p {one.probability:.3g}, {arrivals}{fatal}"


def _findings(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"Findings: {len(diagnosis.findings)}"
    for one in diagnosis.findings:
        yield f"  {one.severity.word.upper()} {one.id} ({one.kind}): {one.title}"
        yield from (f"    at {source.place}: {source.text}" for source in one.sources)
        for fix in one.fix:
            first, *rest = fix.text.split("\n")
            yield f"    fix {fix.where}: {first}"
            yield from (f"        {line}" for line in rest)
        yield from (f"    note: {text}" for text in one.excluded)
    if diagnosis.findings:
        yield "  `dnsloupe explain ID` tells more about a finding"
    yield ""


def _not_understood(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.notes:
        yield "Taken for granted"
        yield from (f"  {note}" for note in diagnosis.notes)
        yield ""
    rest = [f"{one.source.place}: {one.why}: {one.source.text}" for one in diagnosis.problems]
    rest += [*diagnosis.unreadable]
    yield "Not understood: nothing was left out" if not rest else f"Not understood: {len(rest)}"
    yield from (f"  {line}" for line in rest)
    if diagnosis.passed_over:
        yield f"Passed over: {len(diagnosis.passed_over)} files that are no DNS configuration"


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The same as plain values; probabilities are numbers, an endless loop has `arrivals_per_query` null."""
    graph = diagnosis.graph
    return {
        "schema": SCHEMA,
        "read": [{"file": name, "role": role} for name, role in diagnosis.read],
        "instances": [_instance_json(one) for one in graph.instances],
        "search_lists": [
            {"who": one.who, "suffixes": list(one.suffixes), "ndots": one.ndots, "source": _line(one.source)}
            for one in diagnosis.searches
        ],
        "classes": [{"label": one.label, "name": one.name} for one in graph.classes],
        "edges": [_edge_json(edge) for edge in graph.edges],
        "cycles": [_cycle_json(one) for one in diagnosis.cycles],
        "findings": [_finding_json(one) for one in diagnosis.findings],
        "assumed": list(diagnosis.notes),
        "not_understood": [
            {**(_line(one.source) or {}), "why": one.why, "error": one.error} for one in diagnosis.problems
        ],
        "unreadable": list(diagnosis.unreadable),
        "passed_over": list(diagnosis.passed_over),
    }


def _line(source: SourceLine | None) -> dict[str, Any] | None:
    return None if source is None else {"file": source.file, "line": source.line, "text": source.text}


def _instance_json(one: Instance) -> dict[str, Any]:
    return {
        "id": one.id,
        "software": one.software,
        "role": one.role,
        "netns": one.netns,
        "listens": list(one.listens),
        "all_addresses": one.everything,
        "addresses": list(one.addresses),
        "port": one.port,
        "source": _line(one.source),
    }


def _edge_json(edge: Edge) -> dict[str, Any]:
    return {
        "class": edge.name_class.label,
        "from": edge.origin,
        "to": edge.target,
        "address": edge.address,
        "known": edge.known,
        "proto": edge.proto,
        "probability": round(edge.probability, 9),
        "on_failure": edge.on_failure,
        "sources": [_line(source) for source in edge.sources],
    }


def _cycle_json(one: Cycle) -> dict[str, Any]:
    return {
        "verdict": one.verdict,
        "instances": list(one.instances),
        "probability": round(one.probability, 9),
        "arrivals_per_query": None if one.arrivals is None else round(one.arrivals, 9),
        "fatal_per_start": None if one.fatal is None else round(one.fatal, 9),
        "classes": [name_class.label for name_class in one.classes],
    }


def _finding_json(one: Finding) -> dict[str, Any]:
    return {
        "key": one.key,
        "id": one.id,
        "kind": one.kind,
        "severity": one.severity.word,
        "confidence": one.confidence.word,
        "title": one.title,
        "subject": {"kind": one.subject.kind, "value": one.subject.value},
        "numbers": dict(one.numbers),
        "thresholds": dict(one.thresholds),
        "sources": [_line(source) for source in one.sources],
        "excluded": list(one.excluded),
        "fix": [{"where": fix.where, "text": fix.text} for fix in one.fix],
        "references": list(one.references),
    }


def as_dot(diagnosis: Diagnosis) -> Iterator[str]:
    """Lines of a Graphviz digraph: one edge per pair of servers and way, labelled with its classes; cycles are bold and marked."""
    yield "digraph dns {"
    yield "  rankdir=LR; node [shape=box, fontname=monospace]; edge [fontname=monospace];"
    for one in diagnosis.graph.instances:
        yield f'  "{dot(one.id)}" [label="{dot(one.id)}\\n{dot(_listens(one))}"];'
    merged: dict[tuple[str, str, bool, float], list[Edge]] = {}
    for edge in diagnosis.graph.edges:
        merged.setdefault((edge.origin, edge.target, edge.on_failure, round(edge.probability, 6)), []).append(edge)
    round_trip = {(edge.origin, edge.target) for cycle in diagnosis.cycles for edge in cycle.edges}
    for (origin, target, on_failure, _), edges in merged.items():
        labels = "\\n".join(dot(edge.name_class.label) for edge in edges[:6]) + ("\\n..." if len(edges) > 6 else "")
        style = ", style=dashed" if on_failure else ""
        loop = ', penwidth=3, color=red, xlabel="cycle"' if (origin, target) in round_trip else ""
        yield f'  "{dot(origin)}" -> "{dot(target)}" [label="{dot(_chance(edges[0]))}\\n{labels}"{style}{loop}];'
    yield "}"
