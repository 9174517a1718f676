"""Search lists for a terminal, for a reader who never heard of ndots: one lookup drawn, the list, the bill, the cure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType

from analyzer.measures.outgoing import Outgoing
from analyzer.measures.rows import Side
from analyzer.measures.search_crosscheck import CrossCheck
from analyzer.measures.search_replay import Leg, Rules, WhatIf
from analyzer.measures.search_rows import Bill, BillRow, ExampleStep, Search, SearchList
from analyzer.report.escape import csv_cell
from analyzer.report.look import Look, Verbatim, columns, heading, styled
from analyzer.report.times import amount, percent

__all__ = ["bill_csv", "section"]

_BRIEF: Final = 3  # rows of a table where it is one section of many
_HEADS: Final = ("lookups", "queries", "needed", "wasted", "times")
_LEGS: Final = {
    Side.CLIENT: "of clients",
    Side.UPSTREAM: "sent on to ",
    Side.SELF: "to itself: ",
    Side.TRANSIT: "in transit to ",
}
_WHY = (
    "A program asks for one name. Its resolver does not ask for that name alone: it holds a list of suffixes (the "
    "`search` line of /etc/resolv.conf) and tries the name with each of them in turn, until one answers. `ndots:N` says "
    "which comes first: a name with fewer than N dots is tried with all suffixes before it is tried as typed. Each try "
    "costs a query for A (IPv4) and one for AAAA (IPv6). Everything before the name that answers is waste."
)


def section(
    search: Search,
    look: Look,
    whatifs: Sequence[WhatIf] = (),
    checks: Sequence[CrossCheck] = (),
    outgoing: Outgoing | None = None,
    brief: bool = False,
) -> Iterator[RenderableType]:
    """The whole section; `brief` leaves out what is alike: further lists' examples, rows after the first three."""
    total = search.bill.total
    left = outgoing.bill if outgoing is not None else None
    if not search.lists:
        yield heading(look, "SEARCH LISTS", "none can be told from here")
        yield from _unclaimed(search, look, brief)
        if left is not None:
            yield heading(look, "THE BILL", "queries with a search suffix that nothing answered are wasted")
            yield from _totals(search, outgoing, look)
            yield from _accounts(left, look, brief)
        yield from _cures(whatifs, look, brief)
        yield from _checks(checks, look)
        return
    note = f"{amount(total.wasted)} of {amount(total.queries)} client queries wasted ({percent(total.wasted_share)})"
    yield heading(look, "SEARCH LISTS", note)
    yield styled(look, _WHY)
    for at, found in enumerate(search.lists[: look.rows], 1):
        yield from _list(found, at, look, short=brief and at > 1 and look.verbose == 0)
    if len(search.lists) > look.rows:
        yield styled(look, (f"and {len(search.lists) - look.rows} more lists", "dim"))
    yield heading(look, "THE BILL", "needed: had the right name been asked first; who could save most comes first")
    yield from _totals(search, outgoing, look)
    yield from _accounts(search.bill, look, brief)
    if search.autopath:
        yield styled(look, f"{amount(search.autopath)} lookups were shortened by CoreDNS' autopath")
    if left is not None and not brief:
        servers = ", ".join(map(look.named, outgoing.servers[:3])) if outgoing is not None else ""
        yield heading(look, "LEFT THE CLUSTER", f"to {servers}; each name counted on the last leg that it was seen on")
        yield from _accounts(left, look, brief)
    yield from _cures(whatifs, look, brief)
    yield from _checks(checks, look)
    yield from _unclaimed(search, look, brief)


def _list(found: SearchList, at: int, look: Look, short: bool) -> Iterator[RenderableType]:
    clients = ", ".join(look.named(client.addr) for client in found.clients[:4])
    more = f" and {len(found.clients) - 4} more" if len(found.clients) > 4 else ""
    whose = f", pods of namespace {found.namespace}" if found.namespace else ""
    yield heading(look, f"LIST {at}", f"{clients}{more}{whose}")
    if found.differs:
        yield styled(look, ("differs from what most clients have: ", ""), (found.differs, "bold"))
    if not short:
        yield from _example(found, look)
        yield styled(look, "/etc/resolv.conf of these clients, as far as it shows in the packets:")
    for line in found.resolv_conf.splitlines():
        if not short or line[:1] != "#":
            yield Verbatim(f"    {look.text(line)}")
    yield styled(
        look,
        f"{amount(found.lookups)} lookups of {amount(found.bases)} names cost {amount(found.queries)} queries, "
        f"{amount(found.wasted)} of them wasted; {amount(found.full_chains)} lookups went through the whole list; "
        f"{found.confidence} confidence{_resolvers(found)}",
    )


