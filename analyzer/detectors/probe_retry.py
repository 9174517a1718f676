"""A server repeats its loop probe: the upstream was dead or refusing when it started.

## What it detects

CoreDNS repeats a probe that got no answer, with the same name, after 3.0 s (2 s of waiting and 1 s of sleep), for
30 s; after a refused packet about every second. This finding lists such starts (kind `silent` or `refused`), none
of whose probes came back.

## What you feel

The server answers from its cache and its own zones, and everything else fails for the first seconds, or for as long
as the upstream is away.

## Evidence

The emitter's own attempts for one name and the gaps between them.

## Not to be confused with

A loop: see `loop-probe-loop`, which needs a copy that came back. CoreDNS' loop test ends at the first answer of any
kind.

## Fix

Look at the upstream that was asked; give the forwarder a second one.

## References

CoreDNS plugin/loop (setup.go); coredns/coredns#4289.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.probes import Hop, Probe
from analyzer.options import NS, Thresholds

NEEDS = ("probes",)
_SILENT_ATTEMPTS = 3  # two gaps of 3 s: one alone may be a lost packet
_REFUSED_NS = (700_000_000, 1_600_000_000)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each emitter and kind."""
    groups: dict[tuple[int, str], list[tuple[Probe, list[Hop]]]] = defaultdict(list)
    for probe in evidence.results["probes"].probes:
        attempts = [probe.hops[at] for at in probe.sends]
        kind = "" if probe.copies else _kind(attempts, evidence.thresholds)
        if kind:
            groups[probe.emitter, kind].append((probe, attempts))
    for (emitter, kind), found in sorted(groups.items()):
        yield _finding(evidence, evidence.context.addresses.text(emitter), kind, found)


def _kind(attempts: list[Hop], limits: Thresholds) -> str:
    gaps = [b.time_ns - a.time_ns for a, b in itertools.pairwise(attempts)]
    spaced = sum(abs(gap - limits.probe_retry_ns) <= limits.probe_retry_slack_ns for gap in gaps)
    if spaced >= _SILENT_ATTEMPTS - 1:
        return "silent"
    return "refused" if sum(_REFUSED_NS[0] <= gap <= _REFUSED_NS[1] for gap in gaps) >= 1 else ""


def _finding(evidence: Evidence, server: str, kind: str, found: list[tuple[Probe, list[Hop]]]) -> Finding:
    text = evidence.context.addresses.text
    probe, attempts = max(found, key=lambda pair: (len(pair[1]), -pair[0].hops[0].time_ns))
    gaps = [round((b.time_ns - a.time_ns) / NS, 3) for a, b in itertools.pairwise(attempts)]
    first = min(hops[0] for _, hops in found)
    last = max(hops[-1] for _, hops in found)
    why = "got no answer" if kind == "silent" else "was refused"
    return Finding(
        id="probe-retry",
        kind=kind,
        severity=Severity.MEDIUM if kind == "silent" else Severity.INFO,
        confidence=Confidence.MEDIUM,
        title=f"{server} repeated its loop probe {len(attempts)} times: it {why}, the upstream was away at the start",
        subject=Subject("server", server),
        first=first.time_ns,
        last=last.time_ns,
        first_frame=Frame(first.file, first.frame),
        last_frame=Frame(last.file, last.frame),
        count=sum(len(hops) for _, hops in found),
        numbers={"names": len(found), "attempts_most": len(attempts), "gaps_s": " ".join(map(str, gaps[:12]))},
        thresholds={"gap_s": evidence.thresholds.probe_retry_ns / NS},
        chain=[
            Step(
                Frame(hop.file, hop.frame),
                hop.time_ns,
                f"{text(hop.src)}:{hop.src_port} > {text(hop.dst)}:{hop.dst_port} ID {hop.msg_id:#06x} {probe.name}",
            )
            for hop in attempts[:12]
        ],
        excluded=("loop-probe-loop: no copy came back to the sender",),
        fix=(
            Fix("Corefile, forward", "# name a second upstream, so that one that is away at the start does not matter"),
        ),
        references=("CoreDNS plugin/loop", "coredns/coredns#4289"),
        wireshark_filter=f'dns.qry.name == "{probe.name}"',
    )
