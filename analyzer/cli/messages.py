"""`dnsloupe messages`: one row for each DNS message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.exits import DONE
from analyzer.cli.inputs import output_options, reading_options, request
from analyzer.cli.output import open_output
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.report.rows import Field

__all__ = ["command"]


@click.command(short_help="One row for each DNS message.")
@reading_options
@output_options(("tsv", "jsonl", "csv"))
@click.option("--columns", metavar="A,B,C", help="Columns, in this order; `help` lists them.")
@click.option("--numeric", is_flag=True, help="Codes as numbers: qtype, qclass, opcode, rcode.")
@click.option(
    "--answers", is_flag=True, help="One row for each resource record instead, its data in presentation form."
)
@click.option("--limit", type=click.IntRange(0), metavar="N", help="Stop after N rows.")
def command(
    form: str, output: str | None, columns: str | None, numeric: bool, answers: bool, limit: int | None, **shared: Any
) -> int:
    """Print one row for each DNS message in the captures: tab-separated with a header line, JSON Lines, or CSV.

    Names are in RFC 1035 presentation form, lower case, without final dot. What a message does not have is `-`.
    """
    from analyzer.cli.reading import ended, patience
    from analyzer.pipeline import Reading
    from analyzer.report.records import RECORD_DEFAULT, RECORD_FIELDS, record_lines
    from analyzer.report.rows import DEFAULT, FIELDS, Formatter, Texts
    from analyzer.transactions.select import Selection

    fields = {**FIELDS, **RECORD_FIELDS} if answers else dict(FIELDS)
    if columns == "help":
        _list(fields)
        return DONE
    chosen = _chosen(columns, RECORD_DEFAULT if answers else tuple(DEFAULT), fields)
    asked = request(**shared)
    reading = Reading(asked.paths, asked.options, answers=answers)
    selection = Selection(asked.options.select, reading.names, reading.addresses)
    formatter = Formatter(chosen, Texts(reading.names, reading.addresses, numeric), form)
    left = limit if limit is not None else 2**63
    lines: Iterable[str]
    with patience(asked.options.decoder), open_output(output) as out:
        header = formatter.header()
        for _, batch in reading:
            rows = selection.feed(batch.messages)
            if answers:
                lines, count = record_lines(formatter, batch, rows, left)
            else:
                rows = rows if len(rows) <= left else rows.take(slice(0, left))
                lines, count = formatter.lines(rows), len(rows)
            out.write(header)
            out.writelines(lines)
            header, left = "", left - count
            if left <= 0:
                return DONE
        reading.require_dns()
    return ended(reading, asked.strict)


def _chosen(columns: str | None, default: tuple[str, ...], fields: dict[str, Field]) -> list[Field]:
    names = [name.strip() for name in columns.split(",")] if columns else list(default)
    unknown = [name for name in names if name not in fields]
    if unknown:
        raise UsageError(f"unknown column {unknown[0]!r} (--columns help lists them)")
    return [fields[name] for name in names]


def _list(fields: dict[str, Field]) -> None:
    width = max(map(len, fields))
    units = max(len(f.unit) for f in fields.values())
    for name, column in sorted(fields.items()):
        click.echo(f"{name:{width}}  {column.unit:{units}}  {column.doc}")
