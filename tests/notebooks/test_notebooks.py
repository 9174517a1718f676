"""Every notebook runs from top to bottom, says nothing that its outputs do not, and its page in the docs is of this notebook."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from docs.notebooks import INTO, compact, executed
from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
by_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

# What is no count: code, links, addresses, the numbers of standards.
NOT_COUNTS = re.compile(r"`[^`]*`|\]\([^)]*\)|\d+(?:\.\d+){2,}|RFC \d+")


@functools.cache
def ran(path: Path) -> Any:
    return executed(path)


def source(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types


def texts(notebook: Any) -> str:
    """Everything that the cells put out as text."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(str(o.get("text", "")) + str(o.get("data", {}).get("text/html", o.get("data", {}).get("text/plain", ""))) for o in outputs)  # fmt: skip


def test_there_are_four_investigations() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01-first-look",
        "02-search-domain-storm",
        "03-hunting-a-loop",
        "04-before-and-after",
    ]


@by_notebook
def test_it_is_kept_without_outputs(path: Path) -> None:
    for cell in source(path).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@by_notebook
def test_it_has_prose_and_a_conclusion(path: Path) -> None:
    cells = source(path).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert "## Conclusion" in cells[-1].source
    assert sum(cell.cell_type == "markdown" for cell in cells) >= len(cells) / 3


@pytest.mark.slow
@by_notebook
def test_it_runs_without_a_complaint(path: Path) -> None:
    outputs = [output for cell in ran(path).cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.slow
@by_notebook
def test_every_count_in_the_prose_was_put_out(path: Path) -> None:
    notebook = ran(path)
    shown = set(re.findall(r"\d+", texts(notebook).replace(",", "")))
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    counts = re.findall(r"(?<![\d.])\d[\d,]*\d{2}(?![\d.]*\d)", NOT_COUNTS.sub(" ", prose))
    assert [count for count in counts if count.replace(",", "") not in shown] == []


@by_notebook
def test_its_page_is_of_this_notebook(path: Path) -> None:
    page = (INTO / f"{path.stem}.md").read_text(encoding="utf-8")
    for cell in source(path).cells:
        assert cell.source.replace(".ipynb)", ".md)") in page, "run docs/notebooks.py"
    pictures = re.findall(r"!\[\]\(([^)]+)\)", page)
    assert pictures
    assert {path.name for path in INTO.glob(f"{path.stem}-*.png")} == set(pictures)


def test_html_of_a_table_is_one_line() -> None:
    assert (
        compact('<div>\n<style scoped>\n p {}\n</style>\n\n<td class="x">1 2</td>\n</div>') == "<div><td>1 2</td></div>"
    )
