"""Queries go in a circle between servers, whatever the name: a forwarding loop proven without any probe.

## What it detects

At a server of the circle, queries for one question (name, type, class) that come from the server itself, or from a
server that it feeds, are open at once: depth d. It fires at d >= 3 with starts at most 50 ms apart and one of these
proofs: the answers come back in reverse order with the same RCODE; the queries come from a port that carries
several names (a forwarder's socket); an OPT record appears, or the size changes, after the first hop. Depth 2
counts only from such a port and ten times; from depth 32 on no further proof is needed. IDs and IP TTLs are no
evidence, neither for nor against.

Kinds, the first that matches: `coalesced` (servers in the ring join identical questions: one ID and port repeated
ten times and more, or bursts after 1.5 s of silence), `runaway` (depth 32 and more, or 100 arrivals of one question
in a second), `partial` (it unwinds: one of several upstreams is the server itself).

## What you feel

SERVFAIL, time-outs, CPU, thousands of sockets, the OOM killer; with `partial` nothing but double load, until the
real upstream stalls and it explodes.

## Evidence

The deepest stack, query by query; arrivals for each original query and their distribution; depth; the busiest
second; whether CoreDNS' `. NS` health checks go round too. Theory for k upstreams of which one is the server
itself: k/(k-1) arrivals.

## Not to be confused with

Many clients asking one name at once (their answers come first in, first out, and they are not fed by the server); a
client's retries (seconds apart); asking all servers at once; copies of one packet; loop probes (`loop-probe-loop`).

## Fix

Cut the circle: see the lines of the finding.

## References

CoreDNS plugin/forward, plugin/loop; coredns/coredns#4289, #1712; DNSCrypt/dnscrypt-proxy#1937; pi-hole/pi-hole#3095.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from analyzer.detectors import Evidence
from analyzer.detectors.loop_fixes import loop_fixes
from analyzer.dns import rcodes, rrtypes
from analyzer.findings import Confidence, Finding, Frame, Severity, Step, Subject
from analyzer.measures.loop_stacks import Circle, Question, Turn
from analyzer.options import NS, Thresholds

NEEDS = ("loops", "roles", "clusterdomain")


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each circle of servers."""
    for circle in evidence.results["loops"]:
        proven = [question for question in circle.questions if _proof(question, evidence.thresholds)]
        if proven:
            yield _finding(evidence, circle, proven)


def _proof(question: Question, limits: Thresholds) -> tuple[str, ...]:
    """The proofs that hold, empty if the question does not count as a loop."""
    proofs = [
        word
        for word, holds in (
            ("answers in reverse order with one RCODE", question.lifo),
            ("a port that carries several names", question.pooled),
            ("OPT or size changes after the first hop", question.opt),
        )
        if holds
    ]
    if question.depth >= limits.loop_proof_depth:
        return (*proofs, f"depth {question.depth}")
    if question.depth >= limits.loop_depth:
        return tuple(proofs)
    deep = question.depth == 2 and question.pooled and question.nested_pairs >= limits.loop_two_deep_times
    return tuple(proofs) if deep else ()


def _kind(questions: Sequence[Question], limits: Thresholds) -> str:
    if any(q.repeated >= limits.loop_coalesced_repeats or q.bursts_ns for q in questions):
        return "coalesced"
    if any(q.depth >= limits.loop_proof_depth or q.arrivals_per_s >= limits.loop_runaway_per_s for q in questions):
        return "runaway"
    return "partial"


