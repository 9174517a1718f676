"""Where results go."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.cli.output import open_output
from analyzer.errors import InputError


def test_a_file_is_utf8_whatever_stands_in_it(tmp_path: Path) -> None:
    with open_output(str(tmp_path / "x")) as out:
        out.write("▁ \ud800\n")
    assert (tmp_path / "x").read_bytes() == "▁ \\ud800\n".encode()


def test_stdout_is_the_default_and_the_dash(capsys: pytest.CaptureFixture[str]) -> None:
    for path in (None, "-"):
        with open_output(path) as out:
            out.write("x\n")
    assert capsys.readouterr().out == "x\nx\n"


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or directory"), open_output(str(tmp_path / "none" / "x")):
        pass
