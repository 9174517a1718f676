"""Search lists for a terminal, for a reader who never heard of ndots: one lookup drawn, the list, the bill, the cure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from analyzer.measures.rows import Side
from analyzer.measures.search_crosscheck import CrossCheck
from analyzer.measures.search_replay import WhatIf
from analyzer.measures.search_rows import BillRow, ExampleStep, Search, SearchList
from analyzer.report.escape import csv_cell
from analyzer.report.look import Look, Verbatim, columns, heading, styled
from analyzer.report.times import amount, percent

__all__ = ["bill_csv", "section"]

_WHY = (
    "A program asks for one name. Its resolver does not ask for that name alone: it holds a list of suffixes (the "
    "`search` line of /etc/resolv.conf) and tries the name with each of them in turn, until one answers. `ndots:N` says "
    "which comes first: a name with fewer than N dots is tried with all suffixes before it is tried as typed. Each try "
    "costs a query for A (IPv4) and one for AAAA (IPv6). Everything before the name that answers is waste."
)


def section(
    search: Search, look: Look, whatifs: Sequence[WhatIf] = (), checks: Sequence[CrossCheck] = ()
) -> Iterator[RenderableType]:
    """The whole section."""
    total = search.bill.total
    if not search.lists:
        yield heading(look, "SEARCH LISTS", "none can be told from here")
        yield from _unclaimed(search, look)
        yield from _cures(whatifs, look)
        yield from _checks(checks, look)
        return
    note = f"{amount(total.wasted)} of {amount(total.queries)} client queries wasted ({percent(total.wasted_share)})"
    yield heading(look, "SEARCH LISTS", note)
    yield styled(look, _WHY)
    for at, found in enumerate(search.lists[: look.rows], 1):
        yield from _list(found, at, look)
    if len(search.lists) > look.rows:
        yield styled(look, (f"and {len(search.lists) - look.rows} more lists", "dim"))
    yield from _bill(search, look)
    yield from _cures(whatifs, look)
    yield from _checks(checks, look)
    yield from _unclaimed(search, look)


def _list(found: SearchList, at: int, look: Look) -> Iterator[RenderableType]:
    clients = ", ".join(client.addr for client in found.clients[:4])
    more = f" and {len(found.clients) - 4} more" if len(found.clients) > 4 else ""
    whose = f", pods of namespace {found.namespace}" if found.namespace else ""
    yield heading(look, f"LIST {at}", f"{clients}{more}{whose}")
    if found.differs:
        yield styled(look, (f"differs from what most clients have: {found.differs}", "bold"))
    yield from _example(found, look)
    yield styled(look, "/etc/resolv.conf of these clients, as far as it shows in the packets:")
    for line in found.resolv_conf.splitlines():
        yield Verbatim(f"    {look.text(line)}")
    waits = sum(client.style == "serial" for client in found.clients)
    ports = sum(client.one_port for client in found.clients)
    total = len(found.clients)
    habits = "AAAA asked after A's answer" if waits == total else "A and AAAA asked together"
    habits += f" ({waits} of {total} clients: one after the other)" if 0 < waits < total else ""
    habits += f"; {ports} of {total} clients use one port for a whole lookup" if ports else ""
    yield styled(
        look,
        f"{amount(found.lookups)} lookups of {amount(found.bases)} names, {amount(found.full_chains)} of them through "
        f"the whole list; {habits}; {found.confidence} confidence",
    )


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


def _bill(search: Search, look: Look) -> Iterator[RenderableType]:
    bill = search.bill
    total = bill.total
    yield heading(look, "THE BILL", "needed: had the right name been asked first")
    for title, rows in (("client", bill.clients), ("name", bill.bases), ("suffix", bill.suffixes)):
        shown = [row for row in rows if row.wasted or title == "client"][: look.rows]
        if shown:
            heads = (title, "lookups", "queries", "needed", "wasted", "times")
            yield columns(look, heads, [_cells(row) for row in shown], wide=0)
    yield columns(look, ("all", "lookups", "queries", "needed", "wasted", "times"), [_cells(total)], wide=0)
    if search.autopath:
        yield styled(look, f"{amount(search.autopath)} lookups were shortened by CoreDNS' autopath")


def _cells(row: BillRow) -> tuple[str, ...]:
    times = "-" if row.amplification is None else f"{row.amplification:.1f}"
    return (row.key, amount(row.lookups), amount(row.queries), amount(row.needed), amount(row.wasted), times)


def _cures(whatifs: Sequence[WhatIf], look: Look) -> Iterator[RenderableType]:
    if not whatifs:
        return
    yield heading(look, "WHAT IF", "the same lookups under another rule; a range where an outcome had to be guessed")
    rows = []
    for one in whatifs:
        for leg in one.legs:
            if leg.side == Side.SELF and leg.low == leg.high == leg.before:
                continue
            where = f"{leg.side} {leg.server}".strip()
            after = amount(leg.low) if leg.low == leg.high else f"{amount(leg.low)} to {amount(leg.high)}"
            minute = "" if leg.per_min_high is None else f"{_rate(leg.per_min_before)} > {_rate(leg.per_min_high)}"
            rows.append((one.rules.words, where, amount(leg.before), after, minute, percent(one.assumed_share)))
    heads = ("rule", "queries of", "before", "after", "a minute" if any(row[4] for row in rows) else "", "guessed")
    yield columns(look, heads, rows, left=(0, 1), wide=0)
    for note in dict.fromkeys(note for one in whatifs for note in one.notes):
        yield styled(look, (note, "dim"))


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


def _unclaimed(search: Search, look: Look) -> Iterator[RenderableType]:
    """Clients of which no list can be told, and why."""
    shown = list(search.unclaimed.items())[: look.rows]
    for client, why in shown:
        yield styled(look, (f"{client}: ", ""), (why, "dim"))
    if len(search.unclaimed) > len(shown):
        yield styled(look, (f"and {len(search.unclaimed) - len(shown)} more clients without a list", "dim"))


def bill_csv(search: Search, whatifs: Sequence[WhatIf] = ()) -> str:
    """The bill as CSV: kind, key, lookups, queries, needed, wasted, amplification; then the what-ifs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow("kind key lookups queries needed wasted amplification".split())
    bill = search.bill
    lists = [BillRow(" ".join(x.suffixes), x.lookups, x.queries, x.needed) for x in search.lists]
    groups = (
        ("all", (bill.total,)),
        ("list", lists),
        ("client", bill.clients),
        ("base", bill.bases),
        ("suffix", bill.suffixes),
    )
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
