"""Words and braces of a Corefile."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.config.lexer import MAX_DEPTH, Directive, tree, words_of
from analyzer.config.parsed import Problem


def parse(text: str, **env: str) -> tuple[list[Directive], list[Problem]]:
    problems: list[Problem] = []
    return list(tree(list(words_of(text, "f", env, problems)), problems)), problems


def shape(text: str, **env: str) -> list[object]:
    def plain(directives: Iterable[Directive]) -> list[object]:
        return [(one.words, None if one.body is None else plain(one.body)) for one in directives]

    return plain(parse(text, **env)[0])


def test_blocks_quotes_and_comments() -> None:
    text = 'a b { # why\n  log "x # y" "{" z # end\n  # nothing\n  c {\n    d\n  }\n}\n'
    assert shape(text) == [(("a", "b"), [(("log", "x # y", "{", "z"), None), (("c",), [(("d",), None)])])]


def test_variables_in_both_spellings() -> None:
    assert shape("forward . {$UP} {%UP2%}:53\n", UP="192.0.2.1 192.0.2.2", UP2="192.0.2.3") == [
        (("forward", ".", "192.0.2.1", "192.0.2.2", "192.0.2.3:53"), None)
    ]
    _, problems = parse("forward . {$UP}\n")
    assert [one.source.line for one in problems] == [1]
    assert "UP" in problems[0].why


def test_a_comma_continues_the_keys() -> None:
    assert shape("a,\nb {\n}\n") == [(("a,", "b"), [])]


def test_unbalanced_braces() -> None:
    assert [(one.source.line, one.error) for one in parse("a {\n b {\n")[1]] == [(2, True), (1, True)]
    assert [(one.source.line, one.error) for one in parse("a {\n}\n}\n")[1]] == [(3, True)]


def test_nesting_is_bounded() -> None:
    found, problems = parse("a {\n" * (MAX_DEPTH + 100))
    assert any("nested deeper" in one.why for one in problems)
    assert len(found) == 1
