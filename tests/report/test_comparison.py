"""A comparison as text and JSON: what each fix of the lab did, doubts first, and names that hold markup."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.diff import Comparison, compare
from analyzer.report.comparison import SCHEMA, render, render_json
from analyzer.report.json import document
from analyzer.report.look import Look
from analyzer.report.model import Report
from tests.hostile import HARMFUL

Reports = Callable[[str], Report]


def between(report_of: Reports, before: str, after: str) -> Comparison:
    return compare(document(report_of(before)), document(report_of(after)), (before, after))


def shown(found: Comparison, look: Look | None = None) -> str:
    out = io.StringIO()
    render(found, look or Look(width=160), out)
    return out.getvalue()


def test_forward_to_the_gateway_ends_the_loop_and_leaves_the_load(report_of: Reports) -> None:
    text = shown(between(report_of, "fix-a-before-node.pcap.gz", "fix-b-forward-node.pcap.gz"))
    found = text.partition("FINDINGS")[2].splitlines()
    assert found[1].startswith("gone    critical Forwarding loop: 169.254.25.10 feeds itself")
    assert any(line.startswith("gone    high Forwarding loop: 169.254.25.10") for line in found)
    assert any(line.startswith("same    high 8 cluster names leave the cluster") for line in found)
    assert [line.split()[1:3] for line in text.splitlines() if line.startswith("queries  self")] == [
        ["self", "changed"]
    ]
    assert "upstream  same" in text


def test_the_search_list_without_the_suffix_ends_the_leak(report_of: Reports) -> None:
    text = shown(between(report_of, "fix-b-forward-lan.pcap.gz", "fix-c-search-lan.pcap.gz"))
    assert "gone    high 8 cluster names leave the cluster with example.org appended" in text
    row = next(line.split() for line in text.splitlines() if line.startswith("example.org"))
    assert row[:3] == ["example.org", "client", "gone"]
    assert row[-2:] == ["960", "0"]


def test_the_same_twice_is_no_difference(report_of: Reports) -> None:
    found = between(report_of, "self-loop.pcap", "self-loop.pcap")
    assert "NO DIFFERENCE" in shown(found)
    assert json.loads(render_json(found))["changed"] is False


def test_doubts_come_before_numbers(report_of: Reports) -> None:
    found = between(report_of, "fix-a-before-node.pcap.gz", "fix-a-before-lan.pcap.gz")
    text = shown(found)
    assert 0 < text.index("different vantage points") < text.index("QUERIES BY SIDE")


def test_json_says_the_same(report_of: Reports) -> None:
    found: dict[str, Any] = json.loads(
        render_json(between(report_of, "fix-a-before-node.pcap.gz", "fix-b-forward-node.pcap.gz"))
    )
    assert found["schema"] == SCHEMA
    assert found["findings"][0]["change"] == "gone"
    assert {row["side"]: row["change"] for row in found["totals"]} == {
        "self": "changed",
        "upstream": "same",
        "client": "same",
    }
    assert found["before"]["queries"] == 1201


@pytest.mark.parametrize("width", [80, 160])
def test_lines_keep_to_the_width_and_end_in_no_spaces(report_of: Reports, width: int) -> None:
    lines = shown(between(report_of, "fix-a-before-node.pcap.gz", "hostile"), Look(width=width)).splitlines()
    assert [line for line in lines if len(line) > width or line.endswith(" ")] == []


def test_hostile_names_stay_text(report_of: Reports) -> None:
    found = between(report_of, "fix-a-before-lan.pcap.gz", "hostile")
    found = dataclasses.replace(found, notes=("a \x1b[31m note",))
    for text in (shown(found), render_json(found)):
        assert not any(bad in text for bad in HARMFUL)
    assert "[red].svc.cluster.local.example.org" in shown(found, Look(width=200, rows=100))
    assert shown(found, Look(ascii_only=True)).isascii()
