"""Rankings: order, folding to base names, the tree."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from analyzer.errors import UsageError
from analyzer.report import top
from analyzer.report.look import Look
from analyzer.report.model import Report

Reports = Callable[[str], Report]
INCIDENT = "nodelocaldns-incident.pcap"


@pytest.mark.parametrize("by", top.BY)
def test_every_ranking_falls_and_is_cut(report_of: Reports, by: str) -> None:
    sort = "responses" if by == "rcode" else "queries"
    whole = top.ranking(report_of("healthy.pcap.gz"), by, sort, 10**6)
    counts = [getattr(row, sort) for row in whole.rows]
    assert counts == sorted(counts, reverse=True)
    assert counts
    cut = top.ranking(report_of("healthy.pcap.gz"), by, sort, 1)
    assert (list(cut.rows), cut.total) == (list(whole.rows[:1]), len(counts))


def test_another_column_sorts(report_of: Reports) -> None:
    shares = [
        row.nxdomain_share or 0 for row in top.ranking(report_of("healthy.pcap.gz"), "name", "nxdomain_share", 99).rows
    ]
    assert shares == sorted(shares, reverse=True)
    with pytest.raises(UsageError, match="no column 'wasted'"):
        top.ranking(report_of("healthy.pcap.gz"), "name", "wasted", 9)


def test_client_and_base_adds_up_what_the_search_list_multiplied(report_of: Reports) -> None:
    rows = top.ranking(report_of(INCIDENT), "client,base", "queries", 99).rows
    assert len(rows) == 16  # the lab asked for 16 dead names ...
    assert {row.names for row in rows} == {6}  # ... each under five suffixes and as it is
    assert sum(row.queries for row in rows) == sum(
        row.queries for row in top.ranking(report_of(INCIDENT), "client,name", "queries", 10**6).rows
    )


def test_each_side_has_its_own_ranking(report_of: Reports) -> None:
    """The lab's log: node1 asked the gateway 293 times."""
    found = top.ranking(report_of("healthy.pcap.gz"), "server", "queries", 99, "upstream")
    assert found.side == "upstream"
    assert "client" in found.others
    assert {row.addr: row.queries for row in found.rows}["192.168.1.1"] == 293
    assert {row.side.value for row in found.rows} == {"upstream"}
    with pytest.raises(UsageError, match="nothing on the transit side"):
        top.ranking(report_of("healthy.pcap.gz"), "server", "queries", 99, "transit")


def test_client_and_base_has_its_busiest_minute(report_of: Reports) -> None:
    for row in top.ranking(report_of(INCIDENT), "client,base", "peak_60s", 99).rows:
        assert (row.queries, row.peak_60s, row.nxdomain_share) == (72, 72, 1.0)  # 1 Hz in bursts of less than a minute


def test_the_tree_has_what_each_suffix_wasted_where_a_search_list_is_known(report_of: Reports) -> None:
    for sample, known in ((INCIDENT, True), ("self-loop.pcap", False)):
        out = io.StringIO()
        top.write_tree(report_of(sample), 2, 2, Look(), out)
        assert ("wasted" in out.getvalue().splitlines()[1]) == known


def test_the_tree_as_rows(report_of: Reports) -> None:
    root = top.tree(report_of("healthy.pcap.gz"), 2, 99)
    assert root is not None
    out = io.StringIO()
    top.write_tree_csv(root, out)
    head, first, *rows = csv.reader(io.StringIO(out.getvalue()))
    assert (head[0], first[:3]) == ("label", [".", "0", "1920"])
    assert sum(int(row[2]) for row in rows if row[1] == "1") == 1920  # the children of the root are all of it


def test_csv_reads_back_and_is_safe_in_a_spreadsheet(report_of: Reports) -> None:
    out = io.StringIO()
    top.write_csv(top.ranking(report_of("hostile"), "name", "queries", 99), out)
    head, *rows = csv.reader(io.StringIO(out.getvalue()))
    assert head[:2] == ["qname", "queries"]
    assert len(rows) == 11
    assert not [row[0] for row in rows if row[0][:1] in "=+-@"]


def test_the_tree_indents_by_label_and_keeps_to_depth_and_width(report_of: Reports) -> None:
    out = io.StringIO()
    top.write_tree(report_of("healthy.pcap.gz"), 2, 2, Look(), out)
    lines = out.getvalue().splitlines()[2:]
    assert lines[0].split()[:2] == [".", "1,920"]  # client queries, as the lab's truth says
    assert lines[1].startswith("  local ")
    assert lines[2].startswith("    cluster.local ")
    assert len([line for line in lines if line[:2] == "  " and line[2] != " "]) == 2


def test_text_keeps_to_its_width(report_of: Reports) -> None:
    out = io.StringIO()
    top.write_text(top.ranking(report_of(INCIDENT), "name", "queries", 20), Look(width=70), out)
    assert max(map(len, out.getvalue().splitlines())) <= 70
