"""The Report as Markdown, to paste into a ticket: verdict, findings with proof and fix, short tables, the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from analyzer.findings import Finding, Fix, Severity
from analyzer.report.escape import markdown, markdown_block, markdown_code
from analyzer.report.labels import labelled
from analyzer.report.ledger import skipped, word
from analyzer.report.look import Look
from analyzer.report.model import Report
from analyzer.report.text_findings import MORE, Numbered, frame_text, groups, saved
from analyzer.report.text_tables import cells_of
from analyzer.report.times import amount, duration, rfc3339

__all__ = ["render"]

TABLES: Final = ("bases", "suffixes", "clients", "servers", "rcodes")
ROWS: Final = 5
STEPS: Final = 14
FIXES: Final = 4


def render(report: Report) -> str:
    """The whole text, with a line end."""
    parts = [*_head(report), *_findings(report), *_tables(report), *_ledger(report)]
    return "\n".join(parts).rstrip() + "\n"


def _head(report: Report) -> Iterator[str]:
    worst = report.worst
    names = ", ".join(markdown_code(one.name) for one in report.inputs)
    if worst is None or worst <= Severity.INFO:
        whole = report.summary.messages and not report.partial
        yield "# DNS looks healthy\n" if whole else "# DNS: nothing found, and not all was seen\n"
        yield f"Nothing found that needs a change in {names}. Looked for: {', '.join(report.checked)}.\n"
    else:
        counts = Counter(finding.severity for finding in report.findings)
        how_many = ", ".join(
            f"{counts[level]} {level.word}" for level in sorted(Severity, reverse=True) if counts[level]
        )
        yield f"# DNS: {worst.word}\n"
        yield f"{how_many} in {names}\n"
    summary = report.summary
    if summary.first is not None and summary.last is not None:
        yield f"- {rfc3339(summary.first)[:19]}Z to {rfc3339(summary.last)[:19]}Z ({duration(summary.duration_s)})"
    yield (
        f"- {amount(summary.messages)} DNS messages ({amount(summary.queries)} queries, {amount(summary.responses)} "
        f"responses) in {amount(report.ledger.total)} frames"
    )
    yield from (f"- filter: {markdown_code(report.options.bpf)}" for _ in [0] if report.options.bpf)
    if report.interrupted:
        yield "- **partial**: interrupted; this is what was read until then"
    yield from (f"- **partial**: {markdown(line)}" for line in report.damage)
    yield from (f"- note: {markdown(line)}" for line in report.notes)
    yield f"- dnsloupe {markdown(report.version)}\n"


def _findings(report: Report) -> Iterator[str]:
    if report.findings:
        yield "## Findings\n"
    for group in groups(report.findings):
        number, finding = group[0]
        yield f"### {number}. {finding.severity.word.upper()}: {markdown(finding.title)}\n"
        yield f"{_when(finding, report)}\n"
        if len(group) > 1:
            yield _others(group, report)
        if finding.severity > Severity.INFO:
            yield from _proof(finding)
            if saved(finding):
                yield f"Saves {saved(finding)}.\n"
            yield from (_fix(fix, first=fix is finding.fix[0]) for fix in finding.fix[:FIXES])


def _when(finding: Finding, report: Report) -> str:
    subject = markdown_code(labelled(finding.subject.value, report.labels))
    parts = [f"`{finding.id}`", f"{finding.subject.kind} {subject}"]
    if finding.first is not None and finding.first_frame is not None:
        parts.append(f"since {rfc3339(finding.first)} (frame {frame_text(finding.first_frame)})")
    parts.append(f"{amount(finding.count)} times" if finding.count != 1 else "once")
    if finding.per_min is not None:
        parts.append(f"{amount(finding.per_min)}/min")
    parts.append(f"{finding.confidence.word} confidence")
    return ", ".join(parts)


def _others(group: Sequence[Numbered], report: Report) -> str:
    shown = [markdown_code(labelled(finding.subject.value, report.labels)) for _, finding in group[1 : MORE + 1]]
    more = f" and {len(group) - 1 - MORE} more" if len(group) - 1 > MORE else ""
    return f"The same of {', '.join(shown)}{more}\n"


def _proof(finding: Finding) -> Iterator[str]:
    steps = finding.chain[:STEPS]
    if steps:
        lines = [f"#{frame_text(step.frame)}  {rfc3339(step.time_ns)[11:26]}  {step.text}" for step in steps]
        left = len(finding.chain) - len(steps)
        yield f"Proof, frame by frame:\n\n{markdown_block([*lines, *([f'and {left} more'] if left else [])])}\n"
    if finding.wireshark_filter:
        yield f"Wireshark: {markdown_code(finding.wireshark_filter)}\n"


def _fix(fix: Fix, first: bool) -> str:
    return f"{'Change' if first else 'Or'}: {markdown(fix.where)}\n\n{markdown_block(fix.text.splitlines())}\n"


def _tables(report: Report) -> Iterator[str]:
    look = Look(rows=ROWS, labels=report.labels)
    for name in TABLES:
        title, note, heads, rows = cells_of(name, report, look)
        if not rows:
            continue
        yield f"## {title.capitalize()}\n"
        if note:
            yield f"{markdown(note)}\n"
        yield _row(list(map(markdown, heads)))
        yield _row(["---"] * len(heads))
        yield from (_row([markdown_code(row[0], cell=True), *map(markdown, row[1:])]) for row in rows)
        yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ledger(report: Report) -> Iterator[str]:
    frames = report.ledger.frames
    known = [f"{amount(n)} {word(key)}" for key, n in frames.items() if n and not key.startswith("skipped.")]
    lost = [f"{amount(n)} {reason}" for reason, n in skipped(report.ledger).items()]
    yield f"Every frame is accounted for: {amount(report.ledger.total)} = {' + '.join([*known, *lost]) or '0'}."
