"""A server's own loop probe came back to it: its forwarding goes in a circle.

## What it detects

The probe is a random name, so whoever sends it on has received it. A *hop copy* is a later query for the name, sent
to the probe's emitter by a party that has received it; where that party is the emitter itself (source =
destination), only from another port and ID within 0.5 s of an arrival, or with the ID of an earlier hop copy. One
hop copy proves an edge of the loop (`partial`: this probe unwound, and the `loop` plugin passes it as fine); from
two on the plugin ends CoreDNS (`fatal`). dnsmasq's `<8 hex digits>.test` TXT probe back at its sender is kind
`dnsmasq`.

## What you feel

CoreDNS or node-local DNS in CrashLoopBackOff with `[FATAL] plugin/loop: Loop (…) detected`, or, with several
upstreams, crashing now and then while "other clusters have the same configuration and are fine".

## Evidence

The probe's frames in order, with addresses, ports, IDs, sizes and gaps; the parties; the line to look for in the log.

## Not to be confused with

Repeats of the probe to anyone else (a dead or refusing upstream: `probe-retry`); copies of one packet on several
interfaces (collapsed before); a source equal to its destination, which is normal for a local address.

## Fix

Cut the circle where the server's own address stands among its upstreams: name the outside resolver in `forward`,
take the server's address out of resolved.conf, or give the server a resolv.conf without itself. Keep the `loop`
plugin.

## References

CoreDNS plugin/loop; coredns/coredns#1712, #2087, #2391; kubernetes-sigs/kubespray#9948; dnsmasq(8) --dns-loop-detect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analyzer.detectors import Evidence
from analyzer.detectors.loop_fixes import loop_fixes
from analyzer.findings import Confidence, Finding, Frame, Severity, Step, Subject
from analyzer.measures.probes import Probe

NEEDS = ("probes", "roles", "clusterdomain")
_FATAL_COPIES = 2  # the plugin ends at the third arrival: the probe itself and two copies


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each emitter, zone and kind."""
    groups: dict[tuple[int, str, str], list[Probe]] = defaultdict(list)
    for probe in evidence.results["probes"].probes:
        if probe.copies:
            fatal = "fatal" if len(probe.copies) >= _FATAL_COPIES else "partial"
            groups[probe.emitter, probe.zone, "dnsmasq" if probe.kind == "dnsmasq" else fatal].append(probe)
    for (_, zone, kind), probes in sorted(groups.items()):
        yield _finding(evidence, zone, kind, probes)


def _finding(evidence: Evidence, zone: str, kind: str, probes: Sequence[Probe]) -> Finding:
    text = evidence.context.addresses.text
    example = max(probes, key=lambda probe: (len(probe.copies), -probe.hops[0].time_ns))
    parties = [[text(address) for address in party] for party in _members(example)]
    emitter = text(example.emitter)
    copies = [probe.hops[at] for probe in probes for at in probe.copies]
    stubs = _stubs(evidence, example)
    through = [*("/".join(party) for party in parties[1:]), *(f"the local stub {text(stub)}" for stub in stubs)]
    around = " and ".join(dict.fromkeys(through)) or "itself"
    numbers: dict[str, str | int | float | None] = {
        "names": len(probes),
        "hop_copies": len(copies),
        "hop_copies_most": max(len(probe.copies) for probe in probes),
        "zone": zone,
        "parties": "; ".join(" = ".join(party) for party in parties),
    }
    if kind == "fatal":
        numbers["log_line"] = _fatal_line(evidence, example)
    first, last = min(copies), max(copies)
    return Finding(
        id="loop-probe-loop",
        kind=kind,
        severity=Severity.CRITICAL if kind == "fatal" else Severity.HIGH,
        confidence=Confidence.HIGH,
        title=_title(kind, emitter, around, zone, probes),
        subject=Subject("server", f"{emitter} zone {zone}"),
        first=first.time_ns,
        last=last.time_ns,
        first_frame=Frame(first.file, first.frame),
        last_frame=Frame(last.file, last.frame),
        count=len(probes),
        numbers=numbers,
        thresholds={"hop_copies": 1, "hop_copies_fatal": _FATAL_COPIES},
        chain=_chain(evidence, example),
        examples=[Frame(hop.file, hop.frame) for hop in copies[:5]],
        excluded=(
            "probe-retry: frames to the upstream, and repeats to itself after 0.5 s with a new ID, were not counted",
            "copies of one packet on several interfaces were collapsed before counting",
        ),
        fix=loop_fixes(evidence, [list(party) for party in _members(example)], stubs),
        references=("CoreDNS plugin/loop", "coredns/coredns#1712", "coredns/coredns#2391", "kubespray#9948"),
        wireshark_filter=f'dns.qry.name == "{example.name}"',
    )


