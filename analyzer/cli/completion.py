"""`dnsloupe completion`: the script that lets a shell complete commands, options and their values."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["command"]

_EXAMPLES = """
\b
Examples:
  dnsloupe completion bash > ~/.local/share/bash-completion/completions/dnsloupe
  dnsloupe completion zsh > ~/.zfunc/_dnsloupe     (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  dnsloupe completion fish > ~/.config/fish/completions/dnsloupe.fish
"""


@click.command(short_help="Print the completion script of a shell.", epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what SHELL needs to complete dnsloupe: commands, options, and the words that options take."""
    found = get_completion_class(shell)
    if found is not None:  # click knows all three
        click.echo(found(ctx.find_root().command, {}, "dnsloupe", "_DNSLOUPE_COMPLETE").source())
