"""Report rows as cells: mappings come apart into columns whose sum is the whole, and bins know their width."""

from __future__ import annotations

import json

import pytest

import analyzer
from analyzer.measures.rows import Side
from analyzer.report.tables_rows import DELTAS, SPECS, columns, made
from tests.conftest import ROOT

INCIDENT = analyzer.read(ROOT / "samples" / "nodelocaldns-incident.pcap")
CODES = "noerror nxdomain servfail refused other_rcodes".split()
TYPES = "a aaaa ptr other_types".split()


@pytest.mark.parametrize("name", ["names", "bases", "suffixes", "clients", "servers"])
def test_codes_and_types_add_up(name: str) -> None:
    frame = INCIDENT.table(name)
    assert (frame[CODES].sum(axis=1) == frame["responses"]).all()
    if name != "servers":
        assert (frame[TYPES].sum(axis=1) == frame["queries"]).all()


def test_rows_stand_as_in_the_report() -> None:
    rows = list(INCIDENT.report().tables["names"].all())
    frame = INCIDENT.names
    assert frame["qname"].tolist() == [row.qname for row in rows]
    assert frame["first_frame"].tolist() == [row.first_frame.frame for row in rows]
    assert frame["last"].astype("int64").tolist() == [row.last for row in rows]


def test_a_bin_is_as_wide_as_the_way_to_the_next() -> None:
    line = INCIDENT.timeline
    line = line[line["side"] == Side.CLIENT.value]
    steps = line.index.to_series().diff().dropna().dt.total_seconds()
    assert set(steps) == set(line["width_s"])
    assert (line[CODES].sum(axis=1) == line["responses"]).all()


def test_findings_have_ranks_and_numbers() -> None:
    findings = INCIDENT.findings
    severe = findings[findings["severity"] >= "high"]
    assert 0 < len(severe) < len(findings)
    assert all(isinstance(json.loads(text), dict) for text in findings["numbers"])
    assert findings["key"].is_unique


def test_the_search_list_is_that_of_the_pods() -> None:
    """samples/README.md names it."""
    row = INCIDENT.search_lists.iloc[0]
    assert (
        row["suffixes"]
        == "kubecamp.svc.cluster.local svc.cluster.local cluster.local default.svc.cluster.local example.org"
    )
    assert row["ndots_min"] == 5
    assert row["wasted"] == row["queries"] - row["needed"]


def test_no_rows_are_typed_columns() -> None:
    assert [col.name for col in made(DELTAS, [])] == [spec.name for spec in DELTAS]


def test_every_table_can_be_made() -> None:
    report = INCIDENT.report()
    for name, specs in SPECS.items():
        assert [col.name for col in columns(name, report)] == [spec.name for spec in specs]
