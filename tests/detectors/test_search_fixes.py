"""What may be pasted, and what not."""

from __future__ import annotations

import re

import pytest

from analyzer.detectors.search_fixes import name_filter, paste, template, with_saving
from analyzer.findings import Finding, Fix
from tests.lookups import dead_polling
from tests.scenes import Scene

WITH_SAVING = ("search-expansion", "cluster-name-leak", "dead-name-polling", "nxdomain-storm")


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


def savings(finding: Finding) -> list[str]:
    return [match for fix in finding.fix for match in re.findall(r"saves [^;\n]*", fix.text)]


@pytest.fixture(scope="module")
def polled() -> dict[str, Finding]:
    """Three dead names, two workers, 62 s: 372 lookups of ten queries each, of which two leave and two are the name as typed."""
    scene = Scene()
    dead_polling(scene, [f"user{n}-svc.user{n}.svc.cluster.local" for n in range(3)], 62)
    return {finding.id: finding for finding in scene.findings(*WITH_SAVING)}


@pytest.mark.parametrize(
    ("ident", "words"),
    [
        ("search-expansion", "saves 2976 of 3720 queries"),  # eight of ten
        ("search-expansion", "saves nothing here"),  # ndots:2, where the name as typed fails too
        ("search-expansion", "saves 744 of 3720 queries"),  # without example.org
        ("cluster-name-leak", "saves 744 of 744 queries"),
        ("dead-name-polling", "saves 1240 of 1240 queries"),  # one name: 124 lookups
        ("dead-name-polling", "saves 992 of 1240 queries"),  # final dot
        ("dead-name-polling", "saves 620 of 1240 queries"),  # one worker instead of two
        ("nxdomain-storm", "saves 3720 of 3720 queries"),
    ],
)
def test_fixes_carry_what_they_save(polled: dict[str, Finding], ident: str, words: str) -> None:
    assert any(text.startswith(words) for text in savings(polled[ident])), savings(polled[ident])


def test_a_saving_stands_where_the_text_can_still_be_pasted() -> None:
    assert with_saving(Fix("x", "cache 30"), "saves 3 queries").text == "cache 30    # saves 3 queries"
    assert with_saving(Fix("x", "a {\n b\n}"), "saves 3 queries").text == "a {    # saves 3 queries\n b\n}"
    assert with_saving(Fix("x", "a    # why"), "saves 3 queries").text == "a    # why; saves 3 queries"
    assert with_saving(Fix("x", "a"), "").text == "a"


def test_no_number_where_nothing_was_counted() -> None:
    scene = Scene()
    for n in range(20):
        scene.ask(n, "10.0.0.1", "10.0.0.53", f"host{n}.example")
    assert [savings(finding) for finding in scene.findings(*WITH_SAVING) if savings(finding)] == []
