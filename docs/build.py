"""Writes the pages that are made from the code, so that what explains a thing stands in the file that does it.

usage: build.py [--check]    (--check writes nothing; exit 1 where a page is not what the code says)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from analyzer.cli import cli
from analyzer.cli.manual import page as manual
from analyzer.config.rules import registry as rules
from analyzer.detectors import registry as detectors
from analyzer.dns.anomalies import Anomaly
from analyzer.messages import COLUMNS
from analyzer.report.tables import DOCS as TABLE_DOCS
from analyzer.report.tables import SPECS as TABLES
from analyzer.report.tables_columns import arrow_type, pandas_type

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


def tables_page() -> str:
    intro = (
        "`analyzer.read(paths)` gives a Capture; each table is a pandas DataFrame under its name (`capture.names`, or\n"
        '`capture.table("names")`) and an Arrow table (`capture.to_arrow("names")`) for DuckDB and Polars. `dnsloupe analyze\n'
        "--export DIR` writes all of them as Parquet, or as CSV where pyarrow is not installed.\n\n"
        "Times are UTC with nanoseconds; lengths of time are numbers in the unit that ends their name. Categories and\n"
        "Arrow's dictionaries hold each word once, however many rows there are (`dictionary` is int32 to string). A column whose pandas type begins with\n"
        "a capital (`Int64`) may lack values, which are nulls in Arrow; so may `float64` (NaN), `category` and `string`. Versions of DuckDB\n"
        "before 2 keep times with a zone to the microsecond. Counts of different sides are of different legs of the way: never add them up.\n"
        "The values of a DataFrame are read-only, because Arrow shares them: take a `copy()` to change them.\n"
        "The client x name pairs are not a table, for there can be as many as messages; this counts them:\n\n"
        "    asked = capture.transactions.query(\"state != 'orphan'\")\n"
        '    asked.groupby(["side", "client", "qname"], observed=True).size()'
    )
    parts = []
    for name, specs in TABLES.items():
        rows = (
            (f"`{s.name}`", f"`{pandas_type(s)}`", f"`{arrow_type(s).partition('<')[0]}`", s.unit, s.doc) for s in specs
        )
        parts.append(
            f"## {name}\n\n{TABLE_DOCS[name]}\n\n{grid(('column', 'pandas', 'Arrow', 'unit', 'meaning'), rows)}"
        )
    contents = "\n".join(f"- [`{name}`](#{name}): {doc}" for name, doc in TABLE_DOCS.items())
    return f"{MADE}\n# Tables\n\n{intro}\n\n{contents}\n\n" + "\n\n".join(parts) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "analyzer/detectors/README.md": detectors_page,
    "docs/man/dnsloupe.1": lambda: manual(cli),
    "docs/columns.md": columns_page,
    "docs/rules.md": rules_page,
    "docs/tables.md": tables_page,
}


def main(words: list[str]) -> int:
    """Write the pages that differ, or only name them."""
    stale = {path: text for path, make in PAGES.items() if (text := make()) != current(path)}
    for path, text in stale.items():
        print(f"{path}: {'not what the code says; run make docs' if words else 'written'}")
        if not words:
            (ROOT / path).parent.mkdir(exist_ok=True)
            (ROOT / path).write_text(text, encoding="utf-8")
    return int(bool(words and stale))


def current(path: str) -> str:
    page = ROOT / path
    return page.read_text(encoding="utf-8") if page.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
