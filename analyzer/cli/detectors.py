"""`dnsloupe detectors`: what is looked for."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command(short_help="List what is looked for.")
@click.option("-o", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> None:
    """List every detector with one line on what it detects; `dnsloupe explain ID` says all."""
    from analyzer.detectors import registry
    from analyzer.report.escape import json_text

    found = {ident: detector.doc.strip().partition("\n\n")[0] for ident, detector in registry().items()}
    lines = {ident: " ".join(first.split()) for ident, first in sorted(found.items())}
    if form == "json":
        click.echo(json_text([{"id": ident, "title": line} for ident, line in lines.items()], indent=1))
        return
    width = max(map(len, lines), default=0)
    for ident, line in lines.items():
        click.echo(f"{ident:{width}}  {line}")
