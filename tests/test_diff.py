"""Two documents side by side: rates over covered time, both sides of the two thresholds, cut tables, findings by key."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.diff import Change, compare
from analyzer.errors import UsageError


def document(covered_s: float = 60.0, names: dict[str, int] | None = None, **more: Any) -> dict[str, Any]:
    rows = [{"side": "client", "qname": name, "queries": count} for name, count in (names or {}).items()]
    total = sum((names or {}).values())
    return {
        "schema": "dnsloupe/1",
        "capture": {"filter": ""},
        "summary": {"covered_s": covered_s, "queries": total, "first": None, "last": None, "sides": {"client": total}},
        "names": rows,
        "findings": [],
        "truncated": {},
        **more,
    }


def change(before: dict[str, Any], after: dict[str, Any], name: str = "a") -> Change:
    rows = compare(before, after).sections["names"]
    return next(row.change for row in rows if row.key == name)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 5, Change.NEW),
        (5, 0, Change.GONE),
        (1000, 1499, Change.SAME),  # far beyond chance, but below the ratio
        (1000, 1500, Change.CHANGED),
        (1500, 1000, Change.CHANGED),
        (4, 12, Change.SAME),  # ratio 3, difference 8 < 3 * sqrt(16)
        (4, 22, Change.CHANGED),  # 18 >= 3 * sqrt(26)
        (100, 100, Change.SAME),
    ],
)
def test_ratio_and_chance(before: int, after: int, expected: Change) -> None:
    assert change(document(names={"a": before or 0, "b": 1}), document(names={"a": after or 0, "b": 1})) is expected


def test_rates_not_counts_are_compared() -> None:
    short, long = document(60, {"a": 1000}), document(600, {"a": 10_000})
    (row,) = compare(short, long).sections["names"]
    assert (row.before, row.after, row.ratio, row.change) == (1000, 10_000, 1.0, Change.SAME)
    assert change(document(60, {"a": 1000}), document(600, {"a": 1000})) is Change.CHANGED


def test_a_row_missing_from_a_cut_table_is_below_the_cut() -> None:
    cut = document(names={"b": 9}, truncated={"names": {"rows": 3, "queries": 4}})
    assert change(document(names={"a": 5, "b": 9}), cut) is Change.BELOW_THE_CUT
    assert change(cut, document(names={"a": 5, "b": 9})) is Change.BELOW_THE_CUT
    assert change(document(names={"a": 5}), document(names={"b": 9})) is Change.GONE


def finding(severity: str, count: int) -> dict[str, Any]:
    return {"key": "forward-loop/partial/edge=x", "severity": severity, "count": count, "title": "loop", "side": ""}


def test_findings_match_by_key_and_a_new_severity_is_a_change() -> None:
    with_loop, worse = document(findings=[finding("high", 100)]), document(findings=[finding("critical", 100)])
    assert compare(with_loop, document()).findings[0].change is Change.GONE
    assert compare(document(), with_loop).findings[0].change is Change.NEW
    assert compare(with_loop, with_loop).findings[0].change is Change.SAME
    (row,) = compare(with_loop, worse).findings
    assert (row.change, row.detail) == (Change.CHANGED, "high > critical loop")


def test_other_vantage_points_are_said_first() -> None:
    client, upstream = document(names={"a": 1}), document(names={"a": 1})
    upstream["summary"]["sides"] = {"upstream": 1}
    assert "vantage" in compare(client, upstream).notes[0]
    assert compare(client, client).notes == ()


def test_nothing_changed() -> None:
    assert not compare(document(names={"a": 7}), document(names={"a": 7})).changed


@pytest.mark.parametrize("schema", [None, "dnsloupe/2", 1])
def test_another_schema_is_refused(schema: Any) -> None:
    with pytest.raises(UsageError, match="schema"):
        compare(document(), {"schema": schema})
