"""Claimed search lists in words: clients with their habits, ndots, one example lookup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analyzer.dns import rcodes, rrtypes
from analyzer.findings import Confidence
from analyzer.measures import Context
from analyzer.measures.fingerprints import Fingerprint
from analyzer.measures.resends import Resends
from analyzer.measures.search_bill import suffix_rows
from analyzer.measures.search_conf import resolv_conf
from analyzer.measures.search_rows import BillRow, ExampleStep, ListClient, Ndots, SearchList, Verdict
from analyzer.measures.search_votes import ClientList, Found, bounds, namespace_of
from analyzer.messages import Array, Ending, Outcome

__all__ = ["describe", "example"]

_SURE_LOOKUPS = 10
_ALWAYS = 0.95


def describe(
    context: Context, lists: Sequence[Found], verdict: Verdict, results: Mapping[str, Any]
) -> tuple[SearchList, ...]:
    """One row per claimed list, the most used first. `results` needs resends, resolvers."""
    rows = [_row(context, at, found, verdict, results) for at, found in enumerate(lists)]
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


def _row(context: Context, at: int, found: Found, verdict: Verdict, results: Mapping[str, Any]) -> SearchList:
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
    clients = tuple(_client(context, client, verdict, results) for client in _by_address(found.clients, context))
    lookups = int(table.lookups[rows].sum())
    return SearchList(
        clients=clients,
        suffixes=suffixes,
        ndots=ndots,
        lookups=lookups,
        queries=int(table.queries[rows].sum()),
        needed=int(verdict.needed[rows].sum()),
        full_chains=full,
        bases=len(bases),
        complete=found.complete,
        confidence="high" if sure else "medium" if found.complete or len(chains) > 1 else "low",
        namespace=namespace_of(found.suffixes, names),
        servers=asked[:3],
        resolv_conf=resolv_conf(suffixes, asked[:3], ndots, found.complete, lookups, clients),
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


def _client(context: Context, found: ClientList, verdict: Verdict, results: Mapping[str, Any]) -> ListClient:
    addr = context.addresses.text(found.client)
    again: Resends | None = results["resends"].get(addr)
    resolver: Fingerprint | None = results["resolvers"].get(addr)
    chains = found.chains + found.torn
    table = verdict.table
    rows = np.array([chain.row for chain in chains], np.int64)
    lookups = table.lookups[rows]
    serial = int(lookups[table.serial[rows] == 1].sum())
    share = serial / max(int(lookups.sum()), 1)
    return ListClient(
        addr=addr,
        lookups=int(lookups.sum()),
        queries=int(table.queries[rows].sum()),
        full_chains=found.full,
        bases=len(found.bases),
        # A quick answer may overtake the second query of a pair; a resolver that waits never sends it before the answer.
        style="serial" if share > _ALWAYS else "parallel",
        one_port=bool(lookups[table.one_port[rows] == 1].sum() * 2 > lookups.sum()),
        resolver=resolver.name if resolver is not None and resolver.confidence > Confidence.LOW else "",
        wait_ns=again.wait_ns if again else None,
        resends=again.resends if again else 0,
        attempts=again.attempts if again else None,
        given_up=again.given_up if again else 0,
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
