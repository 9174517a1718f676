"""The manual page, made from what `--help` says: `docs/build.py` writes it to docs/man/dnsloupe.1."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from analyzer import __version__

__all__ = ["page"]


def page(program: click.Group, name: str = "dnsloupe") -> str:
    """A page for man(1), section 1: the program, then each command with its options."""
    context = click.Context(program, info_name=name, **program.context_settings)
    commands = {word: program.get_command(context, word) for word in program.list_commands(context)}
    return "\n".join(_lines(program, context, {word: found for word, found in commands.items() if found})) + "\n"


def _lines(program: click.Group, context: click.Context, commands: dict[str, click.Command]) -> Iterator[str]:
    name = context.info_name or ""
    yield '.\\" Made by docs/build.py (make docs).'
    yield f'.TH {name.upper()} 1 "" "{name} {__version__}" "User Commands"'
    yield from (".SH NAME", f"{name} \\- {_text((program.help or '').rstrip('.'))}")
    yield from (".SH SYNOPSIS", f".B {name}", "COMMAND [OPTION]... [ARGUMENT]...")
    yield ".SH OPTIONS"
    yield from _options(program, context)
    yield ".SH COMMANDS"
    for word, found in commands.items():
        with click.Context(found, info_name=word, parent=context) as inner:
            usage = " ".join(found.collect_usage_pieces(inner))
            yield from (f".SS {name} {_text(word)} {_text(usage)}", *_paragraphs(found.help or ""))
            yield from _options(found, inner)
            yield from _paragraphs(found.epilog or "")
    yield from (".SH EXIT STATUS", *_paragraphs(program.epilog or ""))
    yield from (".SH SEE ALSO", ".BR tcpdump (8),", ".BR tshark (1),", ".BR pcap\\-filter (7)")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is not None and isinstance(param, click.Option):
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))


def _paragraphs(text: str) -> Iterator[str]:
    """click's help: paragraphs to fill, and those after a `\\b` line as they stand."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        lines = paragraph.splitlines()
        if lines and lines[0].strip() == "\b":
            yield from (".PP", ".nf", *map(_text, lines[1:]), ".fi")
        elif lines:
            yield from (".PP", _text(" ".join(line.strip() for line in lines)))


def _text(text: str) -> str:
    """Words for roff: nothing in them is a request, an escape, or an accent instead of a quote."""
    safe = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    )
    safe = safe.replace("~", "\\(ti")
    return f"\\&{safe}" if safe[:1] in (".", "\\") else safe
