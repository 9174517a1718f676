"""The pages made from the code say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.detectors import HEADINGS, registry
from docs.build import PAGES, chapters, deeper, grid


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_what_the_code_says(root: Path, page: str) -> None:
    assert (root / page).read_text(encoding="utf-8") == PAGES[page](), "run make docs"


@pytest.mark.parametrize("ident", registry())
def test_a_detector_documents_itself_under_the_fixed_headings(ident: str) -> None:
    found = [line.removeprefix("## ") for line in registry()[ident].doc.splitlines() if line.startswith("## ")]
    assert tuple(found) == HEADINGS


def test_headings_go_one_level_down() -> None:
    assert deeper("One line.\n\n## Fix\n\nDo it. # not a heading") == "### Fix\n\nDo it. # not a heading"


def test_a_chapter_is_listed_and_linked() -> None:
    page = chapters("T", "i", {"R1": "First\nline.\n\n## Fix\n\nDo."})
    assert "- [`R1`](#r1): First line.\n\n## R1\n\nFirst line.\n\n### Fix\n\nDo.\n" in page


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert grid(["a"], [["x|y"]]) == "| a |\n| --- |\n| x\\|y |"
