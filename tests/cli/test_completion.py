"""Completion: scripts for three shells, and the words that they ask for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_asks_dnsloupe_itself(dnsloupe: Run, shell: str) -> None:
    code, out, _ = dnsloupe("completion", shell)
    assert code == 0
    assert f"_DNSLOUPE_COMPLETE={shell}_complete" in out


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_reads_its_script(dnsloupe: Run) -> None:
    script = dnsloupe("completion", "bash")[1]
    run = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


def test_another_shell_is_refused(dnsloupe: Run) -> None:
    code, _, err = dnsloupe("completion", "csh")
    assert code == 2
    assert "csh" in err


@pytest.mark.parametrize(
    ("words", "at", "found"),
    [("dnsloupe ana", 1, "plain,analyze"), ("dnsloupe analyze -o j", 3, "plain,json"), ("dnsloupe top --b", 2, "--by")],
)
def test_words_are_completed(words: str, at: int, found: str) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(at), "_DNSLOUPE_COMPLETE": "bash_complete"}
    run = subprocess.run(
        [sys.executable, "-c", "from analyzer.cli import main; main()"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert found in run.stdout
