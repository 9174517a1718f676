"""Writes the pages that are made from the code, so that what explains a thing stands in the file that does it.

usage: build.py [--check]    (--check writes nothing; exit 1 where a page is not what the code says)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from analyzer.config.rules import registry as rules
from analyzer.detectors import registry as detectors
from analyzer.dns.anomalies import Anomaly
from analyzer.messages import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
MADE = "<!-- Made by docs/build.py (make docs). -->\n"


def first_line(doc: str) -> str:
    """What a docstring says before its first blank line, on one line."""
    return " ".join(doc.strip().partition("\n\n")[0].split())


def deeper(doc: str) -> str:
    """The rest of a docstring, its headings one level down."""
    rest = doc.strip().partition("\n\n")[2]
    return "\n".join(f"#{line}" if line.startswith("## ") else line for line in rest.splitlines())


def chapters(title: str, intro: str, docs: Mapping[str, str]) -> str:
    """A page with a list of contents and one chapter for each docstring."""
    contents = "\n".join(f"- [`{ident}`](#{ident.lower()}): {first_line(doc)}" for ident, doc in docs.items())
    bodies = "\n\n".join(f"## {ident}\n\n{first_line(doc)}\n\n{deeper(doc)}".rstrip() for ident, doc in docs.items())
    return f"{MADE}\n# {title}\n\n{intro}\n\n{contents}\n\n{bodies}\n"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *(list(map(cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def detectors_page() -> str:
    docs = {ident: detector.doc for ident, detector in sorted(detectors().items())}
    return chapters("Detectors", "What dnsloupe looks for. `dnsloupe explain ID` prints one chapter.", docs)


def rules_page() -> str:
    docs = {rule.id: rule.documentation for rule in rules()}
    return chapters("Configuration rules", "What `dnsloupe config` looks for, before a packet flows.", docs)


def columns_page() -> str:
    rows = ((f"`{c.name}`", c.dtype, c.unit, c.doc, c.zeek, c.tshark) for c in COLUMNS)
    table = grid(("column", "type", "unit", "meaning", "Zeek dns.log", "tshark"), rows)
    intro = (
        "One row per DNS message. A value that `present` says nothing about does not count; ids stand for names and\n"
        "addresses until they leave the process. `dnsloupe messages --columns help` lists what can be printed."
    )
    bits = grid(("bit", "word"), ((str(bit.bit_length() - 1), f"`{bit.words[0]}`") for bit in Anomaly))
    return f"{MADE}\n# Columns of a message\n\n{intro}\n\n{table}\n\n## Anomalies\n\n{bits}\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "analyzer/detectors/README.md": detectors_page,
    "docs/columns.md": columns_page,
    "docs/rules.md": rules_page,
}


def main(words: list[str]) -> int:
    """Write the pages that differ, or only name them."""
    stale = {path: text for path, make in PAGES.items() if (text := make()) != current(path)}
    for path, text in stale.items():
        print(f"{path}: {'not what the code says; run make docs' if words else 'written'}")
        if not words:
            (ROOT / path).write_text(text, encoding="utf-8")
    return int(bool(words and stale))


def current(path: str) -> str:
    page = ROOT / path
    return page.read_text(encoding="utf-8") if page.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