def _resolvers(found: SearchList) -> str:
    names = Counter(client.resolver for client in found.clients if client.resolver)
    known = ", ".join(
        f"{count} {name}" if len(names) > 1 or count > 1 else name for name, count in names.most_common(5)
    )
    return f"; resolvers: {known}" if known else ""


def _example(found: SearchList, look: Look) -> Iterator[RenderableType]:
    if not found.example:
        return
    typed = next((step.name for step in found.example if not step.suffix), "")
    first = found.example[0]
    base = typed or first.name.removesuffix(f".{first.suffix}")
    yield styled(look, ("one lookup of ", "dim"), (base, "bold"), (", try by try", "dim"))
    needed = _needed(found.example)
    rows = [
        (
            f"#{step.file}:{step.frame}" if step.file else f"#{step.frame}",
            f"+ {step.suffix}" if step.suffix else "as typed",
            step.types,
            step.answer or (step.outcome.lower() if step.rcode in ("", "NOERROR") else step.rcode),
            "-" if step.rtt_ns is None else f"{step.rtt_ns / 1e6:.1f} ms",
            f"{step.queries}",
            "needed" if at == needed else "wasted",
        )
        for at, step in enumerate(found.example)
    ]
    heads = ("frame", "tried", "types", "answer", "after", "queries", "")
    yield columns(look, heads, rows, left=(1, 2, 3, 6), wide=1, indent=2)
    sent = sum(step.queries for step in found.example)
    yield styled(look, f"  {sent} queries, {found.example[needed].queries} would have done")


def _needed(example: Sequence[ExampleStep]) -> int:
    """The try that counts: the one that answered; where none did, the name as typed."""
    if example[-1].answer or "DATA" in example[-1].outcome.split():
        return len(example) - 1
    return next((at for at, step in enumerate(example) if not step.suffix), len(example) - 1)


def _totals(search: Search, outgoing: Outgoing | None, look: Look) -> Iterator[RenderableType]:
    """What clients asked is only told apart into needed and wasted where a list is known."""
    rows = [("asked by clients", *_cells(search.bill.total)[1:])] if search.lists else []
    if outgoing is not None and outgoing.bill is not None:
        rows.append(("left the cluster", *_cells(outgoing.bill.total)[1:]))
    yield columns(look, ("in all", *_HEADS), rows, wide=0)


def _accounts(bill: Bill, look: Look, brief: bool) -> Iterator[RenderableType]:
    """By client, name and suffix."""
    most = min(look.rows, _BRIEF) if brief else look.rows
    for title, rows in (("client", bill.clients), ("name", bill.bases), ("suffix", bill.suffixes)):
        worth = [row for row in rows if row.wasted or title == "client"]
        if not worth or (brief and title == "suffix"):
            continue
        cells = [(look.named(row.key) if title == "client" else row.key, *_cells(row)[1:]) for row in worth[:most]]
        if len(worth) > most:
            cells.append((f"and {amount(len(worth) - most)} more", "", "", "", amount(_sum(worth[most:])), ""))
        yield columns(look, (title, *_HEADS), cells, wide=0)


def _sum(rows: Sequence[BillRow]) -> int:
    return sum(row.wasted for row in rows)


def _cells(row: BillRow) -> tuple[str, ...]:
    times = "-" if row.amplification is None else f"{row.amplification:.1f}"
    return (row.key, amount(row.lookups), amount(row.queries), amount(row.needed), amount(row.wasted), times)


