"""A server does not understand many queries.

## What it detects

FORMERR for at least 5 % of the queries to a server and at least 30 in some 60 s. Medium; high from 20 %.

## What you feel

Every name costs one more round trip, or fails.

## Evidence

Errors, share, busiest minute, clients, names.

## Not to be confused with

The single FORMERR with which an old server answers EDNS, after which the client leaves EDNS away (`edns-fragment`).

## Fix

Replace the server or the box in between that does not know EDNS; until then, no EDNS towards it.

## References

RFC 6891 section 7; RFC 8906; DNS flag day 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.detectors import Evidence
from analyzer.detectors.error_storms import storms
from analyzer.findings import Finding, Fix

NEEDS = ("errors",)
AFTER = ("forward-loop", "loop-probe-loop")


def detect(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such server."""
    fix = (
        Fix("a shell", "dig +norec +edns=0 @<SERVER> . SOA    # FORMERR here too? then the server does not know EDNS"),
    )
    yield from storms(evidence, "formerr-storm", 1, (), fix, ("RFC 6891 section 7", "RFC 8906"))
