"""A cache asks again for a denial that it may still have kept.

## What it detects

For clients that are caches (a forwarder, or declared as one): a question whose denial came with an SOA, asked again
before min(SOA TTL, SOA minimum) less one second is over. It fires at three re-asks of a key and 20 % of the keys
denied (of at least ten), or at 30 re-asks a minute. Re-asks within 50 ms were in flight and do not count.

Kinds by the shortest gap: `denial-cap` (4.5 to 5.6 s: node-local DNS' `denial 9984 5`; info), `cache-30` (29 to 31 s:
a cache of 30 s under a longer TTL; info), `capped` (another time from 4.5 s on: kept, but not as long as the SOA allows;
info), `not-cached` (shorter: switched off, evicted, restarted; medium).

## What you feel

Denials that are asked upstream more often than they need be.

## Evidence

Keys denied and asked again, shortest and median gap, the TTL that the SOA allowed, question and re-ask frame by frame.

## Not to be confused with

Questions sent before the first answer; other DO or CD bits; another replica behind one address; prefetching (only of
positive answers); stubs, which have no cache; denials without SOA (`nxdomain-no-soa`).

## Fix

`cache { success 9984 30 … denial 9984 30 }` in CoreDNS; `Cache=yes` in resolved.conf; a larger `cache-size` in dnsmasq.

## References

RFC 2308 section 5; CoreDNS plugin/cache; kubernetes/dns node-cache Corefile; kubespray resolved.conf (`Cache=no-negative`).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.caching_steps import saved, steps_of
from analyzer.detectors.search_fixes import rate, saves, with_saving
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Subject
from analyzer.measures.caching import CacheLeg
from analyzer.measures.rows import Side
from analyzer.options import NS, Thresholds

NEEDS = ("caching", "search", "roles")


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each leg of a cache."""
    for leg in evidence.results["caching"]:
        if leg.kind == "negative" and leg.forwarder and leg.side == Side.UPSTREAM and _fires(evidence.thresholds, leg):
            yield _finding(evidence, leg)


def _fires(thresholds: Thresholds, leg: CacheLeg) -> bool:
    many = leg.peak_60s >= thresholds.negcache_per_min
    spread = (
        leg.keys >= thresholds.negcache_keys
        and leg.most_per_key >= thresholds.negcache_per_key
        and leg.re_asked >= thresholds.negcache_share * leg.keys
    )
    return leg.re_asks >= thresholds.min_events and (many or spread)


def _kind(leg: CacheLeg) -> str:
    gap = leg.min_gap_ns / NS
    if 4.5 <= gap <= 5.6:
        return "denial-cap"
    return "cache-30" if 29 <= gap <= 31 else "capped" if gap > 5.6 else "not-cached"


_WORDS = {
    "denial-cap": "about 5 s, the cap that node-local DNS sets (denial 9984 5)",
    "cache-30": "about 30 s, a cache of 30 s",
    "capped": "so it is kept, but not for that long",
    "not-cached": "less than any cache would keep it",
}


def _finding(evidence: Evidence, leg: CacheLeg) -> Finding:
    thresholds = evidence.thresholds
    kind = _kind(leg)
    kept = saved(leg, max(leg.median_ttl_s, 1))
    words = saves(kept, leg.queries) if kept else ""
    return Finding(
        id="negcache-ineffective",
        kind=kind,
        severity=Severity.MEDIUM if kind == "not-cached" else Severity.INFO,
        confidence=Confidence.MEDIUM,
        title=f"{leg.client} asks {leg.server} again for denials that may be kept {leg.median_ttl_s} s: "
        f"{leg.re_asks} times, the soonest after {leg.min_gap_ns / NS:.2f} s ({_WORDS[kind]})",
        subject=Subject("leg", f"{leg.client}>{leg.server}"),
        first=leg.first,
        last=leg.last,
        first_frame=Frame(leg.names[0].first.file, leg.names[0].first.frame),
        last_frame=Frame(leg.names[0].again.file, leg.names[0].again.frame),
        count=leg.re_asks,
        per_min=rate(leg.re_asks, evidence.context.covered_ns),
        peak_60s=leg.peak_60s,
        side=str(leg.side),
        numbers={
            "re_asks": leg.re_asks,
            "re_asks_in_flight": leg.near,
            "keys_denied": leg.keys,
            "keys_asked_again": leg.re_asked,
            "share": round(leg.re_asked / leg.keys, 3),
            "most_per_key": leg.most_per_key,
            "min_gap_s": round(leg.min_gap_ns / NS, 3),
            "median_gap_s": round(leg.median_gap_ns / NS, 1),
            "ttl_s": leg.median_ttl_s,
            "queries_saved_with_that_ttl": kept,
        },
        thresholds={
            "most_per_key": thresholds.negcache_per_key,
            "share": thresholds.negcache_share,
            "re_asks_peak_60s": thresholds.negcache_per_min,
            "keys_denied": thresholds.negcache_keys,
        },
        chain=steps_of(leg, f"denied, may be kept {leg.median_ttl_s} s"),
        examples=[Frame(row.again.file, row.again.frame) for row in leg.names[1:6]],
        excluded=(
            f"{leg.near} re-asks within {thresholds.negcache_ignore_ns // 1_000_000} ms of the answer were in flight",
            "other DO or CD bits are other keys",
            "not ruled out: several replicas behind one address",
        ),
        fix=tuple(with_saving(fix, words) for fix in _FIXES[kind]),
        references=("RFC 2308 section 5", "CoreDNS plugin/cache"),
        wireshark_filter=f"ip{'v6' if ':' in leg.client else ''}.src == {leg.client} && "
        f"ip{'v6' if ':' in leg.server else ''}.dst == {leg.server} && dns.flags.response == 0",
    )


_CACHE = Fix("node-local DNS Corefile, the zone's block", "cache {\n    success 9984 30\n    denial 9984 30\n}")
_FIXES = {
    "denial-cap": (_CACHE,),
    "capped": (_CACHE,),
    "cache-30": (Fix("Corefile, the zone's block", "cache 300    # up to the TTL that the SOA allows"),),
    "not-cached": (
        _CACHE,
        Fix("/etc/systemd/resolved.conf", "[Resolve]\nCache=yes    # not no-negative"),
        Fix("dnsmasq.conf", "cache-size=10000\n# and no no-negcache"),
    ),
}
