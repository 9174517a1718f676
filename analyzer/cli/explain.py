"""`dnsloupe explain ID`: the documentation of one detector or configuration rule."""

from __future__ import annotations

import click

from analyzer.errors import UsageError

__all__ = ["command"]


@click.command(short_help="Explain one finding.")
@click.argument("ident", metavar="ID")
def command(ident: str) -> None:
    """Say what a finding means: what it detects, what you feel, the evidence, look-alikes, the fix, references."""
    from analyzer.config import RULES
    from analyzer.detectors import registry

    documents = {name: detector.doc for name, detector in registry().items()} | RULES
    folded = {name.lower(): name for name in documents}
    wanted = ident.strip().lower().replace("_", "-")
    if wanted not in folded:
        import difflib

        near = difflib.get_close_matches(wanted, folded, 1)
        hint = f"; did you mean {folded[near[0]]}?" if near else ""
        raise UsageError(f"no detector or rule {ident!r}{hint} (dnsloupe detectors lists them)")
    name = folded[wanted]
    click.echo(f"# {name}\n\n{documents[name].strip()}")
