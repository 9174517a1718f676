"""Search-domain expansion: the chains, the resolv.conf behind them, and what they cost (docs/semantics.md).

`update` counts lookups by signature. Everything else is decided here at the end: where a base ends and a suffix begins,
which list a client has, what ndots can be, and how many queries a better first candidate had saved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.measures.roles import SIDES, Roles
from analyzer.measures.rows import Side
from analyzer.measures.search_bill import bill_of, needed_of
from analyzer.measures.search_habits import habits
from analyzer.measures.search_lists import describe
from analyzer.measures.search_rows import Search, SearchList, Verdict
from analyzer.measures.search_signatures import Signatures, SignatureSteps, SignatureTable
from analyzer.measures.search_votes import Chain, ClientList, Found, claim, lists_of, remnant, split
from analyzer.messages import Array, Ending, NameTree, TransactionBatch

__all__ = ["Measure"]


class Measure:
    """Counts lookups; `result` is Search."""

    needs: tuple[str, ...] = ("roles", "clusterdomain", "resends", "resolvers")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._signatures = Signatures(context.options.limits.max_keys, context.options.limits.max_events)

    def update(self, batch: TransactionBatch) -> None:
        """Count the batch's lookups."""
        self._signatures.add(batch.lookups, batch.steps)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self._signatures.merge(other._signatures)

    def result(self, results: Mapping[str, Any]) -> Search:
        """Vote and count."""
        roles: Roles = results["roles"]
        table, steps = self._signatures.table()
        names = self._context.names
        side = roles.side(table.client, table.server) if len(table) else np.zeros(0, np.uint8)
        asks = _asks(table, side)
        chains = _chains(table, steps, np.flatnonzero(asks & (table.steps > 1)))
        split(chains, names)
        lists, weak = _lists(self._context, chains)
        verdict = _verdict(table, steps, side, lists, self._context, results)
        events = self._signatures.events
        times = events.events()
        verdict = Verdict(**{**_fields(verdict), "events": times, "step_ns": events.step_ns})
        rows = describe(self._context, lists, verdict, results)
        base_of, suffix_of = _named(verdict)
        return Search(
            lists=rows,
            bill=bill_of(verdict, asks & ((side == SIDES.index(Side.CLIENT)) | (verdict.list_at >= 0)), self._context),
            verdict=verdict,
            base_of=base_of,
            suffix_of={node: names.text(suffix) if suffix else "" for node, suffix in suffix_of.items()},
            unclaimed=_unclaimed(self._context, verdict, asks & (side == SIDES.index(Side.CLIENT)), rows, weak),
            autopath=_autopath(table, steps, names, asks),
            over_lookups=int(self._signatures.over[0]),
            over_queries=int(self._signatures.over[1]),
        )


def _fields(verdict: Verdict) -> dict[str, Any]:
    return {name: getattr(verdict, name) for name in Verdict.__dataclass_fields__}


def _asks(table: SignatureTable, side: Array) -> Array:
    """Lookups of stubs: client side, and a machine that asks itself from ports that carry one name each."""
    own = side == SIDES.index(Side.SELF)
    return np.asarray((side == SIDES.index(Side.CLIENT)) | (own & (table.pooled == 0)))


def _chains(table: SignatureTable, steps: SignatureSteps, rows: Array) -> list[Chain]:
    qname = steps.qname.tolist()
    out = []
    ended = np.isin(table.ending, [Ending.FAILED, Ending.NODATA])
    columns = (table.client, table.first_step, table.steps, table.common, table.lookups, ended, table.pooled == 1)
    for row, client, first, count, common, lookups, end, pooled in zip(
        rows.tolist(), *(column[rows].tolist() for column in columns), strict=True
    ):
        out.append(Chain(row, client, tuple(qname[first : first + count]), common, lookups, end, pooled))
    return out


def _lists(context: Context, chains: Sequence[Chain]) -> tuple[list[Found], list[ClientList]]:
    by_client: dict[int, list[Chain]] = defaultdict(list)
    for chain in chains:
        by_client[chain.client].append(chain)
    thresholds = context.options.thresholds
    seen = [found for client in sorted(by_client) for found in lists_of(client, by_client[client], thresholds)]
    claimed, weak = claim(seen, context.names, thresholds)
    claimed.sort(key=lambda f: (-sum(c.lookups for c in f.clients), f.suffixes))
    return claimed, weak