def _stubs(evidence: Evidence, probe: Probe) -> list[int]:
    """Loopback addresses of other programs that received the probe before it came back.

    Their packets to a local address carry that address as their source, so only what they received tells them apart.
    """
    received = dict.fromkeys(hop.dst for hop in probe.hops[: probe.copies[-1]] if hop.dst not in probe.parties[0])
    addresses = ((ident, evidence.context.addresses.address(ident)) for ident in received)
    return [ident for ident, address in addresses if address is not None and address.is_loopback]


def _members(probe: Probe) -> list[list[int]]:
    """The parties that a turn of the loop passes: those that send to the emitter, and who feeds them."""
    taking = {0}
    grown = True
    while grown:
        more = {source for source, target in probe.edges if target in taking}
        more &= {target for _, target in probe.edges} | {0}
        grown = not more <= taking
        taking |= more
    return [party for at, party in enumerate(probe.parties) if at in taking]


def _title(kind: str, emitter: str, around: str, zone: str, probes: Sequence[Probe]) -> str:
    through = "feeds itself" if around == "itself" else f"gets its own queries back through {around}"
    count = f"{len(probes)} {'probe' if len(probes) == 1 else 'probes'}"
    if kind == "fatal":
        return f'Forwarding loop: {emitter} {through}; {count} of zone "{zone}" came back twice and more: CoreDNS ends'
    if kind == "partial":
        return f'Forwarding loop edge: {emitter} {through}; {count} of zone "{zone}" came back once'
    return f"Forwarding loop: dnsmasq at {emitter} {through}; {count} came back"


def _fatal_line(evidence: Evidence, probe: Probe) -> str:
    """What CoreDNS logs at the third arrival, trailing dots as it prints them."""
    text = evidence.context.addresses.text
    own_first = probe.hops[0].dst in probe.parties[0]
    third = probe.hops[probe.copies[1 if own_first or len(probe.copies) < 3 else 2]]
    return (
        f"[FATAL] plugin/loop: Loop ({text(third.src)}:{third.src_port} -> {text(third.dst)}:{third.dst_port}) detected "
        f'for zone "{probe.zone}", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO {probe.name}."'
    )


def _chain(evidence: Evidence, probe: Probe) -> list[Step]:
    """The probe from its first frame past the second copy."""
    text = evidence.context.addresses.text
    end = probe.copies[min(len(probe.copies), 3) - 1] + 1
    steps, before = [], probe.hops[0].time_ns
    for at, hop in enumerate(probe.hops[:end][-12:], start=max(0, end - 12)):
        what = "came back" if at in probe.copies else "probe" if at == 0 else "passed on"
        steps.append(
            Step(
                Frame(hop.file, hop.frame),
                hop.time_ns,
                f"{what}: {text(hop.src)}:{hop.src_port} > {text(hop.dst)}:{hop.dst_port} ID {hop.msg_id:#06x}, "
                f"{hop.size} octets{', OPT' if hop.edns else ''}, +{(hop.time_ns - before) / 1e6:.3f} ms",
            )
        )
        before = hop.time_ns
    return steps
