"""Loop probes of DNS servers: an inventory of starts and reloads.

## What it detects

Every HINFO question `<number>.<number>.<zone>` that CoreDNS' `loop` plugin sends at each start and each reload, one
for each server block, and every `<8 hex digits>.test` TXT question that dnsmasq sends with `--dns-loop-detect`. It
says when each server started, and whether it starts again and again.

## What you feel

Nothing: a probe that does not come back is healthy. Many starts in a row are a crash loop.

## Evidence

The frames of the probes, per server and zone: times of the starts, attempts per start, gaps between starts (a
Kubernetes crash loop waits 10, 20, 40, 80, 160 and then 300 s).

## Not to be confused with

A loop: see `loop-probe-loop`. That no probe comes back proves nothing: CoreDNS asks only at its start, and any
answer, even REFUSED, ends its test.

## Fix

None is needed.

## References

CoreDNS plugin/loop; dnsmasq(8) --dns-loop-detect.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.findings import Confidence, Finding, Frame, Severity, Step, Subject
from analyzer.measures.probes import Probe, Probes
from analyzer.options import NS

NEEDS = ("probes",)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each server that sent probes."""
    probes: Probes = evidence.results["probes"]
    by_server: dict[tuple[int, str], list[Probe]] = defaultdict(list)
    for probe in probes.probes:
        by_server[probe.emitter, probe.kind].append(probe)
    for (emitter, kind), mine in sorted(by_server.items()):
        yield _finding(evidence, evidence.context.addresses.text(emitter), kind, mine)


def _finding(evidence: Evidence, server: str, kind: str, mine: list[Probe]) -> Finding:
    zones: dict[str, list[int]] = defaultdict(list)
    for probe in mine:
        zones[probe.zone].append(probe.hops[0].time_ns)
    starts = max(len(times) for times in zones.values())
    busiest = max(zones, key=lambda zone: (len(zones[zone]), zone))
    gaps = [round((b - a) / NS, 1) for a, b in itertools.pairwise(zones[busiest])]
    first, last = mine[0].hops[0], mine[-1].hops[-1]
    word = "CoreDNS" if kind == "coredns" else "dnsmasq"
    again = f", {starts} starts or reloads" if kind == "coredns" and starts > 1 else ""
    return Finding(
        id="loop-probe",
        kind=kind,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        title=f"{server} sent {len(mine)} {word} loop {'probe' if len(mine) == 1 else 'probes'}{again}",
        subject=Subject("server", server),
        first=first.time_ns,
        last=last.time_ns,
        first_frame=Frame(first.file, first.frame),
        last_frame=Frame(last.file, last.frame),
        count=len(mine),
        numbers={
            "probes": len(mine),
            "starts": starts,
            "zones": " ".join(sorted(zones)),
            "gaps_s": " ".join(map(str, gaps[:12])),
            "frames": sum(len(probe.hops) + probe.left_out for probe in mine),
        },
        chain=[_step(evidence, probe) for probe in mine[:8]],
        examples=[Frame(probe.hops[0].file, probe.hops[0].frame) for probe in mine[:5]],
        references=("CoreDNS plugin/loop", "dnsmasq --dns-loop-detect"),
        wireshark_filter="dns.qry.type == 13" if kind == "coredns" else 'dns.qry.name matches "^[0-9a-f]{8}\\.test$"',
    )


def _step(evidence: Evidence, probe: Probe) -> Step:
    hop, text = probe.hops[0], evidence.context.addresses.text
    return Step(
        Frame(hop.file, hop.frame),
        hop.time_ns,
        f"{text(hop.src)}:{hop.src_port} > {text(hop.dst)}:{hop.dst_port} {probe.name} zone {probe.zone}, "
        f"{len(probe.hops) + probe.left_out} frames, {len(probe.copies)} came back",
    )
