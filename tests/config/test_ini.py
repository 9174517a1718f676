"""systemd's configuration syntax."""

from __future__ import annotations

from analyzer.config.ini import entries


def test_sections_are_numbered_and_continued_lines_joined() -> None:
    found, problems = entries("[Address]\nAddress=1\n[Address]\nAddress=2 \\\n  3\n", "f")
    assert [(one.section, one.number, one.value.split(), one.source.line) for one in found] == [
        ("Address", 1, ["1"], 2),
        ("Address", 2, ["2", "3"], 4),
    ]
    assert not problems


def test_stray_lines_are_problems() -> None:
    found, problems = entries("DNS=1.1.1.1\n[Resolve]\nwhat\n;DNS=2\n", "f")
    assert not found
    assert [(one.source.line, one.why) for one in problems] == [
        (1, "outside any section"),
        (3, "neither a section nor Key=value"),
    ]
