"""What the charts draw is what they were given, to scale, and told in words."""

from __future__ import annotations

import re

from analyzer.measures.rows import Series, Side, TimeBin
from analyzer.measures.search_rows import ExampleStep
from analyzer.report.html_charts import curves, ranked, stacked, strips, took, waterfall

NS = 1_000_000_000
START = 1_700_000_000 * NS


def bins(*rcodes: dict[str, int]) -> list[TimeBin]:
    return [TimeBin(START + at * 10 * NS, 0, sum(r.values()), r, {}) for at, r in enumerate(rcodes)]


def heights(svg: str, css: str) -> list[float]:
    return [float(h) for h in re.findall(rf'<rect class="{css}"[^>]* height="([\d.]+)"', svg)]


def test_bars_are_to_scale_and_keep_the_colour_of_their_code() -> None:
    chart = stacked(bins({"NXDOMAIN": 30, "NOERROR": 10}, {"NOERROR": 50}), "rcodes", "client")
    assert chart is not None
    assert chart.above == ("50", "25", "0")
    assert heights(chart.svg, "nx") == [60.0]
    assert heights(chart.svg, "ok") == [20.0, 100.0]
    assert [(key.name, key.total) for key in chart.keys] == [("NOERROR", "60"), ("NXDOMAIN", "30")]
    assert chart.along == ("22:13:20", "22:13:25", "22:13:30", "22:13:35", "22:13:40")
    assert chart.unit == "responses in 10 s"
    assert 'data-tip="22:13:20 to 22:13:30 UTC&#10;NOERROR 10&#10;NXDOMAIN 30"' in chart.svg


def test_the_rest_is_summed() -> None:
    rows = bins({"A": 5, "B": 3, "C": 2, "(others)": 4})
    assert ranked(rows, "rcodes", 1) == [("A", 5), ("(others)", 9)]
    chart = stacked(rows, "rcodes", "client", most=1)
    assert chart is not None
    assert [key.total for key in chart.keys] == ["5", "9"]


def test_nothing_is_no_chart() -> None:
    assert stacked([], "rcodes", "client") is None
    assert stacked(bins({}, {}), "rcodes", "client") is None
    assert curves([(Side.CLIENT, [], [])]) is None
    assert strips([("a", 0, Series())]) == ([], ())
    assert waterfall(()) == []


def test_strips_share_their_time_axis() -> None:
    found, along = strips(
        [("a", 4, Series(START, 10 * NS, (4, 0))), ("b", 2, Series(START + 20 * NS, 20 * NS, (2,)))],
        (START, START + 40 * NS),
    )
    assert along[0] == "22:13:20"
    assert along[-1] == "22:14:00"
    assert 'x="10.00" y="0.00" width="230.00" height="100.00"' in found[0].svg  # a quarter, with a gap on both sides
    assert 'x="520.00" y="75.00" width="460.00" height="25.00"' in found[1].svg  # a quarter of the other's rate


def test_curves_end_at_the_whole() -> None:
    chart = curves([(Side.CLIENT, [1_000_000, 10_000_000], [1, 3])])
    assert chart is not None
    assert chart.along == ("1 ms", "10 ms", "100 ms")
    assert 'd="M0 100H0.0V75.00H500.0V0.00H1000"' in chart.svg


def test_a_lookup_falls_step_by_step() -> None:
    def step(name: str, suffix: str, after_ms: int, rtt_ms: int | None, rcode: str) -> ExampleStep:
        rtt = None if rtt_ms is None else rtt_ms * 1_000_000
        outcome = rcode or "silence"
        return ExampleStep(name, suffix, "A", 0, 7, START + after_ms * 1_000_000, rtt, rcode, outcome, 1, "10.0.0.53")

    rows = waterfall(
        [step("a.b.c", "b.c", 0, 2, "NXDOMAIN"), step("a", "", 5, 5, "NOERROR"), step("a", "", 10, None, "")]
    )
    assert [(row["base"], row["suffix"], row["answer"]) for row in rows] == [
        ("a", "b.c", "NXDOMAIN"),
        ("a", "", "NOERROR"),
        ("a", "", "silence"),
    ]
    assert 'class="nx" x="0.0" y="15" width="200.0"' in rows[0]["svg"]
    assert 'class="ok" x="500.0" y="15" width="500.0"' in rows[1]["svg"]
    assert rows[2]["took"] == "no answer"


def test_durations() -> None:
    assert [took(None), took(430_000), took(4_009_750_000)] == ["no answer", "0.43 ms", "4.01 s"]


def test_names_cannot_leave_their_attribute() -> None:
    hostile = 'x"><script>\n\u202e'
    chart = stacked(bins({hostile: 1}), "rcodes", "client")
    assert chart is not None
    assert "<script>" not in chart.svg
    assert "\n" not in chart.svg
    assert "\u202e" not in chart.svg
