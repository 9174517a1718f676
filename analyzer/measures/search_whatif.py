"""What a change would save: the capture's lookups under other rules, side by side with what they were.

The lookups are walked again (`search_replay`); what forwarders send on is scaled by name; a negative TTL thins out repeated
denials by their times. Every result is an interval with the share of lookups in which an outcome had to be guessed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.asked import Asked
from analyzer.measures.rates import per_min
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Side
from analyzer.measures.search_replay import Leg, Replay, Rules, WhatIf, replay
from analyzer.measures.search_rows import Search
from analyzer.messages import Array, TransactionBatch
from analyzer.options import NS

__all__ = ["Cures", "Measure", "usual", "what_if"]


class Cures:
    """The usual cures and what each saves; counted when it is first asked for."""

    def __init__(self, results: Mapping[str, Any], context: Context) -> None:
        self._results = {name: results[name] for name in Measure.needs}
        self._context = context

    @functools.cached_property
    def rows(self) -> tuple[WhatIf, ...]:
        """One for each cure that changes anything here."""
        rules = usual(self._results["search"], self._results["clusterdomain"].name)
        return tuple(what_if(self._results, self._context, one) for one in rules)


class Measure:
    """Counts nothing; `result` is Cures."""

    needs: tuple[str, ...] = ("asked", "clusterdomain", "roles", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `search` and `asked` count."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> Cures:
        """A promise: most who look at a report's numbers never ask."""
        return Cures(results, self._context)


def usual(search: Search, domain: str) -> list[Rules]:
    """The cures that are worth a look where none is named: final dot, ndots 2, no outside suffix, no AAAA,
    denials kept for 30 s."""
    outside = {s for found in search.lists for s in found.suffixes if s != domain and not s.endswith(f".{domain}")}
    seen = {suffix for suffix in search.suffix_of.values() if suffix and not suffix.endswith(domain)}
    drop = tuple(sorted(outside or seen))
    rules = [Rules(fqdn=True), Rules(ndots=2)] if search.lists else []
    return [*rules, *([Rules(drop=drop)] if drop else []), Rules(no_aaaa=True), Rules(negative_ttl_s=30)]


def what_if(results: Mapping[str, Any], context: Context, rules: Rules) -> WhatIf:
    """Replay the capture under `rules`; `results` needs asked, roles, search."""
    search: Search = results["search"]
    asked: Asked = results["asked"]
    roles: Roles = results["roles"]
    table = search.verdict.table
    clients = np.flatnonzero((search.verdict.side == SIDES.index(Side.CLIENT)) | (search.verdict.list_at >= 0))
    walked = replay(search, asked, context.names, rules, clients)
    legs = [_leg(context, Side.CLIENT, "", walked.before, walked.low, walked.high)]
    legs += _upstream(context, asked, roles, walked, rules)
    if rules.negative_ttl_s is not None and len(legs) == 1:
        legs = [_thinned_clients(context, asked, roles, walked, rules)]
    return WhatIf(
        rules=rules,
        legs=tuple(legs),
        lookups=int(table.lookups[clients].sum()),
        assumed_share=walked.assumed_share,
        notes=tuple(_notes(search, asked, rules, context, len(legs) == 1, walked)),
    )


def _leg(context: Context, side: Side, server: str, before: int, low: float, high: float) -> Leg:
    at_least, at_most = sorted((round(low), round(high)))
    rates = (per_min(count, context.covered_ns) for count in (before, at_least, at_most))
    return Leg(side, server, before, at_least, at_most, *rates)


def _upstream(context: Context, asked: Asked, roles: Roles, walked: Replay, rules: Rules) -> list[Leg]:
    """What goes on to each server, scaled by what its names lose on the client side."""
    rows = asked.rows
    if not len(rows):
        return []
    side = roles.side(rows.client, rows.server)
    low, high = _scaled(asked, walked, rules, np.flatnonzero(side != SIDES.index(Side.CLIENT)))
    legs = []
    for kind in (Side.UPSTREAM, Side.SELF):
        mine = side == SIDES.index(kind)
        for server in np.unique(rows.server[mine]).tolist():
            at = mine & (rows.server == server)
            text = context.addresses.text(server)
            legs.append(_leg(context, kind, text, int(rows.queries[at].sum()), low[at].sum(), high[at].sum()))
    return sorted(legs, key=lambda leg: (leg.side != Side.UPSTREAM, -leg.before, leg.server))