def _finding(evidence: Evidence, circle: Circle, proven: list[Question]) -> Finding:
    limits, text = evidence.thresholds, evidence.context.addresses.text
    kind = _kind(proven, limits)
    parties = [" = ".join(text(address) for address in party) for party in circle.parties]
    deepest = max(proven, key=lambda q: (q.depth, q.hops))
    originals = sum(q.originals for q in circle.questions)
    hops = sum(q.hops for q in circle.questions)
    firsts = [q.first for q in proven if q.first]
    lasts = [q.last for q in proven if q.last]
    first, last = min(firsts), max(lasts)
    return Finding(
        id="forward-loop",
        kind=kind,
        severity=Severity.HIGH if kind == "partial" else Severity.CRITICAL,
        confidence=Confidence.HIGH,
        title=_title(kind, parties, deepest, originals, hops),
        subject=Subject("edge", " > ".join([*(p.split(" = ")[0] for p in parties), parties[0].split(" = ")[0]])),
        first=first.time_ns,
        last=last.time_ns,
        first_frame=Frame(first.file, first.frame),
        last_frame=Frame(last.file, last.frame),
        count=hops,
        numbers=_numbers(evidence, circle, proven, deepest, originals, hops),
        thresholds={"depth": limits.loop_depth, "proof_depth": limits.loop_proof_depth},
        chain=[_step(evidence, turn) for turn in deepest.stack],
        examples=[Frame(q.first.file, q.first.frame) for q in proven[:5] if q.first],
        excluded=(
            "thundering herd: the queries come from the circle's own members",
            "client retries: the starts lie within 50 ms of each other",
            "copies of one packet were collapsed before counting; loop probes are judged apart",
        ),
        fix=loop_fixes(evidence, circle.parties),
        references=("CoreDNS plugin/forward", "coredns/coredns#4289", "coredns/coredns#1712"),
        wireshark_filter=_filter(evidence, deepest),
    )


def _title(kind: str, parties: Sequence[str], deepest: Question, originals: int, hops: int) -> str:
    who = f"{parties[0]} feeds itself" if len(parties) == 1 else f"{' > '.join([*parties, parties[0]])} feed each other"
    if kind == "partial":
        return f"Forwarding loop: {who}; {hops} of {originals + hops} arrivals are its own, up to {deepest.depth} deep"
    if kind == "runaway":
        return f"Forwarding loop: {who} without end, {deepest.depth} queries of one question open at once"
    return f"Forwarding loop: {who}; the servers join the copies, so it stalls and bursts, up to {deepest.depth} deep"


def _numbers(
    evidence: Evidence, circle: Circle, proven: list[Question], deepest: Question, originals: int, hops: int
) -> dict[str, str | int | float | None]:
    histogram: Counter[int] = Counter()
    for question in circle.questions:
        histogram.update(question.histogram)
    answers: Counter[int] = Counter()
    for question in proven:
        answers.update(question.rcodes)
    gaps = sorted(gap for question in proven for gap in question.bursts_ns)
    names = evidence.context.names
    return {
        "questions": len(proven),
        "depth_most": deepest.depth,
        "deepest": f"{names.text(deepest.qname)} {rrtypes.text(deepest.qtype)}",
        "originals": originals,
        "hops": hops,
        "arrivals_per_original": round((originals + hops) / originals, 2) if originals else None,
        "arrivals_histogram": " ".join(f"{size}:{count}" for size, count in sorted(histogram.items())[:24]),
        "arrivals_per_s_most": max(q.arrivals_per_s for q in proven),
        "same_id_port_most": max(q.repeated for q in proven),
        "pause_s": round(gaps[len(gaps) // 2] / NS, 2) if gaps else None,
        "sockets_estimate": deepest.depth,
        "proof": "; ".join(_proof(deepest, evidence.thresholds)),
        "rcodes": " ".join(f"{rcodes.text(code)}:{count}" for code, count in answers.most_common(4)),
        "health_checks": circle.health,
    }


def _step(evidence: Evidence, turn: Turn) -> Step:
    text = evidence.context.addresses.text
    took = f", answered after {(turn.end_ns - turn.time_ns) / 1e6:.3f} ms" if turn.end_ns is not None else ", no answer"
    return Step(
        Frame(turn.file, turn.frame),
        turn.time_ns,
        f"depth {turn.depth}: {text(turn.client)}:{turn.client_port} > {text(turn.server)} ID {turn.msg_id:#06x}, "
        f"{turn.size} octets{', OPT' if turn.edns else ''}{took}",
    )


def _filter(evidence: Evidence, question: Question) -> str:
    name = evidence.context.names.text(question.qname)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"') if name != "." else "<Root>"
    return f'dns.qry.name == "{quoted}" && dns.qry.type == {question.qtype}'
