"""Names that never resolve and are asked again and again: period and workers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np

from analyzer.measures import Context
from analyzer.measures.leaks import Leaks
from analyzer.measures.peaks import by_group, peaks
from analyzer.measures.roles import SIDES
from analyzer.measures.rows import Frame, Side
from analyzer.measures.search_lists import example
from analyzer.measures.search_rows import ExampleStep, Search, Verdict
from analyzer.messages import Array, Ending, Outcome, TransactionBatch
from analyzer.options import NS, Thresholds

__all__ = ["DeadName", "Measure", "period"]

_TIMES: Final = 20_000  # lookups that the period is measured on
_GAPS: Final = 5  # fewer say nothing about a period
_OTHER_SIZE: Final = 4


@dataclass(frozen=True, slots=True)
class DeadName:
    """A base all of whose lookups failed. `client` is empty where several clients are taken together: `outer_only`,
    when only a candidate with an outside suffix is visible, so that the name as typed may yet resolve.

    `workers` lookups come every `period_ns` (0 where there is no period). `answered` is always 0: a base with one
    answer is not dead.
    """

    base: str
    client: str
    clients: Mapping[str, int]
    outer_only: bool
    lookups: int
    queries: int
    peak_lookups_60s: int
    period_ns: int
    workers: int
    lua: bool
    leaks: bool
    headless: bool
    steps: int
    first: int
    last: int
    first_frame: Frame
    last_frame: Frame
    example: tuple[ExampleStep, ...]

    @property
    def queries_per_lookup(self) -> float:
        return self.queries / self.lookups if self.lookups else 0.0

    @property
    def lookups_per_min(self) -> float | None:
        """Between first and last lookup; None below 10 s."""
        span = self.last - self.first
        return 60 * NS * (self.lookups - 1) / span if span >= 10 * NS and self.lookups > 2 else None


class _Times(NamedTuple):
    """Lookup times by signature: `order` groups the events, `starts` says where each signature's begin."""

    verdict: Verdict
    order: Array
    starts: Array

    def of(self, rows: list[int]) -> tuple[Array, Array]:
        """Times (rising) and counts of all lookups of the given signatures."""
        at = np.concatenate([self.order[self.starts[row] : self.starts[row + 1]] for row in rows])
        at.sort()  # events stand in order of time
        events = self.verdict.events
        return events.time_ns[at], events.weight[at].astype(np.int64)


class Measure:
    """A fold over `search`; nothing of its own is counted."""

    needs: tuple[str, ...] = ("clusterdomain", "leaks", "search")

    def __init__(self, context: Context) -> None:
        self._context = context

    def update(self, batch: TransactionBatch) -> None:
        """Nothing: `search` counts."""

    def merge(self, other: Self) -> None:
        """Nothing."""

    def result(self, results: Mapping[str, Any]) -> tuple[DeadName, ...]:
        """Bases with at least ten lookups, all failed; the most polled first."""
        search: Search = results["search"]
        leaked = _leaked(results["leaks"], search)
        verdict = search.verdict
        if not len(verdict.table):
            return ()
        groups = _groups(self._context, verdict)
        order, starts = by_group(verdict.events.number.astype(np.int64), len(verdict.table))
        times = _Times(verdict, order, starts)
        domain = "." + results["clusterdomain"].name
        found = [
            row
            for (client, base), rows in groups.items()
            if (row := _dead(self._context, verdict, times, client, base, rows, leaked, domain)) is not None
        ]
        seen_whole = {row.base for row in found if not row.outer_only}
        found = [row for row in found if not (row.outer_only and row.base in seen_whole)]
        return tuple(sorted(found, key=lambda row: (-row.lookups, row.base, row.client)))


def _leaked(leaks: Leaks, search: Search) -> set[str]:
    return {name.base for leak in leaks.leaks for name in leak.names} if leaks.leaks else set()


def _groups(context: Context, verdict: Verdict) -> dict[tuple[int, str], list[int]]:
    """Signatures by (client, base) of bases that failed at least ten times and never answered; those that show outer
    candidates only, by (-1, base) over all clients."""
    table, steps = verdict.table, verdict.steps
    own = (verdict.side == SIDES.index(Side.SELF)) & (table.pooled == 0)
    asks = ((verdict.side == SIDES.index(Side.CLIENT)) | own) & (table.ending != Ending.PENDING)
    rows = np.flatnonzero(asks)
    first = table.first_step[rows]
    based = verdict.base[rows] >= 0
    name = np.where(based, verdict.base[rows] << 32, steps.qname[first].astype(np.int64) + 1)
    code = np.unique(name, return_inverse=True)[1]
    outer = (table.steps[rows] == 1) & (verdict.step_suffix[first] > 0)
    pair = table.client[rows].astype(np.int64) << 32 | code
    dead, answered = _failed(verdict, rows), table.ending[rows] == Ending.ANSWERED
    limit = context.options.thresholds.dead_lookups
    found: dict[tuple[int, str], list[int]] = defaultdict(list)

    for by, chosen, alive in ((pair, dead & ~outer, pair[answered]), (code, dead & outer, code[answered])):
        keys, index = np.unique(by[chosen], return_inverse=True)
        often = np.bincount(index, table.lookups[rows][chosen]) >= limit
        often &= ~np.isin(keys, alive)
        members = np.flatnonzero(chosen)[often[index]]
        for at in members.tolist():
            base = (
                verdict.bases[int(verdict.base[rows[at]])]
                if based[at]
                else context.names.text(int(steps.qname[first[at]]))
            )
            client = -1 if by is code else int(table.client[rows[at]])
            found[client, base].append(int(rows[at]))
    return found


