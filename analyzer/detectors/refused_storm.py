"""A server refuses many queries.

## What it detects

REFUSED for at least 5 % of the queries to a server and at least 30 in some 60 s. Medium; high from 20 %.

## What you feel

Names fail at once; resolvers go on to the next server.

## Evidence

Errors, share, busiest minute, clients, names, extended DNS errors, and how many were for a question asked within 50 ms
before, which a loop or a full table makes.

## Not to be confused with

A server rightly closed to strangers: see the clients. Causes: no zone of the server matches (CoreDNS without `.`),
`max_concurrent` exceeded, dnsmasq's table full or without an upstream, an access list.

## Fix

By cause: a `forward` for the root zone, a higher limit, the client's network in the access list.

## References

RFC 8914; CoreDNS plugin/forward (max_concurrent); dnsmasq(8) --dns-forward-max.
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
        Fix("Corefile, where its limit is the cause", "forward . <LAN-DNS> {\n    max_concurrent 1000\n}"),
        Fix("dnsmasq, where its table is full", "dns-forward-max=500"),
    )
    causes = ("an access list that means it: see the clients",)
    yield from storms(evidence, "refused-storm", 5, causes, fix, ("RFC 8914", "CoreDNS plugin/forward"))
