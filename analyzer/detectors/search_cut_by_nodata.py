"""A search ends too early: a candidate exists without an address, so the name as typed is never tried.

## What it detects

Lookups of clients with a known search list that end at a candidate with a suffix, answered NODATA (NOERROR without a
record) for every type asked; at least ten. musl and others stop there: the name exists, it just has no address.
glibc goes on. Medium where the base is known to resolve otherwise, else low.

## What you feel

"Name has no usable address" in Alpine images, while the same name works elsewhere.

## Evidence

The suffix, the bases, whether they resolved for other clients, one lookup frame by frame.

## Not to be confused with

A name as typed that has no address (that is its real answer); AAAA alone without data.

## Fix

Remove what makes the candidate exist (a wildcard with other types, an empty non-terminal, a `template` that says NOERROR);
a final dot or fewer dots needed (ndots) for the name.

## References

musl, "Functional differences from glibc: name resolver"; RFC 8020; RFC 4592 section 2.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer.detectors import Evidence
from analyzer.detectors.search_fixes import chain_of, name_filter, ndots_fixes, rate, saving
from analyzer.findings import Confidence, Finding, Fix, Frame, Severity, Subject
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Side
from analyzer.measures.search_replay import Rules
from analyzer.measures.wildcards import Cut
from analyzer.messages import Array, Ending

NEEDS = ("asked", "search", "wildcards")


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each suffix."""
    for row in evidence.results["wildcards"].cuts:
        if row.lookups >= evidence.thresholds.min_events:
            yield _finding(evidence, row)


def _rows(evidence: Evidence, row: Cut) -> Array:
    """The signatures that end at a candidate under this suffix."""
    verdict = evidence.results["search"].verdict
    table = verdict.table
    last = verdict.step_suffix[table.first_step + table.steps - 1]
    node = evidence.context.names.find(row.suffix)
    cut = (table.ending == Ending.NODATA) & (verdict.base >= 0) & (last > 0) & (last == (node or -1))
    return np.flatnonzero(cut & (verdict.side == SIDES.index(Side.CLIENT)))


def _finding(evidence: Evidence, row: Cut) -> Finding:
    base = (row.lost or row.bases)[0]
    rows = _rows(evidence, row)
    return Finding(
        id="search-cut-by-nodata",
        kind="resolves-elsewhere" if row.lost else "unproven",
        severity=Severity.MEDIUM if row.lost else Severity.LOW,
        confidence=Confidence.HIGH if row.lost else Confidence.MEDIUM,
        title=f"{row.lookups} lookups end at a candidate under {row.suffix} that exists without an address",
        subject=Subject("suffix", row.suffix),
        first=row.first,
        last=row.last,
        first_frame=Frame(row.first_frame.file, row.first_frame.frame),
        last_frame=Frame(row.last_frame.file, row.last_frame.frame),
        count=row.lookups,
        per_min=rate(row.lookups, evidence.context.covered_ns),
        side="client",
        numbers={
            "lookups": row.lookups,
            "bases": len(row.bases),
            "bases_that_resolve_elsewhere": len(row.lost),
            "clients": len(row.clients),
        },
        thresholds={"lookups": evidence.thresholds.min_events},
        chain=chain_of(row.example),
        excluded=("the name as typed is not counted", "lookups with an address for one type are not counted"),
        fix=(
            Fix("the server of the suffix", "# answer NXDOMAIN for names that do not exist, not NOERROR without data"),
            *ndots_fixes(base, *(saving(evidence, rules, rows) for rules in (Rules(fqdn=True), Rules(ndots=2))))[:2],
        ),
        references=(
            "https://wiki.musl-libc.org/functional-differences-from-glibc.html",
            "RFC 8020",
            "RFC 4592 section 2.2.2",
        ),
        wireshark_filter=" && ".join(
            part for part in ("dns.flags.rcode == 0 && dns.count.answers == 0", name_filter(row.suffix)) if part
        ),
    )