def _cures(whatifs: Sequence[WhatIf], look: Look, brief: bool) -> Iterator[RenderableType]:
    if not whatifs:
        return
    title = "THE CURE" if brief else "WHAT IF"
    yield heading(look, title, "the same lookups under another rule; a range where an outcome had to be guessed")
    rows = []
    for one in whatifs:
        for leg in one.legs:
            same = leg.low == leg.high == leg.before
            if same and (leg.side == Side.SELF or (brief and leg.side != Side.CLIENT)):
                continue
            after = amount(leg.low) if leg.low == leg.high else f"{amount(leg.low)} to {amount(leg.high)}"
            minute = "" if leg.per_min_high is None else f"{_rate(leg.per_min_before)} > {_rate(leg.per_min_high)}"
            rows.append(
                (
                    _cure(one.rules),
                    _LEGS[leg.side] + look.named(leg.server),
                    amount(leg.before),
                    after,
                    _saved(leg),
                    minute,
                )
                + (() if brief else (percent(one.assumed_share),))
            )
    heads = ("change", "queries", "before", "after", "saves", "a minute" if any(row[5] for row in rows) else "")
    yield columns(look, heads + (() if brief else ("guessed",)), rows, left=(0, 1), wide=0)
    for note in dict.fromkeys(note for one in whatifs for note in one.notes):
        yield styled(look, (note, "dim"))


def _cure(rules: Rules) -> str:
    """The rule as `--what-if` takes it, with a word for who never saw it."""
    return {"fqdn": "fqdn (final dot)", "no-aaaa": "no-aaaa"}.get(rules.words, rules.words)


def _saved(leg: Leg) -> str:
    least, most = leg.saved
    if most <= 0:
        return "nothing" if not least else f"{amount(-least)} more"
    return f"{amount(most)}" if least == most else f"{amount(max(least, 0))} to {amount(most)}"


def _rate(per_min: float | None) -> str:
    return "-" if per_min is None else amount(round(per_min))


def _checks(checks: Sequence[CrossCheck], look: Look) -> Iterator[RenderableType]:
    if not checks:
        return
    yield heading(look, "DECLARED AND SEEN", "--resolv-conf against the traffic")
    rows = []
    for one in checks:
        detail = " ".join([*(f"+{s}" for s in one.extra), *(f"-{s}" for s in one.missing)])
        ndots = f"ndots:{one.declared_ndots} {one.ndots}"
        rows.append((one.client or "(no client)", one.source, one.verdict, ndots, f"{one.full_chains}", detail))
    heads = ("client", "declared in", "verdict", "ndots", "full chains", "")
    yield columns(look, heads, rows, left=(0, 1, 2, 3, 5), wide=5)


def _unclaimed(search: Search, look: Look, brief: bool) -> Iterator[RenderableType]:
    """Clients of which no list can be told, and why."""
    most = min(look.rows, _BRIEF) if brief else look.rows
    shown = list(search.unclaimed.items())[:most]
    for client, why in shown:
        yield styled(look, (f"{look.named(client)}: ", ""), (why, "dim"))
    if len(search.unclaimed) > len(shown):
        yield styled(look, (f"and {len(search.unclaimed) - len(shown)} more clients without a list", "dim"))


def bill_csv(search: Search, whatifs: Sequence[WhatIf] = (), outgoing: Outgoing | None = None) -> str:
    """The bill as CSV: kind, key, lookups, queries, needed, wasted, amplification; then the what-ifs. What left the cluster
    stands under kinds that begin with `left`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow("kind key lookups queries needed wasted amplification".split())
    bill = search.bill
    lists = [BillRow(" ".join(x.suffixes), x.lookups, x.queries, x.needed) for x in search.lists]
    groups: list[tuple[str, Sequence[BillRow]]] = [("all", (bill.total,)), ("list", lists), *_groups("", bill)]
    if outgoing is not None and outgoing.bill is not None:
        groups += [("left all", (outgoing.bill.total,)), *_groups("left ", outgoing.bill)]
    for kind, rows in groups:
        for row in rows:
            times = "" if row.amplification is None else f"{row.amplification:.3f}"
            writer.writerow([kind, csv_cell(row.key), row.lookups, row.queries, row.needed, row.wasted, times])
    if whatifs:
        writer.writerow([])
        writer.writerow("rule side server before after_low after_high assumed_share".split())
        for one in whatifs:
            for leg in one.legs:
                share = f"{one.assumed_share:.3f}"
                writer.writerow(
                    [csv_cell(one.rules.words), leg.side, csv_cell(leg.server), leg.before, leg.low, leg.high, share]
                )
    return out.getvalue()


def _groups(prefix: str, bill: Bill) -> list[tuple[str, Sequence[BillRow]]]:
    return [(f"{prefix}client", bill.clients), (f"{prefix}base", bill.bases), (f"{prefix}suffix", bill.suffixes)]
