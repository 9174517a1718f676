"""A program asks for a name that does not exist, over and over, with a period.

## What it detects

A base name all of whose lookups by a client fail, at least ten of them. Let g be the gaps between each lookup and the
w-th next one; the smallest w up to 16 for which they are nearly equal (interquartile range at most 0.3 of the
median) gives the period and the number of workers. It fires where there is a period and the name as typed was seen to
fail. Where only a candidate with an outside suffix comes past (kind `outer`, on the LAN), it fires at 60 lookups a
minute over all clients of that side, with medium confidence: a dead name and one whose next candidate works look alike
there. Kind `ingress-nginx-externalname`: A, answer, AAAA, all candidates from one port, as ingress-nginx's Lua
resolver does; it looks up the ExternalName services in every worker once a second and caches only successes.

Low; medium from 60 lookups a minute; high if all dead names together cost 1000 queries a minute, or it leaks.

## What you feel

A constant load, error logs full of the same name.

## Evidence

Period, workers, queries per lookup, the rate at the client and what of it leaves; what repairing the name, a final dot
or a single worker saves.

## Not to be confused with

People and cron jobs (no period); a headless Service scaled to zero (its name is NXDOMAIN by design); health probes.

## Fix

Repair or delete the Ingress or ExternalName; a final dot in externalName; fewer worker-processes; make the denial
cacheable (`nxdomain-no-soa`).

## References

kubernetes/ingress-nginx#6523, #12173; ingress-nginx rootfs/etc/nginx/lua/balancer.lua, util/dns.lua.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import chain_of, name_filter, paste, rate, saves
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Subject
from analyzer.measures.deadnames import DeadName
from analyzer.measures.keyed import grouped
from analyzer.measures.search_rows import Verdict
from analyzer.options import NS

NEEDS = ("deadnames", "search", "leaks")


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each client and dead base name."""
    chosen = [row for row in evidence.results["deadnames"] if _fires(evidence, row)]
    together = sum(row.peak_lookups_60s * row.queries_per_lookup for row in chosen)
    spare = _spare(evidence.results["search"].verdict) if chosen else {}
    for row in chosen:
        dot = row.queries if row.outer_only else spare.get((row.client, row.base), 0)
        yield _finding(evidence, row, together, len(chosen), dot)


def _spare(verdict: Verdict) -> dict[tuple[str, str], int]:
    """Queries that a client's lookups of a base spent on other names than the one as typed."""
    known = np.flatnonzero(verdict.base >= 0)
    key = verdict.table.client[known].astype(np.uint64) << np.uint64(32) | verdict.base[known].astype(np.uint64)
    keys, _, index = grouped(key)
    sums = np.bincount(index, (verdict.table.queries - verdict.needed)[known], minlength=len(keys))
    text = verdict.context.addresses.text
    return {
        (text(packed >> 32), verdict.bases[packed & 0xFFFFFFFF]): int(count)
        for packed, count in zip(keys.tolist(), sums.tolist(), strict=True)
        if count
    }


def _fires(evidence: Evidence, row: DeadName) -> bool:
    if row.outer_only:
        return row.peak_lookups_60s >= evidence.thresholds.dead_outer_per_min
    return row.period_ns > 0


def _finding(evidence: Evidence, row: DeadName, together: float, names: int, dot: int) -> Finding:
    thresholds = evidence.thresholds
    high = row.leaks or together >= thresholds.dead_high_queries_per_min
    medium = row.peak_lookups_60s >= thresholds.dead_medium_per_min
    kind = "outer" if row.outer_only else "ingress-nginx-externalname" if row.lua else "polling"
    every = f", every {row.period_ns / NS:.2f} s" if row.period_ns else ""
    workers = f" by {row.workers} workers" if row.workers > 1 and not row.outer_only else ""
    who = row.client or ", ".join(list(row.clients)[:4])
    active = row.lookups_per_min
    return Finding(
        id="dead-name-polling",
        kind=kind,
        severity=Severity.HIGH if high else Severity.MEDIUM if medium else Severity.LOW,
        confidence=Confidence.MEDIUM
        if row.outer_only or row.lookups < 2 * thresholds.dead_lookups
        else Confidence.HIGH,
        title=f"{row.base} never resolves and is looked up {row.lookups} times{every}{workers} ({who})",
        subject=Subject("base", row.base if row.outer_only else f"{row.client} {row.base}"),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.lookups,
        per_min=rate(row.lookups, evidence.context.covered_ns),
        peak_60s=row.peak_lookups_60s,
        side="client",
        numbers={
            "base": row.base,
            "lookups": row.lookups,
            "queries": row.queries,
            "queries_per_lookup": round(row.queries_per_lookup, 2),
            "candidates": row.steps,
            "period_s": round(row.period_ns / NS, 3) if row.period_ns else None,
            "workers": row.workers or None,
            "lookups_per_min": round(active, 1) if active else None,
            "queries_per_min": round(active * row.queries_per_lookup, 1) if active else None,
            "dead_names": names,
            "dead_queries_60s": round(together),
            "leaks": "yes" if row.leaks else "no",
            "queries_saved": row.queries,
            "queries_saved_with_final_dot": dot,
            **{f"from {client}": count for client, count in list(row.clients.items())[:8]},
        },
        thresholds={
            "lookups": thresholds.dead_lookups,
            "peak_60s": thresholds.dead_outer_per_min if row.outer_only else thresholds.dead_medium_per_min,
            "dead_queries_60s": thresholds.dead_high_queries_per_min,
            "gap_iqr": thresholds.dead_iqr,
        },
        chain=chain_of(row.example),
        excluded=_excluded(row),
        fix=_fixes(row, dot),
        references=(
            "https://github.com/kubernetes/ingress-nginx/issues/6523",
            "https://github.com/kubernetes/ingress-nginx/issues/12173",
        ),
        wireshark_filter=name_filter(row.base).replace("$", "") if row.outer_only else name_filter(row.base),
    )


def _excluded(row: DeadName) -> tuple[str, ...]:
    out = ["no lookup of it was answered"]
    if row.period_ns:
        out.append("people and cron jobs: the lookups have a period")
    if row.headless:
        out.append("not ruled out: a headless Service scaled to zero has no address by design")
    if row.outer_only:
        out.append("not ruled out: the next candidate, which does not come past here, may resolve")
    return tuple(out)


def _fixes(row: DeadName, dot: int) -> tuple[Fix, ...]:
    name = paste(row.base)
    fewer = row.lua and row.workers > 1 and not row.outer_only
    find = 'kubectl get svc -A -o jsonpath=\'{range .items[?(@.spec.type=="ExternalName")]}{.metadata.namespace}/{.metadata.name} {.spec.externalName}{"\\n"}{end}\''
    return (
        Fix("find who asks", find),
        Fix(
            "the Ingress or ExternalName service",
            f"# repair or delete what points to {name}; {saves(row.queries, row.queries)}",
        ),
        Fix(
            "ExternalName service",
            f"externalName: {name}.    # final dot: one name per lookup instead of {row.steps}; {saves(dot, row.queries)}",
        ),
        Fix(
            "ingress-nginx ConfigMap",
            'worker-processes: "1"    # each worker looks it up by itself'
            + (f"; {saves(row.queries - row.queries // row.workers, row.queries)}" if fewer else ""),
        ),
    )
