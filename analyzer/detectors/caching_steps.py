"""What the cache detectors share: known stubs, the two frames that prove a re-ask, what a kept answer saves."""

from __future__ import annotations

from analyzer.detectors import Evidence
from analyzer.dns import rrtypes
from analyzer.findings import Frame, Step
from analyzer.measures.caching import CacheLeg

__all__ = ["saved", "steps_of", "stubs"]


def stubs(evidence: Evidence) -> set[str]:
    """Clients known to keep no cache of their own: they search by a list, each name from a port of its own."""
    roles = evidence.results.get("roles")
    found = set()
    for row in evidence.results["search"].lists:
        for client in row.clients:
            ident = evidence.context.addresses.find(client.addr)
            if roles is None or ident is None or not roles.forwarder[ident]:
                found.add(client.addr)
    return found


def steps_of(leg: CacheLeg, words: str) -> tuple[Step, ...]:
    """The first name asked again: the question that was answered, and the same question again."""
    row = leg.names[0]
    kind = rrtypes.text(row.qtype)
    gap = (row.again_ns - row.first_ns) / 1e9
    first = Step(
        Frame(row.first.file, row.first.frame), row.first_ns, f"{row.qname} {kind}: {words}", {"server": leg.server}
    )
    if not row.count:
        return (first,)
    return (
        first,
        Step(
            Frame(row.again.file, row.again.frame),
            row.again_ns,
            f"{row.qname} {kind}: asked again after {gap:.3f} s",
            {"gap_s": round(gap, 3), "repeats": row.count},
        ),
    )


def saved(leg: CacheLeg, ttl_s: int) -> int:
    """Queries of a leg that a cache of `ttl_s` seconds had spared: at most one query a key and TTL is left."""
    span = max((leg.last - leg.first) / 1e9, 0.0)
    return max(0, leg.re_asks - int(leg.re_asked * (span / ttl_s)))
