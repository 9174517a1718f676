"""A server answers many queries with SERVFAIL.

## What it detects

SERVFAIL for at least 5 % of the queries to a server and at least 30 in some 60 s. Medium; high from 20 %. Kind `gave-up`
where most came 6.0 or 4.0 s after the query: CoreDNS had then tried its upstreams three or two times, 2 s each.

## What you feel

Names fail, after a delay or at once; resolvers go on to the next server and the next suffix.

## Evidence

Errors, share, busiest minute, time to the answer, clients, names, extended DNS errors.

## Not to be confused with

DNSSEC failures (extended errors 5 to 12), which are for single zones; a broken zone that one client polls: see the names.

## Fix

Look at the server's upstreams (see `upstream-unhealthy`, `unanswered`); give it a second one.

## References

RFC 9520; RFC 8914; CoreDNS plugin/forward.
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
        Fix("Corefile", "forward . <LAN-DNS> <SECOND-DNS> {\n    policy sequential\n    failover SERVFAIL REFUSED\n}"),
        Fix("Corefile", "log . {\n    class error\n}\nerrors    # why it fails"),
    )
    causes = ("a single broken zone: see the names; DNSSEC: see the extended errors",)
    yield from storms(evidence, "servfail-storm", 2, causes, fix, ("RFC 9520", "RFC 8914"))
