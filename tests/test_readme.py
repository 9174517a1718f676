"""The README shows what the program prints: every example in it is run."""

from __future__ import annotations

import re
import shlex

import pytest

from analyzer.cli import cli, run
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```\n\$ dnsloupe (.+)\n((?:.*\n)*?)```$", README, re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize(("words", "expected"), EXAMPLES, ids=[words for words, _ in EXAMPLES])
def test_an_example_prints_what_stands_there(
    words: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert run(shlex.split(words)) == 0
    assert capsys.readouterr().out == expected


def test_every_command_is_named() -> None:
    import click

    commands = cli.list_commands(click.Context(cli))
    assert [name for name in commands if f"dnsloupe {name}" not in README] == []


def test_what_it_links_to_is_there() -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert [target for target in targets if not (ROOT / target).exists()] == []
