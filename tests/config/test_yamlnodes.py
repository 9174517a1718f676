"""YAML values with their lines; hostile YAML."""

from __future__ import annotations

from analyzer.config.yamlnodes import MAX_YAML, documents


def test_values_know_their_lines() -> None:
    trees, problems = documents("a:\n  b: [x,\n      y]\n  c: yes\n---\nd: |\n  text\n", "f")
    assert not problems
    assert [(word, source.line) for word, source in trees[0].get("a", "b").words()] == [("x", 2), ("y", 3)]
    assert trees[0].get("a", "c").flag() is True
    assert trees[0].get("a", "absent", "more").text == ""
    assert not trees[0].get("absent")
    block = trees[1].get("d")
    assert (block.text, block.line, block.is_block) == ("text\n", 6, True)


def test_broken_yaml_keeps_what_came_before() -> None:
    trees, problems = documents("a: 1\n---\nb: [\n", "f")
    assert [tree.get("a").text for tree in trees] == ["1"]
    assert [(one.source.line, one.error) for one in problems] == [(4, True)]


def test_deep_recursive_and_large_yaml() -> None:
    assert documents("[" * 50_000, "f")[1][0].error
    assert documents("x" * (MAX_YAML + 1), "f")[1][0].error
    trees, _ = documents("a: &x [*x]\nb: !!python/object/apply:os.system [echo]\n", "f")
    for tree in trees:
        assert tree.get("b").words() == [("echo", tree.get("b").items()[0].source)], "a tag is text, never a call"
