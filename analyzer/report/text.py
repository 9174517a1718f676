"""The Report for a terminal: the verdict first, then the proof, the tables, and the ledger."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter
from collections.abc import Iterator
from typing import IO, Final

from rich.console import RenderableType
from rich.text import Text

from analyzer.findings import Fix, Severity
from analyzer.report.ledger import drops, link_name, skipped, word
from analyzer.report.look import SEVERITY_STYLE, Look, Verbatim, console, hanging, heading, styled
from analyzer.report.model import Report
from analyzer.report.text_findings import Chain, groups, long_forms, short_form
from analyzer.report.text_tables import all_tables
from analyzer.report.times import amount, duration

__all__ = ["render"]

ADVICE: Final = (
    "tcpdump -i any -s0 -B 16384 --immediate-mode -w x.pcap 'port 53 or icmp or icmp6 or (ip[6:2] & 0x1fff != 0)'"
)
MINOR: Final = 6  # small findings named on the first screen
_WORDS: Final = {
    Severity.CRITICAL: "DNS is broken here, or about to break",
    Severity.HIGH: "something here hurts",
    Severity.MEDIUM: "something here is worth changing",
    Severity.LOW: "only small things",
}


def render(report: Report, look: Look, out: IO[str], quiet: bool = False) -> None:
    """Write the report; `quiet` ends it after the verdict."""
    look = dataclasses.replace(look, labels=report.labels)
    page = io.StringIO()
    screen = console(page, look)
    parts = [*_head(report, look), *_verdict(report, look)]
    if not quiet:
        parts += [*_details(report, look), *all_tables(report, look), *_ledger(report, look)]
    for part in parts:
        screen.print(part, soft_wrap=isinstance(part, Verbatim))
    for line in page.getvalue().splitlines():
        out.write(line.rstrip() + "\n")


def _head(report: Report, look: Look) -> Iterator[RenderableType]:
    names = [one.name for one in report.inputs]
    files = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    yield styled(look, ("dnsloupe ", "bold"), report.version, " · ", (files, "bold"))
    summary = report.summary
    if summary.first is not None and summary.last is not None:
        end = look.moment(summary.last)
        end = end[11:] if end[:10] == look.moment(summary.first)[:10] else end
        span = f"{look.moment(summary.first)} to {end} {look.zone_name} ({duration(summary.duration_s)})"
    else:
        span = "no time known"
    links = ", ".join(sorted({link_name(number) for one in report.inputs for number in one.linktypes}))
    yield styled(look, f"{span}, {amount(report.ledger.total)} frames, {links}")
    copies = summary.copies_per_packet
    each = f"; {copies:.2f} frames each, copies count once" if copies and copies > 1.005 else ""
    yield styled(
        look,
        f"{amount(summary.messages)} DNS messages ({amount(summary.queries)} queries, "
        f"{amount(summary.responses)} responses){each}",
    )
    if report.decoder == "reference":
        yield styled(
            look, ("note ", "dim"), "read by the Python decoder, the native one is not there (dnsloupe doctor)"
        )
    if report.options.bpf:
        yield styled(look, f"filter: {report.options.bpf}")
    for line in (*report.damage, *(["interrupted: this is what was read until then"] if report.interrupted else [])):
        yield styled(look, ("PARTIAL ", "bold yellow"), line)
    for note in report.notes:
        yield styled(look, ("note ", "dim"), note)


def _verdict(report: Report, look: Look) -> Iterator[RenderableType]:
    counts = Counter(finding.severity for finding in report.findings)
    worst = report.worst
    yield Text("")
    if worst is None or worst <= Severity.INFO:
        checked = f"Looked for: {', '.join(report.checked)}."
        if report.partial or not report.summary.messages:
            yield styled(look, ("NOTHING FOUND", "bold yellow"), f"  but {_unseen(report)}. {checked}")
        else:
            yield styled(look, ("LOOKS HEALTHY", "bold green"), f"  Nothing found that needs a change. {checked}")
    else:
        how_many = ", ".join(f"{counts[s]} {s.word}" for s in sorted(Severity, reverse=True) if counts[s])
        yield styled(look, (worst.word.upper(), SEVERITY_STYLE[worst]), (f"  {_WORDS[worst]}: {how_many}", "bold"))
    small = Severity.LOW if worst is not None and worst >= Severity.MEDIUM else Severity.INFO
    minor: list[str] = []
    seen: dict[Fix, int] = {}
    for group in groups(report.findings):
        number, finding = group[0]
        if finding.severity > small:
            yield from short_form(group, look, seen)
        else:
            more = f" (and {len(group) - 1} more like it)" if len(group) > 1 else ""
            minor.append(f"{number:>2} {finding.severity.word} {finding.title}{more}")
    for line in minor[: None if look.verbose else MINOR]:
        yield hanging(look, line[:2], (line[3:], "dim"))
    if len(minor) > MINOR and not look.verbose:
        yield styled(look, (f"   and {len(minor) - MINOR} more, see below", "dim"))


def _unseen(report: Report) -> str:
    """Why nothing found does not mean that all is well."""
    return "only a part was read" if report.partial else "no DNS message passed the filters"


def _details(report: Report, look: Look) -> Iterator[RenderableType]:
    if not report.findings:
        return
    yield heading(look, "FINDINGS", "dnsloupe explain ID says what one means")
    chains: dict[Chain, int] = {}
    for group in groups(report.findings):
        yield from long_forms(group, look, chains)


def _ledger(report: Report, look: Look) -> Iterator[RenderableType]:
    """What became of every frame; both lines add up."""
    yield heading(look, "LEDGER", "every frame is accounted for")
    frames = report.ledger.frames
    known = [f"{amount(n)} {word(key)}" for key, n in frames.items() if n and not key.startswith("skipped.")]
    lost = [f"{amount(n)} {reason}" for reason, n in skipped(report.ledger).items()]
    yield hanging(look, "frames  ", f"{amount(report.ledger.total)} = {' + '.join([*known, *lost]) or '0'}")
    m = report.messages
    if "messages" in m:
        parts = [f"{amount(m.get(name, 0))} {name}" for name in ("unique", "copies", "filtered")]
        yield hanging(look, "messages", f"{amount(m['messages'])} = {' + '.join(parts)}")
        rest = [f"{amount(n)} {name.replace('_', ' ')}" for name, n in m.items() if n and name not in _BALANCE]
        if rest:
            yield hanging(look, "of these", f"{', '.join(rest)}")
    if report.ledger.notes:
        notes = ", ".join(f"{amount(n)} {key.replace('-', ' ')}" for key, n in report.ledger.notes.items() if n)
        if notes:
            yield hanging(look, "notes   ", notes)
    dropped = drops(report.interfaces)
    if any(info.drops for info in report.interfaces):
        yield hanging(look, "capture ", f"{amount(dropped)} packets lost" if dropped else "lost no packet")
    if lost or dropped or frames.get("skipped.fragment-missing"):
        yield styled(look, ("capture all of it with  ", "dim"), ADVICE)


_BALANCE: Final = frozenset(("messages", "unique", "copies", "filtered"))
