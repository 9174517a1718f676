"""Untrusted text at each exit: read back by the exit's own reader, it is what it was, and does nothing."""

from __future__ import annotations

import csv
import html
import html.parser
import io
import json
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report import escape
from tests.hostile import HARMFUL

TEXTS = [
    "plain.example.org",
    "[red]x[/red]",
    "[/]",
    "\x1b[31mred\x07",
    "\x9b31m",
    "\u202etxt.exe",
    "\u2066a\u2069",
    "<script>alert('x')</script>",
    "</script><!--",
    "a&b\"c'd",
    "$^$",
    "=1+1",
    "+x",
    "-2",
    "@sum",
    "a,b;c",
    "line\nend\r\ttab",
    "back\\slash",
    "\ud800",
    "\x00",
    "*_`|#",
]
EXITS = [
    escape.terminal,
    escape.html,
    escape.xml,
    escape.markdown,
    escape.dot,
    escape.prometheus,
    escape.wireshark,
    escape.csv_cell,
    escape.tsv_cell,
    escape.plot,
]


@pytest.mark.parametrize("exit_", EXITS)
@given(text=st.one_of(st.sampled_from(TEXTS), st.text()))
def test_no_exit_lets_a_character_out_that_acts_on_a_terminal(exit_, text: str) -> None:  # type: ignore[no-untyped-def]  # pytest's parameter
    out = exit_(text)
    assert not any(bad in out for bad in (*HARMFUL, "\n", "\t"))
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in out)


@pytest.mark.parametrize("text", TEXTS)
def test_html_is_text_again_for_a_browser(text: str) -> None:
    class Reader(html.parser.HTMLParser):
        seen = ""
        tags = 0

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.tags += 1

        def handle_data(self, data: str) -> None:
            self.seen += data

    reader = Reader()
    reader.feed(escape.html(text))
    reader.close()
    assert reader.tags == 0
    assert reader.seen == escape.terminal(text)
    assert not {'"', "'", "<", ">"} & set(escape.html(text))


@given(st.text())
def test_xml_parses_and_gives_the_printable_text(text: str) -> None:
    element = ET.fromstring(f'<a b="{escape.xml(text)}">{escape.xml(text)}</a>')
    assert (element.text or "") == element.attrib["b"]


@given(st.text())
def test_json_is_ascii_and_comes_back(text: str) -> None:
    assert escape.json_text(text).isascii()
    assert json.loads(escape.json_text(text)) == text
    assert json.loads(escape.script_json(text)) == text
    assert not {"<", ">", "&", "\u2028"} & set(escape.script_json(text))


def test_json_holds_no_value_that_is_none() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        escape.json_text(float("nan"))


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_csv_is_one_row_of_harmless_cells(texts: list[str]) -> None:
    line = ",".join(map(escape.csv_cell, texts))
    row = next(csv.reader(io.StringIO(line)), [""])
    assert len(row) == len(texts)
    for cell, text in zip(row, texts, strict=True):
        assert cell.removeprefix("'") == escape.terminal(text) or cell == escape.terminal(text)
        assert cell in ("", "-") or (cell[0] not in "=+@" and (cell[0] != "-" or cell[1:].isdecimal()))


@pytest.mark.parametrize(
    ("text", "cell"), [("=1+1", "'=1+1"), ("-2", "-2"), ("-x", "'-x"), ("-", "-"), ("a,b", '"a,b"')]
)
def test_formulas_stay_text_and_numbers_stay_numbers(text: str, cell: str) -> None:
    assert escape.csv_cell(text) == cell


@pytest.mark.parametrize("escaping", [escape.dot, escape.prometheus, escape.wireshark])
def test_quoted_strings_end_where_they_should(escaping) -> None:  # type: ignore[no-untyped-def]  # pytest's parameter
    out = escaping('a"b\\')
    assert out == 'a\\"b\\\\'


def test_markdown_and_plots_read_no_markup() -> None:
    assert escape.markdown("*a* [b](c) <d>") == r"\*a\* \[b\]\(c\) \<d\>"
    assert escape.plot("$^$") == r"\$^\$"


@pytest.mark.parametrize(
    ("text", "cell", "out"),
    [
        ("a.b", False, "`a.b`"),
        ("a`b``c", False, "``` a`b``c ```"),
        ("a|b", True, "`a\\|b`"),
        ("a|b", False, "`a|b`"),
        ("", False, "`  `"),
        ("\x1b[1m", False, "`\\027[1m`"),
    ],
)
def test_a_code_span_ends_where_it_should(text: str, cell: bool, out: str) -> None:
    assert escape.markdown_code(text, cell) == out


def test_a_block_is_fenced_by_more_backticks_than_it_holds() -> None:
    assert escape.markdown_block(["a", "````", "\x07"]) == "`````\na\n````\n\\007\n`````"


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("user1-svc.user1.svc.cluster.local", "user1-svc.user1.svc.cluster.local"),
        ("_dns._udp.example.org.", "_dns._udp.example.org."),
        ("a;rm", "<NAME>"),
        ("$(x)", "<NAME>"),
        ("a b", "<NAME>"),
        ("", "<NAME>"),
        ("a..b", "<NAME>"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "<NAME>"),
        ("a\n", "<NAME>"),
    ],
)
def test_only_plain_names_enter_a_fix_line(text: str, out: str) -> None:
    assert escape.fix_name(text) == out
