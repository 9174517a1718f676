"""`dnsloupe plot`: one picture of a capture."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any, Final

import click

from analyzer.cli.exits import DONE, PARTIAL, say
from analyzer.cli.inputs import reading_options, request
from analyzer.cli.reading import progress_bar
from analyzer.errors import InputError, UsageError

__all__ = ["command"]

_KINDS: Final = ("timeline", "rcodes", "names", "suffixes", "rtt", "expansion", "gaps", "loop")
_FORMATS: Final = ("svg", "png", "pdf")
_EXAMPLES: Final = """
\b
Kinds:
  timeline   queries and responses a second
  rcodes     responses by code, stacked
  names      the busiest names over time
  suffixes   queries by suffix, what does not exist marked
  rtt        share of answers that took at most so long
  expansion  one lookup through its search list
  gaps       time between queries for the busiest names (or for those under --name)
  loop       the deepest turn of a forwarding loop
\b
Example:
  dnsloupe plot incident.pcap expansion -O expansion.svg
"""


@click.command(short_help="Draw one picture of a capture: svg, png or pdf.", epilog=_EXAMPLES)
@reading_options
@click.option("-O", "--output", metavar="FILE", help="Write to FILE, whose ending says the format.")
@click.option("-o", "form", type=click.Choice(_FORMATS), help="Format [default: from FILE's name, else svg].")
@click.option("--side", type=click.Choice(["client", "upstream", "self", "transit"]), help="Draw this side.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(output: str | None, form: str | None, side: str | None, quiet: bool, **shared: Any) -> int:
    """Draw KIND from the captures: dnsloupe plot FILE... KIND -O out.svg."""
    *files, kind = shared.pop("files") or ("",)
    if kind not in _KINDS:
        raise UsageError(f"no plot {kind!r}; there are {', '.join(_KINDS)}")
    named = Path(output or "").suffix.lower().removeprefix(".")
    form = form or named or "svg"
    if form not in _FORMATS:
        raise UsageError(f"{output}: no format {form!r}; there are {', '.join(_FORMATS)}")
    if output in (None, "-") and form != "svg" and sys.stdout.isatty():
        raise UsageError(f"{form} is not for a terminal (-O FILE)")
    asked = request(files=tuple(files), **shared)

    from analyzer import pipeline
    from analyzer.report import plots

    with progress_bar(asked.paths, quiet) as progress:
        report = pipeline.analyze(asked.paths, asked.options, progress)
    given = {} if side is None or kind in ("expansion", "loop") else {"side": side}
    picture = io.BytesIO()
    plots.save(plots.KINDS[kind](report, **given), picture, form)
    _write(output, picture.getvalue())
    for line in report.damage:
        say(line)
    return PARTIAL if report.partial else DONE


def _write(output: str | None, data: bytes) -> None:
    if output in (None, "-"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(str(output)).write_bytes(data)
    except OSError as error:
        raise InputError(f"{output}: {(error.strerror or str(error)).lower()}") from error
