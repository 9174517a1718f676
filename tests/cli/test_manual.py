"""The manual page: every command and option is in it, and roff reads it without a word."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest

from analyzer.cli import cli
from analyzer.cli.manual import page


def test_every_command_and_option_is_in_it() -> None:
    text = page(cli).replace("\\-", "-")
    context = click.Context(cli)
    for word in cli.list_commands(context):
        command = cli.get_command(context, word)
        assert command is not None
        assert f".SS dnsloupe {word} " in text
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert param.opts[-1] in text


def test_words_are_no_requests_and_no_escapes() -> None:
    @click.command(help="'quoted' \\fB `x` ~/.a^b", epilog="\b\n.TH no\n  'it")
    def command() -> None:
        """Nothing."""

    group = click.Group("tool", commands={"one": command}, help="A tool.")
    text = page(group, "tool")
    assert "\\(aqquoted\\(aq \\efB \\(gax\\(ga \\(ti/.a\\(hab" in text
    assert "\n\\&.TH no\n  \\(aqit\n" in text


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_no_complaint() -> None:
    run = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii"], input=page(cli), capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
