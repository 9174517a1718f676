"""Keys as terminals send them: sequences, several at once, and what nobody knows."""

from __future__ import annotations

import pytest

from analyzer.live.keys import names


@pytest.mark.parametrize(
    ("octets", "pressed"),
    [
        (b"q", ["q"]),
        (b"\x1b", ["escape"]),
        (b"\x1b[A\x1bOB", ["up", "down"]),
        (b"\x1bj", ["escape", "j"]),  # both keys in one read, as over a slow line
        (b"jjf", ["j", "j", "f"]),
        (b"\x1b[5~\x1b[1;5C", []),  # page up, Ctrl-right: nothing is bound to them
        (b"gone\r", ["g", "o", "n", "e", "enter"]),
        ("é".encode(), ["é"]),
        (b"\xff\x80a", ["a"]),
        (b"\x7f\t", ["backspace", "tab"]),
    ],
)
def test_what_was_pressed(octets: bytes, pressed: list[str]) -> None:
    assert list(names(octets)) == pressed
