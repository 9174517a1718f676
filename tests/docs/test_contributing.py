"""The worked example of CONTRIBUTING.md runs as it stands there."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer import detectors

BLOCK = re.compile(r"`([\w/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def example(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """The example's files by name, written down; its detector is found beside the others as long as the test runs."""
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = {name: tmp_path / Path(name).name for name, _ in BLOCK.findall(text)}
    for name, block in BLOCK.findall(text):
        files[name].write_text(block, encoding="utf-8")
    monkeypatch.setattr(detectors, "__path__", [*detectors.__path__, str(tmp_path)])
    detectors.registry.cache_clear()
    yield files
    for name in files:
        sys.modules.pop(f"analyzer.detectors.{Path(name).stem}", None)
    detectors.registry.cache_clear()


def test_the_example_is_a_detector_and_its_test(example: dict[str, Path]) -> None:
    assert [Path(name).parent.as_posix() for name in example] == ["analyzer/detectors", "tests/detectors"]
    assert "any-queries" in detectors.registry()
    headings = [line[3:] for line in detectors.registry()["any-queries"].doc.splitlines() if line.startswith("## ")]
    assert tuple(headings) == detectors.HEADINGS


def test_the_examples_own_tests_pass(example: dict[str, Path]) -> None:
    written = runpy.run_path(str(example["tests/detectors/test_any_queries.py"]))
    tests = [function for name, function in written.items() if name.startswith("test_")]
    assert len(tests) == 2
    for function in tests:
        function()


def test_the_example_keeps_the_rules_of_style(root: Path, example: dict[str, Path]) -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--quiet",
        "--config",
        "pyproject.toml",
        *map(str, example.values()),
    ]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
