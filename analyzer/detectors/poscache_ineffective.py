"""A cache asks again for an answer that it may still have kept; or answers live too short to be worth keeping.

## What it detects

For clients that are caches: a question whose answer's least TTL (at least 5 s) less one second is not over, asked again;
at least ten times and at least 20 % of the answers. Kind `ttl-short` (info): the median TTL of a leg's answers is 5 s
or less, so that caching can hardly help.

## What you feel

Upstream load, and slow answers that should have come from the cache.

## Evidence

Re-asks, shortest and median gap, TTLs, question and re-ask frame by frame.

## Not to be confused with

Prefetching (asks in the last tenth of the TTL, not counted); questions in flight; other DO or CD bits; another replica
behind one address; stubs.

## Fix

`cache 30` in CoreDNS; `ttl 30` in its kubernetes plugin; `local-ttl=60` in dnsmasq, whose local answers have TTL 0.

## References

RFC 1035 section 3.2.1; RFC 2181 section 8; CoreDNS plugin/cache, plugin/kubernetes; dnsmasq(8).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.caching_steps import saved, steps_of
from analyzer.detectors.search_fixes import rate, saves, with_saving
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Subject
from analyzer.measures.caching import CacheLeg
from analyzer.measures.rows import Side
from analyzer.options import NS

NEEDS = ("caching", "search", "roles")

FIXES = (
    Fix("Corefile, the zone's block", "cache 30"),
    Fix("Corefile of the cluster DNS, kubernetes block", "ttl 30"),
    Fix("dnsmasq.conf", "local-ttl=60    # its own answers have TTL 0 otherwise"),
)


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg of a cache."""
    thresholds = evidence.thresholds
    for leg in evidence.results["caching"]:
        if leg.kind != "positive" or not leg.forwarder or leg.side != Side.UPSTREAM or not leg.names:
            continue
        if leg.re_asks >= thresholds.poscache_count and leg.re_asks >= thresholds.poscache_share * leg.answers:
            yield _finding(evidence, leg, "not-cached")
        elif leg.answers >= thresholds.min_events and leg.median_ttl_s <= thresholds.short_ttl_s:
            yield _finding(evidence, leg, "ttl-short")


def _finding(evidence: Evidence, leg: CacheLeg, kind: str) -> Finding:
    thresholds = evidence.thresholds
    short = kind == "ttl-short"
    kept = saved(leg, max(leg.median_ttl_s, thresholds.poscache_floor_s))
    words = saves(kept, leg.queries) if kept else ""
    title = (
        f"answers of {leg.server} to {leg.client} may be kept {leg.median_ttl_s} s at most: a cache hardly helps"
        if short
        else f"{leg.client} asks {leg.server} again for {leg.re_asks} of {leg.answers} answers that it may still keep"
    )
    return Finding(
        id="poscache-ineffective",
        kind=kind,
        severity=Severity.INFO if short else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        title=title,
        subject=Subject("leg", f"{leg.client}>{leg.server}"),
        first=leg.first or leg.names[0].first_ns,
        last=leg.last or leg.names[0].first_ns,
        first_frame=Frame(leg.names[0].first.file, leg.names[0].first.frame),
        last_frame=Frame(leg.names[0].again.file, leg.names[0].again.frame),
        count=leg.answers if short else leg.re_asks,
        per_min=rate(leg.re_asks, evidence.context.covered_ns),
        peak_60s=leg.peak_60s,
        side=str(leg.side),
        numbers={
            "answers": leg.answers,
            "re_asks": leg.re_asks,
            "share": round(leg.re_asks / leg.answers, 3),
            "min_gap_s": round(leg.min_gap_ns / NS, 3),
            "median_gap_s": round(leg.median_gap_ns / NS, 1),
            "ttl_s": leg.median_ttl_s,
            "queries_saved_with_that_ttl": kept,
        },
        thresholds={"ttl_s": thresholds.short_ttl_s}
        if short
        else {"re_asks": thresholds.poscache_count, "share": thresholds.poscache_share},
        chain=steps_of(leg, f"answered, may be kept {leg.median_ttl_s} s"),
        examples=[Frame(row.again.file, row.again.frame) for row in leg.names[1:6]],
        excluded=(
            "prefetching: queries in the last tenth of the TTL are not counted",
            "not ruled out: several replicas behind one address",
        ),
        fix=tuple(with_saving(fix, words) for fix in FIXES),
        references=("RFC 2181 section 8", "CoreDNS plugin/cache"),
        wireshark_filter=f"ip{'v6' if ':' in leg.client else ''}.src == {leg.client} && "
        f"ip{'v6' if ':' in leg.server else ''}.dst == {leg.server} && dns.flags.response == 0",
    )
