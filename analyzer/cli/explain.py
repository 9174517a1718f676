"""`dnsloupe explain ID`: the documentation of one detector."""

from __future__ import annotations

import difflib

import click

from analyzer.errors import UsageError

__all__ = ["command"]


@click.command(short_help="Explain one finding.")
@click.argument("ident", metavar="ID")
def command(ident: str) -> None:
    """Say what a finding means: what it detects, what you feel, the evidence, look-alikes, the fix, references."""
    from analyzer.detectors import registry

    detector = registry().get(ident.strip().lower().replace("_", "-"))
    if detector is None:
        near = difflib.get_close_matches(ident, registry(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"no detector {ident!r}{hint} (dnsloupe detectors lists them)")
    click.echo(f"# {detector.id}\n\n{detector.doc.strip()}")
