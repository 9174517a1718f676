"""Configuration texts -> instances, edges, cycles and findings.

    files ──inputs──▶ parsed texts ──site──▶ hosts ──placing──▶ instances ──graph──▶ edges ──cycles, rules──▶ findings

One file per format (`resolvconf`, `corefile`, `dnsmasq`, `resolved`, `netplan`, `kubelet`, `manifests`, `kubespray`), each with
`read(text, origin)`: what was understood, and what was not, with line numbers. Nothing here looks at packets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.config import cycles, graph, inputs, site
from analyzer.config.cycles import Cycle
from analyzer.config.graph import Graph, SearchList
from analyzer.config.parsed import Problem
from analyzer.config.rules import check_all, registry
from analyzer.config.zones import under
from analyzer.findings import Finding, SourceLine

__all__ = ["RULES", "Diagnosis", "PredictedEdge", "diagnose", "predicted_edges"]

RULES: dict[str, str] = {rule.id: rule.documentation for rule in registry()}
"""The documentation of every rule by its id (`config-loop`, `pillar-left-over`, `R1` to `R12`)."""


@dataclass(frozen=True, slots=True)
class PredictedEdge:
    """One forwarding step to look for in traffic, for queries at or below `zone` (normal form, `.` for the rest).

    `origin` holds every address that may be the source: the instance's own and those of its host (a server asks from the
    host's address, not from the one it listens on; asking an own address, it uses that one). Where it is empty the
    configuration does not say. `target` holds the address that is asked and all others that lead to the same instance.
    `probability` is per query that arrives at the origin; with `on_failure` it is used only when an earlier server fails.
    """

    origin_id: str
    target_id: str
    origin: tuple[str, ...]
    target: tuple[str, ...]
    zone: str
    label: str
    probability: float
    on_failure: bool
    sources: tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that configurations told: the graph, its cycles, the findings, the declared search lists, what is not known.

    `problems` are the lines that were not understood (or are wrong), `notes` the assumptions made, `passed_over` files of
    a directory that are no DNS configuration, `unreadable` named files that could not be read.
    """

    graph: Graph
    cycles: tuple[Cycle, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    read: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def searches(self) -> Sequence[SearchList]:
        return self.graph.searches


def diagnose(arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Diagnosis:
    """Read files and directories (`PATH`, `ROLE=PATH`, `ROLE@HOST=PATH`) and judge them.

    `env` holds the environment variables of the servers, for `{$NAME}` in a Corefile. Raises UsageError for an unknown
    role and InputError when nothing at all could be read; anything else that is bad ends up in `problems`.
    """
    given = inputs.gather(arguments, env)
    found = graph.build(site.build(given))
    return Diagnosis(
        graph=found,
        cycles=tuple(cycles.find(found)),
        findings=tuple(check_all(found)),
        problems=tuple(dict.fromkeys(found.site.problems)),
        notes=tuple(dict.fromkeys(found.site.notes)),
        read=tuple((entry.name, entry.role) for entry in given.entries),
        passed_over=tuple(given.passed_over),
        unreadable=tuple(given.unreadable),
    )


def predicted_edges(diagnosis: Diagnosis) -> list[PredictedEdge]:
    """The edges between instances and to outside servers, by class of names, for comparison with a capture.

    Of nested classes that an instance sends the same way only the widest zone is listed.
    """
    found: list[PredictedEdge] = []
    for edge in diagnosis.graph.edges:
        origin = diagnosis.graph.instance(edge.origin)
        target = diagnosis.graph.instance(edge.target)
        if origin is None or edge.address.startswith("("):
            continue
        host = diagnosis.graph.site.hosts.get(origin.host)
        sources = (*origin.addresses, *(host.addresses if host and not origin.netns.startswith("pod:") else ()))
        found.append(
            PredictedEdge(
                edge.origin,
                edge.target,
                tuple(dict.fromkeys(sources)),
                tuple(dict.fromkeys((edge.address, *(target.addresses if target else ())))),
                edge.name_class.name,
                edge.name_class.label,
                edge.probability,
                edge.on_failure,
                edge.sources,
            )
        )
    by_way: dict[tuple[object, ...], list[str]] = {}
    for one in found:
        by_way.setdefault(_way(one), []).append(one.zone)
    return [one for one in found if not any(zone != one.zone and under(one.zone, zone) for zone in by_way[_way(one)])]


def _way(edge: PredictedEdge) -> tuple[object, ...]:
    """All but the zone: of edges that agree in it the widest zone says everything."""
    return edge.origin_id, edge.target_id, edge.probability, edge.on_failure, edge.sources
