"""One lookup becomes many: the resolver tries every search suffix before (or after) the name as typed.

## What it detects

Clients whose lookups try several names: the base with each suffix of the `search` line of resolv.conf, and the base as
typed. With `options ndots:5` (Kubernetes' default) every name with fewer than five dots is tried with all suffixes
first, for A and for AAAA. A chain is a run of names of one client that share their left labels, each begun at most
50 ms after the previous one failed (6 s after silence), or on one source port. A search list is claimed only with
three distinct base names of a client, or two clients that agree.

Low: at least half of the client-side queries wasted and 60 queries a minute. Medium: 70 % and 600. High: 70 % and
6000, or the leak of the same suffixes is high.

## What you feel

A slow first byte, CPU in CoreDNS, throttled upstreams; failures that take seconds instead of milliseconds.

## Evidence

The inferred resolv.conf with the interval that ndots must lie in, one whole lookup frame by frame, and the bill:
queries sent, queries needed had the winning name been asked first, by client, base and suffix.

## Not to be confused with

An application that tries sibling domains (its names fail the vote for a common suffix); retries (the same name
again); the A and AAAA of one name (one step); CoreDNS' autopath (one query, answered through a CNAME); DNS-SD.

## Fix

A final dot in the application or the ExternalName; a lower ndots in `dnsConfig`; no outside search domain on the
nodes; autopath in the cluster DNS.

## References

resolv.conf(5); kubernetes/kubernetes#14051, #33554, #64924; CoreDNS plugin/autopath.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import KEEP_POD, chain_of, list_fixes, ndots_fixes, rate
from analyzer.findings import Confidence, Finding, Frame, Severity, Subject
from analyzer.measures.leaks import peak_of
from analyzer.measures.search_rows import Search, SearchList
from analyzer.options import Thresholds

NEEDS = ("search", "asked", "clusterdomain", "roles")
AFTER = ("cluster-name-leak",)

_CONFIDENCE = {"high": Confidence.HIGH, "medium": Confidence.MEDIUM, "low": Confidence.LOW}


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each search list at work."""
    search: Search = evidence.results["search"]
    for found in search.lists:
        if found.wasted >= evidence.thresholds.min_events:
            finding = _finding(evidence, search, found)
            if finding:
                yield finding


def _finding(evidence: Evidence, search: Search, found: SearchList) -> Finding | None:
    thresholds = evidence.thresholds
    clients = {client.addr for client in found.clients}
    asked = evidence.results["asked"]
    own = [ident for ident in map(evidence.context.addresses.find, clients) if ident is not None]
    every = [ident for ident in map(evidence.context.addresses.find, (r.key for r in search.bill.clients)) if ident]
    side = evidence.results["roles"].side(asked.rows.client, asked.rows.server)
    towards = np.isin(asked.rows.client, every) & (side != 1)
    peak = peak_of(asked, np.flatnonzero(towards))
    total = search.bill.total
    share = total.wasted_share or 0.0
    leaks = [
        f
        for f in evidence.findings.get("cluster-name-leak", ())
        if f.severity >= Severity.HIGH and str(f.numbers.get("suffix", "")) in found.suffixes
    ]
    severity = _severity(thresholds, share, peak, bool(leaks))
    if severity is None:
        return None
    mine = [row for row in search.bill.bases if row.wasted][:1]
    base = mine[0].key if mine else found.example[-1].name
    first, last = found.example[0], found.example[-1]
    text = " ".join(found.suffixes)
    one = f"{len(found.example)} names" if found.example else "several names"
    return Finding(
        id="search-expansion",
        kind="complete" if found.complete else "partial",
        severity=severity,
        confidence=_CONFIDENCE[found.confidence],
        title=f"one lookup asks for {one}: {found.wasted} of {found.queries} queries wasted on the search list "
        f"of {len(found.clients)} client{'s' * (len(found.clients) != 1)} ({found.ndots.text})",
        subject=Subject("suffix", text),
        first=found.first,
        last=found.last,
        first_frame=Frame(first.file, first.frame),
        last_frame=Frame(last.file, last.frame),
        count=found.queries,
        per_min=rate(found.queries, evidence.context.covered_ns),
        peak_60s=min(found.queries, peak_of(asked, np.flatnonzero(np.isin(asked.rows.client, own) & (side != 1)))),
        side="client",
        numbers={
            "clients": len(found.clients),
            "lookups": found.lookups,
            "queries": found.queries,
            "needed": found.needed,
            "wasted": found.wasted,
            "amplification": round(found.queries / found.needed, 2) if found.needed else None,
            "full_chains": found.full_chains,
            "bases": found.bases,
            "ndots_min": found.ndots.min,
            "ndots_max": found.ndots.max,
            "namespace": found.namespace,
            "client_side_queries": total.queries,
            "client_side_wasted_share": round(share, 3),
            "client_side_peak_60s": peak,
            "autopath_lookups": search.autopath,
        },
        thresholds=_limits(thresholds, severity),
        chain=chain_of(found.example),
        excluded=(
            "retries and the A/AAAA pair are counted within their step",
            f"sibling domains: {found.bases} base names share the suffixes",
            "autopath: " + (f"{search.autopath} lookups use it" if search.autopath else "not seen"),
        ),
        fix=(*ndots_fixes(base), *list_fixes(found.suffixes, evidence.results["clusterdomain"].name), KEEP_POD),
        references=(
            "resolv.conf(5)",
            "https://github.com/kubernetes/kubernetes/issues/33554",
            "https://github.com/kubernetes/kubernetes/issues/64924",
        ),
        wireshark_filter=" || ".join(f"ip{'v6' if ':' in addr else ''}.addr == {addr}" for addr in sorted(clients)[:8]),
    )


def _severity(thresholds: Thresholds, share: float, peak: int, leak_is_high: bool) -> Severity | None:
    if leak_is_high or (share >= thresholds.search_medium_share and peak >= thresholds.search_high_per_min):
        return Severity.HIGH
    if share >= thresholds.search_medium_share and peak >= thresholds.search_medium_per_min:
        return Severity.MEDIUM
    if share >= thresholds.search_low_share and peak >= thresholds.search_low_per_min:
        return Severity.LOW
    return None


def _limits(thresholds: Thresholds, severity: Severity) -> dict[str, float | int | str | None]:
    share = thresholds.search_low_share if severity == Severity.LOW else thresholds.search_medium_share
    peak = {
        Severity.LOW: thresholds.search_low_per_min,
        Severity.MEDIUM: thresholds.search_medium_per_min,
    }.get(severity, thresholds.search_high_per_min)
    return {"client_side_wasted_share": share, "client_side_peak_60s": peak, "bases": thresholds.search_bases}
