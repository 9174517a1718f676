"""Untrusted text on its way out: one function per exit, and nothing leaves by an exit without its function.

A name in a capture is whatever someone sent: it may hold ESC sequences, markup, quotes, direction overrides, formulas.
"""

from __future__ import annotations

import html as _html
import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

__all__ = [
    "csv_cell",
    "dot",
    "fix_name",
    "html",
    "json_text",
    "markdown",
    "markdown_block",
    "markdown_code",
    "plot",
    "prometheus",
    "script_json",
    "terminal",
    "tsv_cell",
    "wireshark",
    "xml",
]

_FIX_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?", re.ASCII)
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>~&$-])")
_CONTROL_CATEGORIES: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"))


def _printable(text: str) -> str:
    """C0, C1, DEL, direction marks and other invisible characters as RFC 1035 `\\DDD` octets of their UTF-8 form."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if unicodedata.category(c) not in _CONTROL_CATEGORIES else _octets(c.encode("utf-8", "surrogatepass"))
        for c in text
    )


def _octets(data: bytes) -> str:
    return "".join(f"\\{octet:03d}" for octet in data)


def terminal(text: str) -> str:
    """For a terminal, as plain text and never as markup: no control, escape or direction character stays."""
    return _printable(text)


def html(text: str) -> str:
    """For HTML text and quoted attributes."""
    return _html.escape(_printable(text), quote=True)


def xml(text: str) -> str:
    """For XML text and quoted attributes; what XML 1.0 cannot hold at all is written out."""
    return _html.escape(_printable(text), quote=True).replace("\ufffe", "").replace("\uffff", "")


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in ASCII alone, so that no reader or terminal meets a character that it might obey; NaN is an error."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, indent=indent).replace("\x7f", "\\u007f")


def script_json(value: Any) -> str:
    """JSON for the inside of `<script>`: it can neither end the element nor open a comment."""
    return json_text(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def markdown(text: str) -> str:
    """For Markdown text and table cells."""
    return _MARKDOWN.sub(r"\\\1", _printable(text))


def markdown_code(text: str, cell: bool = False) -> str:
    """Text as a code span, where neither links nor mentions come alive; `cell`: inside a table, where a bar ends a cell."""
    plain = _printable(text).replace("|", "\\|") if cell else _printable(text)
    fence = _fence(plain, "`")
    pad = " " if len(fence) > 1 or plain[:1] == " " or not plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def markdown_block(lines: Iterable[str]) -> str:
    """Lines as a fenced block, to copy whole."""
    plain = "\n".join(map(_printable, lines))
    fence = _fence(plain, "```")
    return f"{fence}\n{plain}\n{fence}"


def _fence(text: str, least: str) -> str:
    """More backticks than the text has in a row."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    return max(least, "`" * (longest + 1))


def dot(text: str) -> str:
    """For a quoted string of Graphviz, in which backslashes are escapes (`\\N` is the node's name)."""
    return _printable(text).replace("\\", "\\\\").replace('"', '\\"')


def prometheus(text: str) -> str:
    """For a label value of the text exposition format."""
    return _printable(text).replace("\\", "\\\\").replace('"', '\\"')


def wireshark(text: str) -> str:
    """For a quoted string in a display filter."""
    return _printable(text).replace("\\", "\\\\").replace('"', '\\"')


def csv_cell(text: str) -> str:
    """For one cell of a CSV file that a spreadsheet may open: formulas stay text, and the cell is quoted where it must be."""
    plain = _printable(text)
    if plain[:1] in "=+-@" and plain not in ("", "-") and not _is_number(plain):
        plain = "'" + plain
    return '"' + plain.replace('"', '""') + '"' if any(c in plain for c in ',"') else plain


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def tsv_cell(text: str) -> str:
    """For one cell of a TSV file: no tab and no line end is left in it."""
    return _printable(text)


def plot(text: str) -> str:
    """For text in a plot: matplotlib reads what stands between two dollar signs as mathematics."""
    return _printable(text).replace("$", r"\$")


def fix_name(text: str) -> str:
    """For a line that is pasted into a root shell or a configuration: the name if it is harmless, else `<NAME>`."""
    return text if _FIX_NAME.fullmatch(text) else "<NAME>"
