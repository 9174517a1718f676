"""The page of a comparison: what changed is there, rates fit the time covered, nothing untrusted is markup."""

from __future__ import annotations

from analyzer.diff import Change, Comparison, Delta, Side
from analyzer.report.html_diff import render
from tests import hostile


def compared(covered_s: float, *names: Delta) -> Comparison:
    before = Side("a<b>.pcap", "2026-11-22T17:00:00.000000000Z", None, covered_s, 10)
    after = Side("b.pcap", None, None, covered_s, 20)
    finding = Delta("some-id/k/server=x", "", 0, 3, None, None, None, Change.NEW, "high something <i>")
    return Comparison(before, after, ("note & more",), {"names": names}, (finding,), ())


def delta(key: str, before: int, after: int, change: Change) -> Delta:
    return Delta(key, "client", before, after, before / 120, after / 120, after / before if before else None, change)


def test_what_differs_is_shown() -> None:
    text = render(
        compared(120, delta("gone.example.org", 60, 0, Change.GONE), delta("same.example.org", 5, 5, Change.SAME))
    )
    assert "gone.<wbr>example.<wbr>org" in text
    assert "same.<wbr>example" not in text
    assert "1 alike" in text
    assert '<td class="int">30.0</td><td class="int">0.0</td>' in text  # 60 in 120 s are 30 a minute
    assert "before per minute" in text
    assert "a&lt;b&gt;.pcap" in text
    assert "something &lt;i&gt;" in text
    assert "note &amp; more" in text


def test_less_than_a_minute_is_not_stretched() -> None:
    text = render(compared(30, delta("x.example.org", 60, 120, Change.CHANGED)))
    assert "before per second" in text
    assert '<td class="int">2.00</td>' in text


def test_hostile_names() -> None:
    name = "\x1b[31m<script>alert(1)</script>\u202e"
    text = render(compared(120, delta(name, 1, 0, Change.GONE)))
    assert "<script>alert" not in text
    assert [harm for harm in hostile.HARMFUL if harm in text] == []
