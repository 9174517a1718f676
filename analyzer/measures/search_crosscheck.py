"""A declared resolv.conf against the lists seen at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.measures.search_rows import Ndots, Search, SearchList

__all__ = ["CrossCheck", "cross_check"]

_FULL: Final = 3  # chains that must have come to their end before a suffix can be called missing


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """`verdict` is `match`, `prefix-only` (chains ended early: fine), `extra-in-traffic`, `missing-in-traffic`,
    `order-differs`, `not-seen` (the client searched nothing) or `too-little` (not enough full chains to tell).
    `ndots` is `fits`, `outside` or `unknown`. `source` names the declaration.
    """

    source: str
    client: str
    declared: tuple[str, ...]
    declared_ndots: int
    seen: tuple[str, ...]
    seen_ndots: Ndots
    verdict: str
    ndots: str
    extra: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    full_chains: int = 0


def cross_check(
    search: Search, source: str, suffixes: Sequence[str], ndots: int, client: str = ""
) -> tuple[CrossCheck, ...]:
    """One row for each list seen of the client (of every client that has one, where `client` is empty)."""
    declared = tuple(suffix.strip(".").lower() for suffix in suffixes)
    rows = [
        _compare(found, one.addr, one.full_chains, source, declared, ndots)
        for found in search.lists
        for one in found.clients
        if client in ("", one.addr)
    ]
    if rows:
        return tuple(rows)
    return (CrossCheck(source, client, declared, ndots, (), Ndots(), "not-seen", "unknown"),)


def _compare(
    found: SearchList, client: str, full: int, source: str, declared: tuple[str, ...], ndots: int
) -> CrossCheck:
    seen = found.suffixes
    extra = tuple(suffix for suffix in seen if suffix not in declared)
    missing = tuple(suffix for suffix in declared if suffix not in seen)
    if seen == declared:
        verdict = "match"
    elif extra:
        verdict = "extra-in-traffic"
    elif seen != tuple(suffix for suffix in declared if suffix in seen):
        verdict = "order-differs"
    elif not found.complete and seen == declared[: len(seen)]:
        verdict = "prefix-only"
    else:
        verdict = "missing-in-traffic" if full >= _FULL else "too-little"
    low, high = found.ndots.min, found.ndots.max
    outside = (low is not None and ndots < low) or (high is not None and ndots > high)
    known = low is not None or high is not None
    return CrossCheck(
        source=source,
        client=client,
        declared=declared,
        declared_ndots=ndots,
        seen=seen,
        seen_ndots=found.ndots,
        verdict=verdict,
        ndots="outside" if outside else "fits" if known else "unknown",
        extra=extra,
        missing=missing,
        full_chains=full,
    )
