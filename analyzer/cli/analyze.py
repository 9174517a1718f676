"""`dnsloupe analyze`: the report."""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import sys
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.exits import DONE, INTERRUPTED, MET, PARTIAL, say, worst
from analyzer.cli.failing import FailOn
from analyzer.cli.inputs import Request, output_options, reading_options, request, with_top
from analyzer.cli.output import open_output
from analyzer.cli.reading import patience, progress_bar, shortfall
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.gate import Verdict
    from analyzer.report.look import Look
    from analyzer.report.model import Report

__all__ = ["command", "look_of"]


@click.command(short_help="Say what is wrong, with proof and with what to change.")
@reading_options
@output_options(("text", "json", "html", "jsonl", "md", "junit", "dot"))
@click.option("--top", type=click.IntRange(0), help="Rows a table; 0 for all [default: 10, json and html 10000].")
@click.option("--width", type=click.IntRange(40), help="Columns of text [default: the terminal's, else 100].")
@click.option("--ascii", "ascii_only", is_flag=True, help="Only ASCII characters.")
@click.option("--tz", "zone", metavar="ZONE", default="UTC", help="Time zone of times in text [default: UTC].")
@click.option("--relative", is_flag=True, help="Times in text from the first packet on.")
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict.")
@click.option("-v", "--verbose", count=True, help="All steps, all fixes, what was ruled out.")
@click.option(
    "--export", "folder", metavar="DIR", help="Also write every table into DIR, as Parquet (CSV without pyarrow)."
)
@click.option(
    "--config",
    multiple=True,
    metavar="[ROLE=]PATH",
    help="Configuration to hold the capture against (see dnsloupe config -h).",
)
@click.option(
    "--fail-on",
    "fail_on",
    multiple=True,
    metavar="WORD[,WORD]",
    help="Exit 1 if any holds: severity>=high, a finding's id, loop, leak>0, amplification>3, states.unanswered>0.",
)
def command(
    form: str,
    output: str | None,
    top: int | None,
    width: int | None,
    ascii_only: bool,
    zone: str,
    relative: bool,
    quiet: bool,
    verbose: int,
    folder: str | None,
    config: tuple[str, ...],
    fail_on: tuple[str, ...],
    **shared: Any,
) -> int:
    """Read captures and report: the verdict, each finding with its proof and fix, the tables, the ledger."""
    from analyzer import pipeline

    gate = FailOn(fail_on, bool(config))
    asked = with_top(request(**shared), top if top is not None else 10_000)
    asked = dataclasses.replace(asked, options=dataclasses.replace(asked.options, config=config))
    look = functools.partial(
        look_of, width=width, ascii_only=ascii_only, zone=_zone(zone), relative=relative, verbose=verbose, top=top
    )
    with patience(asked.options.decoder), progress_bar(asked.paths, quiet) as progress:
        report = (
            _exported(folder, asked, progress) if folder else pipeline.analyze(asked.paths, asked.options, progress)
        )
    verdicts = gate.judge(report)
    with open_output(output) as out:
        if form == "text":
            from analyzer.report.text import render

            render(report, look(report, out), out, quiet)
        else:
            out.write(_face(form, report, verdicts))
    return worst(_code(report, asked.strict), MET if any(one.met for one in verdicts or ()) else DONE)


def _face(form: str, report: Report, verdicts: list[Verdict] | None) -> str:
    """The report in one of the forms that do not depend on a terminal; only the module of that form is imported."""
    if form == "html":
        from analyzer.report.html import render as render_html

        return render_html(report)
    if form == "md":
        from analyzer.report.ticket import render as render_ticket

        return render_ticket(report)
    if form == "junit":
        from analyzer.report.junit import render as render_junit

        return render_junit(report, verdicts)
    if form == "dot":
        from analyzer.report.graph import dot

        return dot(report.details["graph"])
    from analyzer.report import json

    return json.findings_lines(report) if form == "jsonl" else json.render(report)


def _exported(folder: str, asked: Request, progress: Any) -> Report:
    """The report, with every table written into `folder`."""
    from analyzer import pipeline
    from analyzer.report.export import export, has_pyarrow
    from analyzer.report.tables_kept import Kept

    kept = Kept()
    analysis = pipeline.run(asked.paths, asked.options, progress, tap=kept.keep)
    export(folder, kept, analysis.report, analysis.results, analysis.context)
    if not has_pyarrow():
        say("tables written as CSV; Parquet needs pyarrow: pip install 'dnsloupe[parquet]'")
    return analysis.report


def _code(report: Report, strict: bool) -> int:
    """What the result means for the exit code; what was not read is said on stderr too."""
    lines = [*report.damage, *(shortfall(report.ledger, list(report.interfaces)) if strict else [])]
    for line in lines:
        say(line)
    return worst(INTERRUPTED if report.interrupted else DONE, PARTIAL if lines else DONE)


def look_of(
    report: Report,
    out: Any,
    *,
    width: int | None = None,
    ascii_only: bool = False,
    zone: tzinfo = UTC,
    relative: bool = False,
    verbose: int = 0,
    top: int | None = None,
) -> Look:
    """How a report looks on `out`: coloured on a terminal that wants it, as wide as that is, else plain and 100 wide."""
    from analyzer.report.look import Look

    tty = out is sys.stdout and sys.stdout.isatty()
    columns = shutil.get_terminal_size().columns if tty else 100
    return Look(
        width=width or columns,
        colour=tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        ascii_only=ascii_only,
        verbose=verbose,
        rows=top or (2**31 if top == 0 else 10),
        zone=zone,
        zone_name=str(zone),
        base=report.summary.first if relative else None,
        resolution_ns=min((one.resolution_ns for one in report.inputs), default=1000),
    )


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"--tz: no time zone {name!r}") from error
