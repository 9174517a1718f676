"""The Report: everything that a face of it shows. Made once from what the pipeline found; renderers only read it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from analyzer import __version__
from analyzer.findings import Finding, Severity
from analyzer.measures import Context
from analyzer.measures.rows import Summary
from analyzer.messages import CaptureInfo, InterfaceInfo, Ledger, NameTree
from analyzer.options import AnalyzeOptions

__all__ = ["TABLES", "Input", "Report", "build"]

TABLES: Final = (
    "names", "bases", "suffixes", "clients", "servers", "pairs", "qtypes", "rcodes", "edns", "connections", "timeline",
)  # fmt: skip
"""Tables by the ids of the measures that make them, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input as it was found; `name` as given on the command line."""

    name: str
    format: str
    byte_order: str
    resolution_ns: int
    linktypes: tuple[int, ...]
    frames: int
    first: int | None
    last: int | None
    damage: str
    application: str


@dataclass(frozen=True, slots=True)
class Report:
    """One analysis. `messages` balances the ledger's second line; `partial` says that not all input could be read.

    `tables` hold rows of `measures.rows` in the order of the table; `details` what else measures found, by id;
    `crosscheck` the forwarding steps of given configurations held against the capture (`analyzer.crosscheck.Checked`).
    """

    inputs: tuple[Input, ...]
    interfaces: tuple[InterfaceInfo, ...]
    ledger: Ledger
    messages: Mapping[str, int]
    summary: Summary
    tables: Mapping[str, Any]
    details: Mapping[str, Any]
    findings: tuple[Finding, ...]
    options: AnalyzeOptions
    decoder: str
    damage: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    interrupted: bool = False
    crosscheck: tuple[Any, ...] = ()
    version: str = __version__
    labels: Mapping[str, str] = field(default_factory=dict)
    """What had an address when the capture ended, by address: `kube-system/coredns-1`, `svc kube-system/kube-dns`, `node n1`."""
    base_of: Callable[[], Mapping[str, str]] = dict
    """Names inside established search chains, and the names that programs asked for; made when it is asked for."""

    @property
    def partial(self) -> bool:
        """Whether something that was to be read was not."""
        return bool(self.damage) or self.interrupted

    @property
    def worst(self) -> Severity | None:
        """The highest severity found."""
        return max((finding.severity for finding in self.findings), default=None)


def build(
    *,
    inputs: Sequence[str],
    captures: Sequence[CaptureInfo],
    interfaces: Sequence[InterfaceInfo],
    ledger: Ledger,
    counters: Mapping[str, int],
    damage: Sequence[str],
    results: Mapping[str, Any],
    context: Context,
    findings: Sequence[Finding],
    decoder: str = "",
    checked: Sequence[str] = (),
    interrupted: bool = False,
    crosscheck: Sequence[Any] = (),
    notes: Sequence[str] = (),
) -> Report:
    """Put together what the pipeline found. `results` are the measures' by id, `inputs` names by file number."""
    return Report(
        inputs=tuple(_input(info, inputs) for info in captures),
        interfaces=tuple(interfaces),
        ledger=ledger,
        messages=dict(counters),
        summary=results["summary"],
        tables={name: results[name] for name in TABLES if name in results},
        details={name: value for name, value in results.items() if name not in TABLES and name != "summary"},
        findings=tuple(findings),
        options=context.options,
        decoder=decoder,
        damage=tuple(damage),
        checked=tuple(checked),
        interrupted=interrupted,
        crosscheck=tuple(crosscheck),
        notes=tuple(notes),
        labels=_labels(context.options, results["summary"].last),
        base_of=functools.partial(_bases, results.get("search"), context.names),
    )


def _labels(options: AnalyzeOptions, last: int | None) -> dict[str, str]:
    """One label an address: addresses of pods are used again, so the latest owner that had begun before the capture ended."""
    found: dict[str, str] = {}
    for address, owners in options.labels.items():
        begun = [owner for owner in owners if owner[0] is None or last is None or owner[0] <= last]
        found[address] = max(begun or owners, key=lambda owner: owner[0] or 0)[1]
    return found


def _bases(search: Any, names: NameTree) -> dict[str, str]:
    return {names.text(node): base for node, base in search.base_of.items()} if search is not None else {}


def _input(info: CaptureInfo, names: Sequence[str]) -> Input:
    return Input(
        name=names[info.file] if info.file < len(names) else str(info.file),
        format=info.format,
        byte_order=info.byte_order,
        resolution_ns=info.resolution_ns,
        linktypes=tuple(info.linktypes),
        frames=info.frames,
        first=info.first_ns,
        last=info.last_ns,
        damage=info.damage,
        application=info.application,
    )
