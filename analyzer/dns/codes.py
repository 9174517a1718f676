"""Numbers of a DNS registry and their mnemonics, both ways; unknown numbers are written as RFC 3597 does (`TYPE65280`)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Codes"]


class Codes:
    """One IANA registry: `text(1)` gives `"A"`, `parse("a")` gives 1; `prefix` and a number stand for what has no name.

    `top` is the highest legal number. `aliases` are further spellings that `parse` understands.
    """

    def __init__(
        self, prefix: str, top: int, mnemonics: Mapping[int, str], aliases: Mapping[str, int] | None = None
    ) -> None:
        self.mnemonics = dict(mnemonics)
        self._prefix, self._top = prefix, top
        self._numbers = {name: number for number, name in self.mnemonics.items()} | dict(aliases or {})

    def text(self, number: int) -> str:
        """The mnemonic, or prefix and number."""
        return self.mnemonics.get(number) or f"{self._prefix}{number}"

    def parse(self, text: str) -> int:
        """The number of a mnemonic (any case), of prefix and number, or of a plain number. Raises ValueError."""
        word = text.strip().upper()
        if word in self._numbers:
            return self._numbers[word]
        digits = word.removeprefix(self._prefix)
        if digits.isascii() and digits.isdecimal() and int(digits) <= self._top:
            return int(digits)
        raise ValueError(f"unknown {self._prefix.lower()} {text!r}")
