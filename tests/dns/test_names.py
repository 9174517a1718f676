"""Labels to presentation form and back (RFC 1035 section 5.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dns.names import label_text, wire_name


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (b"www", "www"),
        (b"_dns-sd", "_dns-sd"),
        (b"a.b", r"a\.b"),
        (b"a\\b", r"a\\b"),
        (b"a b", r"a\032b"),
        (b"\x00\x1b\x7f\xff", r"\000\027\127\255"),
        ("ä".encode(), r"\195\164"),
        (b"<script>$[red]", "<script>$[red]"),
    ],
)
def test_what_does_not_print_is_escaped(label: bytes, text: str) -> None:
    assert label_text(label) == text
    assert wire_name(text) == [label]


@pytest.mark.parametrize(("text", "labels"), [(".", []), ("", []), ("org.", [b"org"]), ("a.b.", [b"a", b"b"])])
def test_the_final_dot_is_optional(text: str, labels: list[bytes]) -> None:
    assert wire_name(text) == labels


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=8))
def test_every_name_survives_a_round_trip(labels: list[bytes]) -> None:
    assert wire_name(".".join(map(label_text, labels)) or ".") == labels
