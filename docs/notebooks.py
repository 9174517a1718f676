"""Executes the notebooks and writes them as Markdown with pictures into docs/notebooks/, for readers without Jupyter.

usage: notebooks.py [NAME ...]    (names as in notebooks/, without .ipynb; all of them unless told)
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
FROM, INTO = ROOT / "notebooks", ROOT / "docs" / "notebooks"
MADE = "<!-- Made by docs/notebooks.py from notebooks/{}. -->\n\n"


def main(names: list[str]) -> int:
    """Write a page for each notebook."""
    INTO.mkdir(exist_ok=True)
    for path in sorted(FROM.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        for old in INTO.glob(f"{path.stem}-*.png"):
            old.unlink()
        (INTO / f"{path.stem}.md").write_text(page(executed(path), path), encoding="utf-8")
        print(f"docs/notebooks/{path.stem}.md: written")
    return 0


def executed(path: Path) -> Any:
    """The notebook with its outputs. Raises CellExecutionError where a cell fails."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    return notebook


def page(notebook: Any, path: Path) -> str:
    """The notebook as Markdown; pictures are written beside it."""
    parts = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source.replace(".ipynb)", ".md)"))
            continue
        parts.append(f"```python\n{cell.source}\n```")
        parts += [text for output in cell.outputs for text in shown(output, f"{path.stem}-{number:02d}.png")]
    return MADE.format(path.name) + "\n\n".join(parts) + "\n"


def shown(output: Any, picture: str) -> Iterator[str]:
    """One output of a cell: a picture, else HTML, else text."""
    data = output.get("data", {})
    if "image/png" in data:
        (INTO / picture).write_bytes(base64.b64decode(data["image/png"]))
        yield f"![]({picture})"
    elif "text/html" in data:
        yield compact(data["text/html"])
    elif text := output.get("text") or data.get("text/plain"):
        yield f"```\n{text.rstrip()}\n```"


def compact(html: str) -> str:
    """HTML on one line without styles: a blank line would end it for Markdown."""
    bare = re.sub(r"<style.*?</style>|<style scoped>.*?</style>", "", html, flags=re.DOTALL)
    bare = re.sub(r' (style|class|border|halign|valign|dtype)="[^"]*"', "", bare)
    return re.sub(r"\s*\n\s*", "", bare)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
