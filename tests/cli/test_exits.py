"""Exit codes and the line on stderr."""

from __future__ import annotations

import pytest

from analyzer.cli.exits import DONE, ERROR, INTERRUPTED, MET, PARTIAL, say, worst


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], DONE),
        ([DONE, PARTIAL], PARTIAL),
        ([PARTIAL, MET], MET),
        ([MET, ERROR, PARTIAL], ERROR),
        ([ERROR, INTERRUPTED, MET], INTERRUPTED),
    ],
)
def test_precedence(codes: list[int], code: int) -> None:
    assert worst(*codes) == code


def test_a_message_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\n b\x1b[31m\u202e")
    assert capsys.readouterr().err == "dnsloupe: a b\\027[31m\\226\\128\\174\n"
