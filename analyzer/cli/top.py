"""`dnsloupe top`: what is asked most, by whom, of whom."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.analyze import look_of
from analyzer.cli.exits import DONE, INTERRUPTED, PARTIAL, say, worst
from analyzer.cli.inputs import output_options, reading_options, request, with_top
from analyzer.cli.output import open_output
from analyzer.cli.reading import patience, progress_bar, shortfall

if TYPE_CHECKING:
    from analyzer.report.model import Report

__all__ = ["command"]

_SIDES = ["client", "upstream", "self", "transit"]
_BY = ["name", "base", "suffix", "client", "client,name", "client,base", "server", "qtype", "rcode"]


@click.command(short_help="Rank names, clients, servers, types, or suffixes as a tree.")
@reading_options
@output_options(("text", "json", "csv"))
@click.option("--by", type=click.Choice(_BY), default="base", show_default=True, help="What to rank.")
@click.option("--sort", metavar="COLUMN", help="Column to sort by [default: queries].")
@click.option("--top", type=click.IntRange(0), default=20, show_default=True, help="Rows; 0 for all.")
@click.option("--side", type=click.Choice(_SIDES), help="Leg of the way [default: client, or the busiest captured].")
@click.option("--tree", is_flag=True, help="The suffixes as a tree instead.")
@click.option(
    "--depth",
    type=click.IntRange(1, 127),
    help="Labels of the tree [default: 4]; with --by suffix, group by so many last labels.",
)
@click.option("--width", type=click.IntRange(40), help="Columns of text [default: the terminal's, else 100].")
@click.option("--ascii", "ascii_only", is_flag=True, help="Only ASCII characters.")
def command(
    form: str,
    output: str | None,
    by: str,
    sort: str | None,
    top: int,
    side: str | None,
    tree: bool,
    depth: int | None,
    width: int | None,
    ascii_only: bool,
    **shared: Any,
) -> int:
    """Rank what is in the captures. `base` is the name that programs asked for, before a search suffix was appended."""
    from analyzer import pipeline
    from analyzer.report import top as faces
    from analyzer.report.escape import json_text
    from analyzer.report.json import plain

    asked = with_top(request(**shared), top)
    options = dataclasses.replace(asked.options, depth=depth) if by == "suffix" and not tree else asked.options
    with patience(asked.options.decoder), progress_bar(asked.paths, quiet=False) as progress:
        report = pipeline.analyze(asked.paths, options, progress)
    if tree:
        _tree(report, form, output, (depth or 4, top or 10_000, side or ""), (width, ascii_only))
    else:
        found = faces.ranking(
            report, by, sort or ("responses" if by == "rcode" else "queries"), asked.options.top, side or ""
        )
        with open_output(output) as out:
            if form == "json":
                out.write(json_text([plain(row) for row in found.rows], indent=1) + "\n")
            elif form == "csv":
                faces.write_csv(found, out)
            else:
                faces.write_text(found, look_of(report, out, width=width, ascii_only=ascii_only, top=top), out)
    lines = [*report.damage, *(shortfall(report.ledger, list(report.interfaces)) if asked.strict else [])]
    for line in lines:
        say(line)
    return worst(INTERRUPTED if report.interrupted else DONE, PARTIAL if lines else DONE)


def _tree(
    report: Report, form: str, output: str | None, cut: tuple[int, int, str], look: tuple[int | None, bool]
) -> None:
    from analyzer.report import top as faces
    from analyzer.report.escape import json_text
    from analyzer.report.json import plain

    depth, top, side = cut
    with open_output(output) as out:
        root = faces.tree(report, depth, top, side)
        if form == "json":
            out.write(json_text(plain(root), indent=1) + "\n")
        elif form == "csv" and root is not None:
            faces.write_tree_csv(root, out)
        else:
            width, ascii_only = look
            faces.write_tree(
                report, depth, top, look_of(report, out, width=width, ascii_only=ascii_only, top=top), out, side
            )
