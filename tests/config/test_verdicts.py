"""A finding that rests on lines."""

from __future__ import annotations

from analyzer.config.verdicts import finding
from analyzer.findings import Fix, Severity, SourceLine, Subject


def test_lines_are_counted_once() -> None:
    line, fix = SourceLine("f", 1, "x"), Fix("f:1", "y")
    one = finding("R1", "k", Severity.LOW, "t", Subject("file", "f"), [line, line], [fix, fix])
    assert (one.count, one.sources, one.fix, one.first, one.last_frame) == (1, (line,), (fix,), None, None)
    assert one.key == "R1/k/file=f"
