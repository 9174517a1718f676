"""Names under no delegated top-level domain are asked upstream.

## What it detects

On the upstream side: single labels, and names whose last label is one that local networks make
up (lan, home, corp, internal, localdomain, intranet, svc, …), is reserved (local, test, invalid, onion, …) or is not in the
bundled list of top-level domains; without an answer that has data, at least ten. Low; medium from 60 a minute.

## What you feel

The upstream sees internal names; denials from the root, slow and for nothing.

## Evidence

The last label, the names asked most, clients and servers.

## Not to be confused with

Zones that are routed there on purpose (they have data); loop probes; the cluster's own domain (`cluster-name-leak`);
old Chrome's probes of 7 to 15 random letters.

## Fix

`domain-needed` and `local=/lan/` in dnsmasq; a `template` with an SOA in the Corefile.

## References

RFC 6761; RFC 6762; RFC 8375; RFC 7686; kubernetes/kubernetes#89144.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Final

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import name_filter, paste, rate, template
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Step, Subject
from analyzer.measures.misplaced import Misplaced
from analyzer.measures.rows import Side

NEEDS = ("misplaced",)

_SINGLE: Final = "(single label)"
_CHROME: Final = re.compile(r"[a-z]{7,15}")
_CHROME_NAMES: Final = 3
_MOST: Final = 20  # findings; made-up labels can be any number


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each last label, the most asked first; at most twenty."""
    few = evidence.thresholds.min_events
    rows = (row for row in evidence.results["misplaced"] if row.kind == "tld" and row.side == Side.UPSTREAM)
    for row in itertools.islice((row for row in rows if row.queries >= few and not _chrome(row)), _MOST):
        yield _finding(evidence, row)


def _chrome(row: Misplaced) -> bool:
    """Single labels, each of 7 to 15 letters and asked hardly more than once."""
    return (
        row.zone == _SINGLE
        and row.names >= _CHROME_NAMES
        and row.queries <= 4 * row.names
        and all(_CHROME.fullmatch(name) for name, _, _ in row.top)
    )


def _finding(evidence: Evidence, row: Misplaced) -> Finding:
    limit = evidence.thresholds.bogus_tld_medium_per_min
    name, _, frame = row.top[0]
    what = "names of one label" if row.zone == _SINGLE else f"names under {row.zone}, which is no top-level domain,"
    single = row.zone == _SINGLE
    return Finding(
        id="bogus-tld-leak",
        kind="single-label" if single else "tld",
        severity=Severity.MEDIUM if row.peak_60s >= limit else Severity.LOW,
        confidence=Confidence.HIGH,
        title=f"{row.queries} queries for {row.names} {what} go to {', '.join(list(row.servers)[:3])}",
        subject=Subject("suffix", f"{row.side} {row.zone}"),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.queries,
        per_min=rate(row.queries, evidence.context.covered_ns),
        peak_60s=row.peak_60s,
        side=str(row.side),
        numbers={
            "queries": row.queries,
            "names": row.names,
            **{f"from {client}": count for client, count in list(row.clients.items())[:5]},
        },
        thresholds={"peak_60s": limit},
        chain=(Step(Frame(frame.file, frame.frame), row.first, name, {"server": next(iter(row.servers), "")}),),
        examples=[Frame(frame.file, frame.frame) for _, _, frame in row.top[1:6]],
        excluded=("no answer had data: not a zone routed there on purpose", "loop probes are not counted"),
        fix=(
            Fix(
                "dnsmasq.conf", "domain-needed" if single else f"local=/{paste(row.zone)}/    # its denials lack an SOA"
            ),
            *(() if single else (Fix("Corefile, block .:53", template(row.zone)),)),
        ),
        references=("RFC 6761", "RFC 6762", "RFC 8375", "https://github.com/kubernetes/kubernetes/issues/89144"),
        wireshark_filter='!(dns.qry.name contains ".")' if single else name_filter(row.zone),
    )
