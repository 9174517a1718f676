"""`dnsloupe search`: search lists at work, their bill and their cure."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.exits import DONE, INTERRUPTED, PARTIAL, say, worst
from analyzer.cli.inputs import output_options, reading_options, request, with_top
from analyzer.cli.output import open_output
from analyzer.cli.reading import progress_bar, shortfall
from analyzer.errors import InputError

if TYPE_CHECKING:
    from analyzer.measures.search_crosscheck import CrossCheck
    from analyzer.measures.search_replay import WhatIf
    from analyzer.measures.search_rows import Search
    from analyzer.report.model import Report

__all__ = ["command"]


@click.command(short_help="Show search lists at work: the chain, the resolv.conf behind it, the bill, the cure.")
@reading_options
@output_options(("text", "json", "csv"))
@click.option(
    "--what-if",
    "rules",
    multiple=True,
    metavar="RULE",
    help="Replay the lookups under RULE: ndots=N, fqdn, drop-search=SUFFIX, no-aaaa, negative-ttl=SECONDS; several "
    "in one value (comma) together, repeated for one after another [default: the usual cures].",
)
@click.option(
    "--resolv-conf",
    "declared",
    multiple=True,
    metavar="[CLIENT=]FILE",
    help="Hold a resolv.conf against what the traffic shows, repeatable.",
)
@click.option("--top", type=click.IntRange(0), help="Rows a table; 0 for all [default: 10, json 10000].")
@click.option("--width", type=click.IntRange(40), help="Columns of text [default: the terminal's, else 100].")
@click.option("--ascii", "ascii_only", is_flag=True, help="Only ASCII characters.")
def command(
    form: str,
    output: str | None,
    rules: tuple[str, ...],
    declared: tuple[str, ...],
    top: int | None,
    width: int | None,
    ascii_only: bool,
    **shared: Any,
) -> int:
    """Rebuild from the packets which names were tried for each lookup, infer the search list and ndots behind it, count
    what it costs, and replay the lookups under other rules."""
    from analyzer import pipeline, whatif

    wanted = [whatif.parse([text]) for text in rules]
    files = [_declared(text) for text in declared]
    asked = with_top(request(**shared), top if top is not None else 10_000)
    with progress_bar(asked.paths, False) as progress:
        report = pipeline.analyze(asked.paths, asked.options, progress)
    search: Search = report.details["search"]
    wanted = wanted or whatif.usual(search, report.details["clusterdomain"].name)
    whatifs = [whatif.what_if(report.details, search.verdict.context, one) for one in wanted]
    checks = [check for client, path in files for check in _checked(search, client, path)]
    with open_output(output) as out:
        if form == "json":
            out.write(_json(report, whatifs, checks))
        elif form == "csv":
            from analyzer.report.search_text import bill_csv

            out.write(bill_csv(search, whatifs if rules else (), report.details["outgoing"]))
        else:
            out.write(_text(report, whatifs, checks, _columns(width, out), ascii_only, top))
    lines = [*report.damage, *(shortfall(report.ledger, list(report.interfaces)) if asked.strict else [])]
    for line in lines:
        say(line)
    return worst(INTERRUPTED if report.interrupted else DONE, PARTIAL if lines else DONE)


def _declared(text: str) -> tuple[str, str]:
    """Client (or nothing) and file."""
    client, equals, path = text.partition("=")
    return (client, path) if equals and not Path(text).exists() else ("", text)


def _checked(search: Search, client: str, path: str) -> tuple[CrossCheck, ...]:
    from analyzer.config import resolvconf
    from analyzer.measures.search_crosscheck import cross_check

    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    found = resolvconf.read(text, path).content
    return cross_check(search, path, found.search, found.ndots, client)


def _columns(width: int | None, out: Any) -> tuple[int, bool]:
    tty = out is sys.stdout and sys.stdout.isatty()
    colour = tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return width or (shutil.get_terminal_size().columns if tty else 100), colour


def _text(
    report: Report,
    whatifs: list[WhatIf],
    checks: list[CrossCheck],
    screen: tuple[int, bool],
    ascii_only: bool,
    top: int | None,
) -> str:
    import io

    from analyzer.report.look import Look, Verbatim, console
    from analyzer.report.search_text import section

    look = Look(width=screen[0], colour=screen[1], ascii_only=ascii_only, rows=top or (2**31 if top == 0 else 10))
    page = io.StringIO()
    paper = console(page, look)
    for part in section(report.details["search"], look, whatifs, checks, report.details["outgoing"]):
        paper.print(part, soft_wrap=isinstance(part, Verbatim))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()).lstrip("\n")


def _json(report: Report, whatifs: list[WhatIf], checks: list[CrossCheck]) -> str:
    from analyzer.report.escape import json_text
    from analyzer.report.json import document, plain

    whole = document(report)
    kept = {name: whole[name] for name in ("schema", "dnsloupe", "partial", "capture", "search")}
    kept["what_if"] = [
        {
            "rule": one.rules.words,
            "lookups": one.lookups,
            "assumed_share": round(one.assumed_share, 6),
            "legs": [plain(leg) for leg in one.legs],
            "notes": list(one.notes),
        }
        for one in whatifs
    ]
    kept["cross_check"] = [plain(dataclasses.asdict(one)) for one in checks]
    return json_text(kept, indent=1) + "\n"