def _failed(verdict: Verdict, rows: Array) -> Array:
    """Lookups whose deciding candidate does not exist, or has no address."""
    table, steps = verdict.table, verdict.steps
    at = np.where(verdict.as_is[rows] >= 0, verdict.as_is[rows], table.steps[rows] - 1) + table.first_step[rows]
    ipv4, ipv6 = steps.outcome_a[at], steps.outcome_aaaa[at]
    gone = (ipv4 == Outcome.NXDOMAIN) | (ipv6 == Outcome.NXDOMAIN)
    gone |= (ipv4 == Outcome.NODATA) & ((ipv6 == Outcome.NODATA) | (ipv6 == Outcome.NOT_ASKED))
    return np.asarray(gone & (table.ending[rows] != Ending.ANSWERED))


def _dead(
    context: Context,
    verdict: Verdict,
    when: _Times,
    client: int,
    base: str,
    rows: list[int],
    leaked: set[str],
    domain: str,
) -> DeadName | None:
    table = verdict.table
    members = np.array(rows, np.int64)
    lookups = int(table.lookups[members].sum())
    thresholds = context.options.thresholds
    if lookups < thresholds.dead_lookups:
        return None
    times, counts = when.of(rows)
    found, workers = period(np.repeat(times, counts)[:_TIMES], thresholds) if not verdict.step_ns else (0, 0)
    by_client = Counter[str]()
    for who, count in zip(table.client[members].tolist(), table.lookups[members].tolist(), strict=True):
        by_client[context.addresses.text(who)] += count
    begin, end = int(np.argmin(table.first_ns[members])), int(np.argmax(table.last_ns[members]))
    first_step = int(table.first_step[members[begin]])
    longest = members[np.lexsort((table.first_ns[members], -table.lookups[members], -table.steps[members]))[0]]
    several = members[table.steps[members] > 1]
    lua = len(several) > 0 and bool(((table.serial[several] == 1) & (table.one_port[several] == 1)).all())
    labels = base.removesuffix(domain).split(".")
    return DeadName(
        base=base,
        client=context.addresses.text(client) if client >= 0 else "",
        clients=dict(by_client.most_common()),
        outer_only=client < 0,
        lookups=lookups,
        queries=int(table.queries[members].sum()),
        peak_lookups_60s=int(peaks(times, counts, np.array([0, len(times)]))[0]),
        period_ns=found,
        workers=workers,
        lua=lua,
        leaks=base in leaked,
        headless=base.endswith(domain) and len(labels) == 3 and labels[2] == "svc",
        steps=int(table.steps[longest]),
        first=int(table.first_ns[members].min()),
        last=int(table.last_ns[members].max()),
        first_frame=Frame(int(verdict.steps.file[first_step]), int(verdict.steps.frame[first_step])),
        last_frame=Frame(int(table.last_file[members[end]]), int(table.last_frame[members[end]])),
        example=example(context, verdict, int(longest)),
    )


def period(times_ns: Array, thresholds: Thresholds) -> tuple[int, int]:
    """Period (ns) and lookups per period: the smallest w <= 16 for which the gaps t[i+w] - t[i] are nearly equal
    (interquartile range at most 0.3 of the median); (0, 0) where there is none. Workers that ask in a bunch leave a wide
    gap after each bunch, in fewer than a quarter of the gaps: so a tenth at either end may not be another size altogether.
    """
    for width in range(1, thresholds.dead_max_workers + 1):
        gaps = times_ns[width:] - times_ns[:-width]
        if len(gaps) < max(_GAPS, width):
            break
        lowest, low, middle, high, highest = np.percentile(gaps, [10, 25, 50, 75, 90])
        bunched = highest > _OTHER_SIZE * middle or lowest < middle / _OTHER_SIZE
        if middle > 0 and (high - low) / middle <= thresholds.dead_iqr and not bunched:
            return int(middle), width
    return 0, 0
