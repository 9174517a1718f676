"""Tables of the page: every value comes back from its compact form, texts are shared and harmless, the cap holds."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.measures.rows import Series
from analyzer.report.html_tables import KINDS, SPARK, _spark, tables
from analyzer.report.model import Report
from tests import hostile

ReportOf = Callable[[str], Report]


def test_rows_are_those_of_the_report(report_of: ReportOf) -> None:
    report = report_of("nodelocaldns-incident.pcap")
    found = tables(report, 10_000)
    data = found.data()
    names = data["tables"]["names"]
    at = {head: names["heads"].index(head) for head in ("name", "queries", "NXDOMAIN", "frame", "side")}
    expected = [row for side in report.tables["names"].tables.values() for row in side]
    assert len(names["rows"]) == len(expected)
    first = report.tables["names"].rows[0]
    row = names["rows"][0]
    assert data["strings"][row[at["name"]]] == first.qname
    assert data["strings"][row[at["side"]]] == "client"
    assert (row[at["queries"]], row[at["NXDOMAIN"]], row[at["frame"]]) == (12, 1, 1033)  # frame: tshark
    assert sum(r[at["queries"]] for r in names["rows"]) == report.summary.queries


def test_a_text_stands_once_and_is_harmless(report_of: ReportOf) -> None:
    found = tables(report_of("hostile"), 10_000)
    assert len(found.strings) == len(set(found.strings))
    whole = "".join(found.strings)
    assert [harm for harm in hostile.HARMFUL if harm in whole] == []


def test_the_cap_holds_for_all_sides_together(report_of: ReportOf) -> None:
    found = {table.id: table for table in tables(report_of("nodelocaldns-incident.pcap"), 100).tables}
    assert (len(found["names"].rows), found["names"].total) == (100, 406)
    assert found["names"].sides == ("client", "upstream", "self")


def test_every_kind_is_known(report_of: ReportOf) -> None:
    found = tables(report_of("nodelocaldns-incident.pcap"), 10)
    assert {column.kind for table in found.tables for column in table.columns} <= set(KINDS)
    for table in found.tables:
        assert all(len(row) == len(table.columns) for row in (*table.rows, *table.static))


def test_sparks() -> None:
    assert _spark(Series(0, 1, (0, 1, 90, 45))) == "0195"
    assert _spark(Series()) == ""
    assert len(_spark(Series(0, 1, tuple(range(64))))) <= SPARK
