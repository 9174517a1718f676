"""The page as text: one file, a policy with the right hashes, every untrusted text harmless, small enough."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from markupsafe import Markup

from analyzer.report import html
from analyzer.report.html import environment, render
from analyzer.report.model import Report
from tests import hostile

ReportOf = Callable[[str], Report]


class Reader(HTMLParser):
    """Elements with their attributes, and the text of script and style elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw.append((self._inside, data))


@pytest.fixture(scope="module")
def incident(report_of: ReportOf) -> str:
    return render(report_of("nodelocaldns-incident.pcap"))


def test_the_policy_names_the_page_s_own_style_and_script(incident: str) -> None:
    page = Reader(incident)
    policy = next(a["content"] or "" for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    (style,) = (text for tag, text in page.raw if tag == "style")
    script = [text for tag, text in page.raw if tag == "script"][-1]
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_it_refers_to_nothing_outside(incident: str) -> None:
    for tag, attributes in Reader(incident).elements:
        for name, value in attributes.items():
            assert name not in ("style", "onclick", "onload", "srcset"), (tag, name)  # the policy would stop them
            if name in ("src", "href", "action"):
                assert (value or "").startswith("#"), (tag, value)
    assert not re.search(r"@import|url\((?!#)", incident)


def test_ids_are_unique_and_links_lead_somewhere(incident: str) -> None:
    page = Reader(incident)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for _, a in page.elements if "href" in a} <= set(ids)


def test_the_verdict_and_the_ledger_are_those_of_the_report(report_of: ReportOf, incident: str) -> None:
    report = report_of("nodelocaldns-incident.pcap")
    assert incident.count('<article class="card ') == len(report.findings)
    assert '<span class="word">critical</span>' in incident
    assert '<th scope="row">all frames</th><td class="int">7,490</td>' in incident  # capinfos counts 7490


@pytest.mark.parametrize("name", ["hostile", "tcp-fragments.pcapng.gz", "port53-only.pcap"])
def test_nothing_untrusted_is_markup(report_of: ReportOf, name: str) -> None:
    text = render(report_of(name))
    assert "<script>alert" not in text
    assert [harm for harm in hostile.HARMFUL if harm in text] == []
    scripts = [a for tag, a in Reader(text).elements if tag == "script"]
    assert [a.get("type") for a in scripts] == ["application/json", None]
    assert not {tag for tag, _ in Reader(text).elements} & {"b/", "img", "iframe", "object", "form", "base", "link"}


def test_templates_escape_whatever_they_print() -> None:
    template = environment().from_string("{{ a }}|{{ a|lines }}|{{ a|names }}|{{ b }}")
    assert template.render(a="<x.\x1b>\n\u202e", b=Markup("<b>")) == (
        "&lt;x.\\027&gt;\\010\\226\\128\\174|&lt;x.\\027&gt;\n\\226\\128\\174|&lt;x.<wbr>\\027&gt;\\010\\226\\128\\174|<b>"
    )


def test_a_page_over_the_budget_holds_fewer_rows(report_of: ReportOf, monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of("nodelocaldns-incident.pcap")
    whole = render(report)
    assert "has them all" not in whole
    monkeypatch.setattr(html, "BUDGET", len(whole.encode()) - 1)
    monkeypatch.setattr(html, "_CAPS", (10_000, 40))
    cut = render(report)
    assert len(cut) < len(whole)
    assert "Names on the wire: 40 of 406 rows" in cut


def test_the_data_of_the_tables_is_json(incident: str) -> None:
    data: Any = json.loads(next(text for tag, text in Reader(incident).raw if tag == "script"))
    names = data["tables"]["names"]
    assert len(names["rows"]) == names["total"] == 406
    assert all(len(row) == len(names["heads"]) for row in names["rows"])


def test_a_capture_without_findings_looks_healthy(report_of: ReportOf) -> None:
    report = dataclasses.replace(report_of("tcp-fragments.pcapng.gz"), findings=())
    text = render(report)
    assert "Looks healthy" in text
    assert "Change this first" not in text


def test_a_partial_report_says_so(report_of: ReportOf) -> None:
    report = dataclasses.replace(report_of("self-loop.pcap"), damage=("a.pcap: cut in frame <7>",), interrupted=True)
    text = render(report)
    assert "<b>Partial.</b> a.pcap: cut in frame &lt;7&gt;" in text
    assert "<b>Interrupted.</b>" in text
