"""`dnsloupe diff`: what became new, gone or different between two captures or saved reports."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import click

from analyzer.cli.exits import DONE, PARTIAL, say
from analyzer.cli.inputs import output_options, reading_options, request, with_top
from analyzer.cli.output import open_output
from analyzer.cli.reading import progress_bar
from analyzer.errors import InputError, UsageError

__all__ = ["command"]

_MAX_REPORT: Final = 1 << 30  # octets of a saved report: far more than tables of 10,000 rows hold
_EXAMPLES: Final = """
\b
Examples:
  dnsloupe diff before.pcap after.pcap
  dnsloupe analyze before.pcap -o json -O before.json && dnsloupe diff before.json after.pcap
"""


@click.command(short_help="Compare two captures or saved reports.", epilog=_EXAMPLES)
@reading_options
@output_options(("text", "json", "html"))
@click.option("--top", type=click.IntRange(0), help="Rows a table; 0 for all [default: 10].")
@click.option("--width", type=click.IntRange(40), help="Columns of text [default: the terminal's, else 100].")
@click.option("--ascii", "ascii_only", is_flag=True, help="Only ASCII characters.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    form: str, output: str | None, top: int | None, width: int | None, ascii_only: bool, quiet: bool, **shared: Any
) -> int:
    """Hold BEFORE against AFTER: findings, suffixes, names, clients, response codes, as rates over the covered time.

    Each of the two is a capture, or a report saved by `analyze -o json`. Filters apply to captures only.
    """
    from analyzer.diff import compare
    from analyzer.report import comparison as faces
    from analyzer.report.look import Look

    asked = with_top(request(**shared), 10_000)
    if len(asked.paths) != 2:
        raise UsageError("diff takes two inputs: BEFORE and AFTER")
    before, after = (_document(path, asked.options, quiet) for path in asked.paths)
    found = compare(before, after, (asked.paths[0], asked.paths[1]))
    tty = output is None and sys.stdout.isatty()
    look = Look(
        width=width or (shutil.get_terminal_size().columns if tty else 100),
        colour=tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        ascii_only=ascii_only,
        rows=top or (2**31 if top == 0 else 10),
    )
    with open_output(output) as out:
        if form == "json":
            out.write(faces.render_json(found))
        elif form == "html":
            from analyzer.report.html_diff import render as render_html

            out.write(render_html(found))
        else:
            faces.render(found, look, out)
    return PARTIAL if before.get("partial") or after.get("partial") else DONE


def _document(path: str, options: Any, quiet: bool) -> dict[str, Any]:
    """A report as JSON document: read where it is one, made where the input is a capture."""
    saved = _saved(path)
    if saved is not None:
        return saved
    from analyzer import pipeline
    from analyzer.report.json import document

    with progress_bar((path,), quiet) as progress:
        report = pipeline.analyze([path], options, progress)
    for line in report.damage:
        say(line)
    return document(report)


def _saved(path: str) -> dict[str, Any] | None:
    """The saved report in a file, None where the file is no JSON object."""
    try:
        with Path(path).open("rb") as file:
            if path == "-" or not file.read(64).lstrip().startswith(b"{"):
                return None
            file.seek(0)
            data = file.read(_MAX_REPORT)
    except OSError:
        return None  # reading it as a capture says what is wrong
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a report: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("summary"), dict) or "schema" not in found:
        raise InputError(f"{path}: JSON, but no report of `dnsloupe analyze -o json`")
    return found
