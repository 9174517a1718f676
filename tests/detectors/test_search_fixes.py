"""What may be pasted, and what not."""

from __future__ import annotations

import pytest

from analyzer.detectors.search_fixes import name_filter, paste, template


@pytest.mark.parametrize("name", ["example.org", "a_b-c.9", "x"])
def test_plain_names_are_pasted(name: str) -> None:
    assert paste(name) == name


@pytest.mark.parametrize(
    "name", ["a b", "$(x).org", "a\\.b.org", "", ".", "a..b", "é.org", "x" * 254, "a\nb", "`id`.org"]
)
def test_everything_else_is_a_placeholder(name: str) -> None:
    assert paste(name) == "<NAME>"
    assert "<NAME>" in template(name)
    assert name_filter(name) == ""


def test_the_template_denies_with_an_soa() -> None:
    text = template("cluster.local.example.org")
    assert text.startswith("template IN ANY cluster.local.example.org {")
    assert "rcode NXDOMAIN" in text
    assert "IN SOA ns.{{ .Zone }} hostmaster.{{ .Zone }}" in text
    assert text.endswith("\n}")
