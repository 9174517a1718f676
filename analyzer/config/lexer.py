"""The Corefile's words (Caddyfile syntax): quotes, comments, `{$ENV}` and `{%ENV%}`, and the tree of directives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from analyzer.config.parsed import MAX_LINES, Problem
from analyzer.findings import SourceLine

__all__ = ["MAX_DEPTH", "Directive", "Word", "tree", "words_of"]

MAX_DEPTH = 32  # nested braces; CoreDNS itself needs two or three
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_ENV = re.compile(r"\{\$([A-Za-z_][A-Za-z0-9_]*)\}|\{%([A-Za-z_][A-Za-z0-9_]*)%\}")


@dataclass(frozen=True, slots=True)
class Word:
    """One token and its line; `first` marks the first token of a line, `quoted` one whose braces are mere text."""

    text: str
    first: bool
    source: SourceLine
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Directive:
    """One line of a block: its words, and the directives in the braces that it opens (None where it opens none)."""

    words: tuple[str, ...]
    source: SourceLine
    body: tuple[Directive, ...] | None = None

    @property
    def name(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.words[1:]


def words_of(text: str, origin: str, env: Mapping[str, str], problems: list[Problem]) -> Iterator[Word]:
    """Tokens in order. A variable that `env` does not hold becomes empty, as in CoreDNS, and is a problem here."""
    for number, raw in enumerate(text.splitlines()[:MAX_LINES], 1):
        source = SourceLine(origin, number, raw.strip()[:300])
        first = True
        for match in _WORD.finditer(raw):
            token = match.group()
            if token.startswith("#"):
                break
            quoted = len(token) > 1 and token[0] == token[-1] == '"'
            if quoted:
                parts = [token[1:-1].replace('\\"', '"')]
            else:
                parts = _ENV.sub(partial(_value, env, source, problems), token).split()
            for part in parts:
                yield Word(part, first, source, quoted)
                first = False


def _value(env: Mapping[str, str], source: SourceLine, problems: list[Problem], found: re.Match[str]) -> str:
    name = found.group(1) or found.group(2)
    if name not in env:
        problems.append(
            Problem(source, f"environment variable {name} is not known; read as empty (--env {name}=VALUE)")
        )
    return env.get(name, "")


def tree(words: Sequence[Word], problems: list[Problem]) -> tuple[Directive, ...]:
    """Directives by lines and braces; what opens and never closes, or closes without opening, is a problem."""
    levels: list[list[Directive]] = [[]]
    heads: list[Directive] = []
    current: list[Word] = []

    def finish() -> None:
        if current:
            levels[-1].append(Directive(tuple(word.text for word in current), current[0].source))
            current.clear()

    def close() -> None:
        body = tuple(levels.pop())
        levels[-1].append(replace(heads.pop(), body=body))

    for word in words:
        # a key list continues on the next line after a comma
        if word.first and not (current and current[-1].text.endswith(",") and not heads):
            finish()
        if word.text == "{" and not word.quoted:
            if len(heads) == MAX_DEPTH:
                problems.append(Problem(word.source, f"braces nested deeper than {MAX_DEPTH}", error=True))
                break
            heads.append(Directive(tuple(part.text for part in current), current[0].source if current else word.source))
            current.clear()
            levels.append([])
        elif word.text == "}" and not word.quoted:
            finish()
            if heads:
                close()
            else:
                problems.append(Problem(word.source, "a closing brace without an opening one", error=True))
        else:
            current.append(word)
    finish()
    while heads:
        problems.append(Problem(heads[-1].source, "the block is never closed", error=True))
        close()
    return tuple(levels[0])
