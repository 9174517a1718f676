"""Claimed search lists in words: clients, ndots, the resolv.conf text, one example lookup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from analyzer.dns import rcodes, rrtypes
from analyzer.measures import Context
from analyzer.measures.search_bill import suffix_rows
from analyzer.measures.search_rows import BillRow, ExampleStep, ListClient, Ndots, SearchList, Verdict
from analyzer.measures.search_votes import ClientList, Found, bounds, namespace_of
from analyzer.messages import Array, Ending, Outcome

__all__ = ["describe", "example", "resolv_conf"]

_SURE_LOOKUPS = 10
_ALWAYS = 0.95


def describe(context: Context, lists: Sequence[Found], verdict: Verdict) -> tuple[SearchList, ...]:
    """One row per claimed list, the most used first."""
    rows = [_row(context, at, found, verdict) for at, found in enumerate(lists)]
    if len(rows) < 2:
        return tuple(rows)
    main = max(rows, key=lambda row: (len(row.clients), row.lookups))
    return tuple(row if row is main else _differing(row, main) for row in rows)


def _differing(row: SearchList, main: SearchList) -> SearchList:
    missing = [s for s in main.suffixes if s not in row.suffixes]
    extra = [s for s in row.suffixes if s not in main.suffixes]
    words = []
    if missing:
        words.append("lacks " + " ".join(missing))
    if extra:
        words.append("has " + " ".join(extra))
    if not words:
        words.append("same suffixes in another order")
    fields = {name: getattr(row, name) for name in SearchList.__dataclass_fields__}
    return SearchList(**{**fields, "differs": ", ".join(words)})


def _row(context: Context, at: int, found: Found, verdict: Verdict) -> SearchList:
    names, text = context.names, context.addresses.text
    table = verdict.table
    rows = np.flatnonzero(verdict.list_at == at)
    chains = [chain for client in found.clients for chain in client.chains]
    low, high = bounds(chains, found.suffixes)
    ndots = Ndots(low, high, _weak(context, found, verdict, low))
    servers = Counter[str]()
    for server, lookups in zip(table.server[rows].tolist(), table.lookups[rows].tolist(), strict=True):
        servers[text(server)] += lookups
    asked = tuple(server for server, _ in sorted(servers.items(), key=lambda pair: (-pair[1], pair[0])))
    suffixes = tuple(names.text(suffix) for suffix in found.suffixes)
    full = sum(client.full for client in found.clients)
    bases = {chain.base for chain in chains}
    stub = 2 * sum(chain.lookups for chain in chains if chain.pooled) <= sum(chain.lookups for chain in chains)
    sure = stub and found.complete and full >= _SURE_LOOKUPS and len(bases) >= context.options.thresholds.search_bases
    return SearchList(
        clients=tuple(_client(context, client, verdict) for client in _by_address(found.clients, context)),
        suffixes=suffixes,
        ndots=ndots,
        lookups=int(table.lookups[rows].sum()),
        queries=int(table.queries[rows].sum()),
        needed=int(verdict.needed[rows].sum()),
        full_chains=full,
        bases=len(bases),
        complete=found.complete,
        confidence="high" if sure else "medium" if found.complete or len(chains) > 1 else "low",
        namespace=namespace_of(found.suffixes, names),
        servers=asked[:3],
        resolv_conf=resolv_conf(suffixes, asked[:3], ndots, found.complete, int(table.lookups[rows].sum())),
        first=int(table.first_ns[rows].min()),
        last=int(table.last_ns[rows].max()),
        per_suffix=_in_order(suffix_rows(verdict, rows, context), suffixes),
        example=example(context, verdict, _telling(verdict, rows)),
    )


def _in_order(rows: Sequence[BillRow], suffixes: Sequence[str]) -> tuple[BillRow, ...]:
    """As the list has them, the name as typed last."""
    place = {suffix: at for at, suffix in enumerate(suffixes)}
    return tuple(sorted(rows, key=lambda row: (place.get(row.key, len(place)), row.key)))


def _by_address(clients: Sequence[ClientList], context: Context) -> list[ClientList]:
    def order(found: ClientList) -> tuple[int, bytes]:
        address = context.addresses.address(found.client)
        return (address.version, address.packed) if address else (9, b"")

    return sorted(clients, key=order)


def _client(context: Context, found: ClientList, verdict: Verdict) -> ListClient:
    chains = found.chains + found.torn
    table = verdict.table
    rows = np.array([chain.row for chain in chains], np.int64)
    lookups = table.lookups[rows]
    serial = int(lookups[table.serial[rows] == 1].sum())
    share = serial / max(int(lookups.sum()), 1)
    return ListClient(
        addr=context.addresses.text(found.client),
        lookups=int(lookups.sum()),
        queries=int(table.queries[rows].sum()),
        full_chains=found.full,
        bases=len(found.bases),
        # A quick answer may overtake the second query of a pair; a resolver that waits never sends it before the answer.
        style="serial" if share > _ALWAYS else "parallel",
        one_port=bool(lookups[table.one_port[rows] == 1].sum() * 2 > lookups.sum()),
    )


def _weak(context: Context, found: Found, verdict: Verdict, low: int | None) -> int | None:
    """The fewest dots of a name that one of the clients asked alone, from a port of its own, and that failed."""
    table = verdict.table
    clients = [client.client for client in found.clients]
    lone = (table.steps == 1) & (table.pooled == 0) & (table.ending == Ending.FAILED) & (verdict.base < 0)
    rows = np.flatnonzero(lone & np.isin(table.client, clients))
    depth = context.names.depth[verdict.steps.qname[table.first_step[rows]]].astype(np.int64) - 1
    depth = depth[depth >= (low or 0)]
    return int(depth.min()) if len(depth) else None


def resolv_conf(suffixes: Sequence[str], servers: Sequence[str], ndots: Ndots, complete: bool, lookups: int) -> str:
    """The file as text, as far as it shows on the wire."""
    lines = [f"# seen in {lookups} lookups; {ndots.text}"]
    if not complete:
        lines.append("# no lookup came to its end: there may be further suffixes")
    lines.append("search " + " ".join(suffixes))
    lines += [f"nameserver {server}" for server in servers]
    value = ndots.min if ndots.min is not None else ndots.max
    if value is not None and not (value == 1 and ndots.max == 1):
        lines.append(f"options ndots:{value}" + ("" if ndots.max == ndots.min else "    # " + _reason(ndots)))
    return "\n".join(lines) + "\n"


def _reason(ndots: Ndots) -> str:
    if ndots.min is None:
        return "or less"
    if ndots.max is None:
        return f"or more: no name with {ndots.min} dots or more was seen searched"
    return f"to {ndots.max}"


def _telling(verdict: Verdict, rows: Array) -> int:
    """The signature that shows the list best: most candidates, answers for all of them, most lookups."""
    table = verdict.table
    ended = np.isin(table.ending[rows], [Ending.FAILED, Ending.ANSWERED, Ending.NODATA])
    complete = verdict.as_is[rows] >= 0
    order = np.lexsort((table.first_ns[rows], -table.lookups[rows], ~ended, -table.steps[rows], ~complete))
    return int(rows[order[0]])


def example(context: Context, verdict: Verdict, row: int) -> tuple[ExampleStep, ...]:
    """The first lookup of a signature, candidate by candidate."""
    table = verdict.table
    begin = int(table.first_step[row])
    return tuple(_step(context, verdict, at) for at in range(begin, begin + int(table.steps[row])))


def _step(context: Context, verdict: Verdict, at: int) -> ExampleStep:
    steps, names = verdict.steps, context.names
    got = {
        kind: Outcome(int(steps.columns()[column][at])).name
        for kind, column in (("A", "outcome_a"), ("AAAA", "outcome_aaaa"), ("other", "outcome_other"))
        if steps.columns()[column][at]
    }
    types = " ".join(rrtypes.text(int(steps.qtype[at])) if kind == "other" else kind for kind in got)
    words = sorted(set(got.values()))
    end, suffix = int(steps.end_ns[at]), int(verdict.step_suffix[at])
    address = int(steps.answer_addr[at])
    return ExampleStep(
        name=names.text(int(steps.qname[at])),
        suffix=names.text(suffix) if suffix > 0 else "",
        types=types,
        file=int(steps.file[at]),
        frame=int(steps.frame[at]),
        time_ns=int(steps.time_ns[at]),
        rtt_ns=end - int(steps.time_ns[at]) if end >= 0 else None,
        rcode=rcodes.text(int(steps.rcode[at])) if end >= 0 else "",
        outcome=words[0] if len(words) == 1 else " ".join(f"{kind} {word}" for kind, word in got.items()),
        queries=int(steps.example_queries[at]),
        server=context.addresses.text(int(steps.server[at])),
        answer=context.addresses.text(address) if address else "",
    )
