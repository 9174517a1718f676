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

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import KEEP_POD, chain_of, ndots_fixes, rate, saving, source_fixes
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Subject
from analyzer.measures.asked import Asked
from analyzer.measures.leaks import peak_of
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Side
from analyzer.measures.search_replay import Rules
from analyzer.measures.search_rows import Search, SearchList
from analyzer.options import Thresholds

NEEDS = ("search", "asked", "clusterdomain", "roles")
AFTER = ("cluster-name-leak",)

_CONFIDENCE = {"high": Confidence.HIGH, "medium": Confidence.MEDIUM, "low": Confidence.LOW}


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each search list at work."""
    search: Search = evidence.results["search"]
    peak = _peak(evidence, [row.key for row in search.bill.clients])
    for at, found in enumerate(search.lists):
        share = search.bill.total.wasted_share or 0.0
        severity = _severity(evidence.thresholds, share, peak, _leak_is_high(evidence, found))
        if severity is not None and found.wasted >= evidence.thresholds.min_events:
            yield _finding(evidence, search, at, severity, peak)


def _peak(evidence: Evidence, clients: Iterable[str]) -> int:
    """Queries of these clients in the busiest 60 s, forwarded ones left out."""
    asked: Asked = evidence.results["asked"]
    idents = [ident for ident in map(evidence.context.addresses.find, clients) if ident is not None]
    side = evidence.results["roles"].side(asked.rows.client, asked.rows.server)
    return peak_of(asked, np.flatnonzero(np.isin(asked.rows.client, idents) & (side != SIDES.index(Side.UPSTREAM))))


def _leak_is_high(evidence: Evidence, found: SearchList) -> bool:
    leaks = evidence.findings.get("cluster-name-leak", ())
    return any(f.severity >= Severity.HIGH and f.numbers.get("suffix", "") in found.suffixes for f in leaks)


def _finding(evidence: Evidence, search: Search, at: int, severity: Severity, peak: int) -> Finding:
    found = search.lists[at]
    clients = [client.addr for client in found.clients]
    first, last = found.example[0], found.example[-1]
    return Finding(
        id="search-expansion",
        kind="complete" if found.complete else "partial",
        severity=severity,
        confidence=_CONFIDENCE[found.confidence],
        title=f"one lookup of {_who(clients)} asks {first.server} for {len(found.example)} names: {found.wasted} of "
        f"{found.queries} queries wasted on the search list ({found.ndots.text})",
        subject=Subject("suffix", " ".join(found.suffixes)),
        first=found.first,
        last=found.last,
        first_frame=Frame(first.file, first.frame),
        last_frame=Frame(last.file, last.frame),
        count=found.queries,
        per_min=rate(found.queries, evidence.context.covered_ns),
        peak_60s=min(found.queries, _peak(evidence, clients)),
        side="client",
        numbers=_numbers(search, found, peak),
        thresholds=_limits(evidence.thresholds, severity),
        chain=chain_of(found.example),
        excluded=(
            "retries and the A/AAAA pair are counted within their step",
            f"sibling domains: {found.bases} base names share the suffixes",
            "autopath: " + (f"{search.autopath} lookups use it" if search.autopath else "not seen"),
        ),
        fix=_fixes(evidence, search, at),
        references=(
            "resolv.conf(5)",
            "https://github.com/kubernetes/kubernetes/issues/33554",
            "https://github.com/kubernetes/kubernetes/issues/64924",
        ),
        wireshark_filter=" || ".join(f"ip{'v6' if ':' in addr else ''}.addr == {addr}" for addr in clients[:8]),
    )


def _who(clients: Sequence[str]) -> str:
    """`10.0.0.1`, `10.0.0.1 and 10.0.0.2`, `10.0.0.1, 10.0.0.2 and 5 more`."""
    if len(clients) < 3:
        return " and ".join(clients)
    last = clients[2] if len(clients) == 3 else f"{len(clients) - 2} more"
    return f"{clients[0]}, {clients[1]} and {last}"


def _numbers(search: Search, found: SearchList, peak: int) -> dict[str, float | int | str | None]:
    total = search.bill.total
    return {
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
        "client_side_wasted_share": round(total.wasted_share or 0.0, 3),
        "client_side_peak_60s": peak,
        "autopath_lookups": search.autopath,
    }


def _fixes(evidence: Evidence, search: Search, at: int) -> tuple[Fix, ...]:
    """The cures, each with what it saves of this list's queries."""
    found = search.lists[at]
    domain = evidence.results["clusterdomain"].name
    rows = np.flatnonzero(search.verdict.list_at == at)
    outside = tuple(s for s in found.suffixes if s != domain and not s.endswith(f".{domain}"))

    def saved(rules: Rules) -> str:
        return saving(evidence, rules, rows)

    wasted = [row.key for row in search.bill.bases if row.wasted]
    base = next((key for key in wasted if key in set(search.base_of.values())), found.example[-1].name)
    fixes = ndots_fixes(base, saved(Rules(fqdn=True)), saved(Rules(ndots=2)))
    return (*fixes, *(source_fixes(outside[0], saved(Rules(drop=outside))) if outside else (KEEP_POD,)))


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