def _scaled(asked: Asked, walked: Replay, rules: Rules, chosen: Array) -> tuple[Array, Array]:
    """Queries after, low and high, for every row of `asked` (unchosen rows stay)."""
    rows = asked.rows
    base = rows.queries.astype(float)
    if rules.negative_ttl_s is not None:
        base = _thin(asked, chosen, rules.negative_ttl_s, base)
    low, high = base.copy(), base.copy()
    for at in chosen.tolist():
        name = int(rows.qname[at])
        factor = walked.names.get(name)
        if rules.no_aaaa and rows.qtype[at] == 28:
            low[at] = high[at] = 0.0
        elif factor is not None and factor[0] > 0:
            # Without AAAA a name's queries halve on the client side; here that half is a row of its own.
            whole = 2.0 if rules.no_aaaa and rows.qtype[at] == 1 else 1.0
            low[at] *= min(1.0, whole * factor[1] / factor[0])
            high[at] *= min(1.0, whole * factor[2] / factor[0])
    return low, high


def _thin(asked: Asked, chosen: Array, ttl_s: int, base: Array) -> Array:
    """Of rows that are only ever denied, the queries left if each denial is kept for `ttl_s` seconds."""
    rows = asked.rows
    denied = np.zeros(len(rows), np.bool_)
    denied[chosen] = True
    denied &= (rows.nxdomain + rows.nodata == rows.queries) & (rows.queries > 1)
    inside = denied[asked.events.number]
    number, times = asked.events.number[inside], asked.events.time_ns[inside]
    order = np.argsort(number, kind="stable")
    number, times = number[order], times[order]
    out = base.copy()
    if not len(number):
        return out
    starts = np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]]))
    for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(number)], strict=True):
        kept, at, series = 0, begin, times[begin:end]
        while at < end:
            kept += 1
            at = begin + int(np.searchsorted(series, times[at] + ttl_s * NS))
        out[number[begin]] = kept
    return out


def _thinned_clients(context: Context, asked: Asked, roles: Roles, walked: Replay, rules: Rules) -> Leg:
    """Only one leg was captured: what a cache on it would leave of the clients' queries."""
    rows = asked.rows
    chosen = np.flatnonzero(roles.side(rows.client, rows.server) == SIDES.index(Side.CLIENT))
    low, high = _scaled(asked, walked, rules, chosen)
    return _leg(
        context, Side.CLIENT, "", int(rows.queries[chosen].sum()), float(low[chosen].sum()), float(high[chosen].sum())
    )


def _notes(search: Search, asked: Asked, rules: Rules, context: Context, one_side: bool, walked: Replay) -> list[str]:
    notes = []
    if (rules.ndots is not None or rules.fqdn or rules.drop) and not search.lists:
        notes.append("no search list can be known from here; only names that show an outside suffix change")
    listed = {suffix for found in search.lists for suffix in found.suffixes}
    unseen = [x for x in rules.drop if x not in listed and context.names.find(x) is None]
    notes += [f"{suffix} was not seen as a search suffix" for suffix in unseen]
    if rules.negative_ttl_s is not None and one_side:
        notes.append("only the clients' leg was captured: the cache is taken to sit on it")
    if rules.negative_ttl_s is not None and asked.step_ns:
        notes.append(f"times of a capture this large are kept in steps of {asked.step_ns // NS} s")
    if walked.kept:
        notes.append(f"{walked.kept} lookups of rare names were not walked again and count as they were")
    if walked.unsure:
        notes.append(
            f"which resolver made {walked.unsure} of the lookups is not known: the lower bound is for one that asks no suffix "
            "after the name as typed (musl), the upper for one that does (glibc)"
        )
    return notes