def _verdict(
    table: SignatureTable,
    steps: SignatureSteps,
    side: Array,
    lists: Sequence[Found],
    context: Context,
    results: Mapping[str, Any],
) -> Verdict:
    """What the vote says of every signature."""
    domain: ClusterDomain = results["clusterdomain"]
    names = context.names
    size = len(table)
    list_at, base_at, as_is = (np.full(size, -1, np.int64) for _ in range(3))
    step_suffix = np.full(len(steps), -1, np.int64)
    bases: dict[str, int] = {}
    known: dict[int, tuple[int, int]] = {}  # name: base, suffix
    for at, found in enumerate(lists):
        for mine in found.clients:
            for chain in [*mine.chains, *mine.torn]:
                list_at[chain.row], as_is[chain.row] = at, chain.as_is
                base_at[chain.row] = bases.setdefault(chain.base, len(bases))
                rest = iter(chain.suffixes)
                for position, name in enumerate(chain.names):
                    suffix = 0 if position == chain.as_is else next(rest)
                    step_suffix[int(table.first_step[chain.row]) + position] = suffix
                    known.setdefault(name, (bases[chain.base], suffix))
    singles = np.flatnonzero(table.steps == 1)
    first = table.first_step[singles]
    for row, at, name in zip(singles.tolist(), first.tolist(), steps.qname[first].tolist(), strict=True):
        found_name = known.get(name)
        if found_name is None and domain.rest[name]:
            suffix = int(domain.rest[name])
            labels = names.text(name).removesuffix("." + names.text(suffix))
            found_name = known[name] = (bases.setdefault(labels, len(bases)), suffix)
        if found_name:
            base_at[row], step_suffix[at] = found_name
    needed = needed_of(table, steps, as_is)
    habit = habits(table, as_is, results["resolvers"], context)
    return Verdict(table, steps, side, list_at, base_at, as_is, needed, step_suffix, habit, context, tuple(bases))


def _named(verdict: Verdict) -> tuple[dict[int, str], dict[int, int]]:
    """Base and suffix of every name in an established chain or infix leak."""
    known = np.flatnonzero(verdict.step_suffix >= 0)
    row_of = np.repeat(np.arange(len(verdict.table)), verdict.table.steps)  # steps stand in the order of the rows
    bases: dict[int, str] = {}
    suffixes: dict[int, int] = {}
    for at in known.tolist():
        base = int(verdict.base[row_of[at]])
        name = int(verdict.steps.qname[at])
        if base >= 0 and name not in bases:
            bases[name], suffixes[name] = verdict.bases[base], int(verdict.step_suffix[at])
    return bases, suffixes


def _unclaimed(
    context: Context, verdict: Verdict, asks: Array, rows: Sequence[SearchList], weak: Sequence[ClientList]
) -> dict[str, str]:
    """Clients without a list, and why."""
    text = context.addresses.text
    table = verdict.table
    outer: dict[str, set[str]] = defaultdict(set)  # suffixes of candidates that come past alone
    lone = np.flatnonzero(asks & (table.steps == 1))
    suffix = verdict.step_suffix[table.first_step[lone]]
    for client, node in zip(table.client[lone][suffix > 0].tolist(), suffix[suffix > 0].tolist(), strict=True):
        outer[text(client)].add(context.names.text(node))
    have = {client.addr for found in rows for client in found.clients}
    little = {text(found.client): found for found in weak}
    several = {text(client) for client in np.unique(table.client[asks & (table.steps > 1)]).tolist()}
    out = {}
    for client in np.unique(table.client[asks]).tolist():
        addr = text(client)
        if addr in have:
            continue
        if addr in little and remnant(little[addr]):
            only = context.names.text(little[addr].suffixes[0])
            out[addr] = f"a forwarder: only the part with {only} comes past here, so the list cannot be known"
        elif addr in outer:
            tails = " ".join(sorted(outer[addr])[:3])
            out[addr] = f"a forwarder: only candidates with {tails} come past here, so the list cannot be known"
        elif addr in little:
            count = len(little[addr].bases)
            out[addr] = f"several names were tried for {count} base name{'s' * (count != 1)}, too few to tell a list"
        elif addr in several:
            out[addr] = "several names were tried, but no common search list explains them"
        else:
            out[addr] = "no name was tried with several suffixes: from here its search list, if any, cannot be known"
    return out


def _autopath(table: SignatureTable, steps: SignatureSteps, names: NameTree, asks: Array) -> int:
    """Lookups that one query answered with a CNAME to the name less its suffix: CoreDNS's autopath."""
    rows = np.flatnonzero(asks & (table.steps == 1) & (table.ending == Ending.ANSWERED))
    at = table.first_step[rows]
    rows = rows[steps.answer_cname[at] > 0]
    count = 0
    for row in rows.tolist():
        step = int(table.first_step[row])
        asked = [label.lower() for label in names.labels(int(steps.qname[step]))]
        target = [label.lower() for label in names.labels(int(steps.answer_cname[step]))]
        shared = 0
        for one, other in zip(asked, target, strict=False):
            if one != other:
                break
            shared += 1
        svc = b"svc" in asked[shared:]
        if svc and shared and shared >= min(len(target), 2):
            count += int(table.lookups[row])
    return count
