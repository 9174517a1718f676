"""The JSON report, held to its schema: every key that is described is there, and none that is not."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analyzer.report import json as face
from analyzer.report.model import TABLES, Report
from tests.conftest import ROOT

SCHEMA = json.loads((ROOT / "analyzer/report/schema/dnsloupe-1.json").read_text())
SAMPLES = sorted(p.name for p in (ROOT / "samples").iterdir() if ".pcap" in p.name)


def strict(schema: Any) -> Any:
    """The schema with no room for keys that it does not name."""
    if isinstance(schema, dict):
        closed = {key: strict(value) for key, value in schema.items()}
        return {"additionalProperties": False, **closed} if "properties" in schema else closed
    return [strict(item) for item in schema] if isinstance(schema, list) else schema


STRICT = jsonschema.Draft202012Validator(strict(copy.deepcopy(SCHEMA)))


def document(report: Report) -> dict[str, Any]:
    """What a reader of the output gets."""
    out: dict[str, Any] = json.loads(face.render(report))
    return out


@pytest.mark.parametrize("name", [*SAMPLES, "hostile"])
def test_every_sample_gives_what_the_schema_describes(name: str, report_of: Callable[[str], Report]) -> None:
    found = document(report_of(name))
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in STRICT.iter_errors(found)]
    assert errors == []


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"]["const"] == face.SCHEMA
    assert set(TABLES) <= set(SCHEMA["required"])


@pytest.mark.parametrize("name", SAMPLES)
def test_both_lines_of_the_ledger_add_up(name: str, report_of: Callable[[str], Report]) -> None:
    ledger = document(report_of(name))["ledger"]
    assert sum(ledger["frames"].values()) == ledger["total"]
    parts = ledger["messages"]
    assert parts["messages"] == parts["unique"] + parts["copies"] + parts["filtered"]


def test_what_issue_two_fixed_is_there_by_those_names(report_of: Callable[[str], Report]) -> None:
    found = document(report_of("nodelocaldns-incident.pcap"))
    assert {"capture", "ledger", "summary", "names", "suffixes", "clients", "servers", "search", "findings"} <= set(
        found
    )
    assert {"messages", "queries", "responses", "first", "last", "duration_s"} <= set(found["summary"])
    assert {"qname", "queries", "per_min", "peak_60s", "nxdomain_share"} <= set(found["names"][0])
    assert {"suffix", "grouped_by", "queries", "per_min"} <= set(found["suffixes"][0])
    assert {"addr", "queries"} <= set(found["clients"][0])
    wanted = {"clients", "suffixes", "ndots", "lookups", "queries", "wasted"}
    assert wanted <= set(found["search"]["lists"][0])
    assert found["search"]["lists"][0]["ndots"] == {"min": 5, "max": None}


def test_tables_are_cut_and_say_what_was_left_out(report_of: Callable[[str], Report]) -> None:
    whole = report_of("nodelocaldns-incident.pcap")
    full = document(whole)
    cut = document(dataclasses.replace(whole, options=dataclasses.replace(whole.options, top=3)))
    STRICT.validate(cut)
    assert cut["names"] == full["names"][:3]
    assert cut["truncated"]["names"] == {
        "rows": len(full["names"]) - 3,
        "queries": sum(row["queries"] for row in full["names"][3:]),
    }
    assert full["truncated"] == {}


def test_rows_of_the_side_to_show_come_first(report_of: Callable[[str], Report]) -> None:
    sides = [row["side"] for row in document(report_of("nodelocaldns-incident.pcap"))["names"]]
    assert sides[0] == "client"
    assert len([at for at in range(1, len(sides)) if sides[at] != sides[at - 1]]) == len(set(sides)) - 1


def test_the_document_is_ascii_and_has_no_not_a_number(report_of: Callable[[str], Report]) -> None:
    text = face.render(report_of("hostile"))
    assert text.isascii()
    assert "\x1b" not in text
    assert "NaN" not in text
    assert "[red].svc.cluster.local.example.org" in text


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_json_cannot_say_is_null(value: float) -> None:
    assert face.plain({"a": value}) == {"a": None}
    assert face.plain({"a": 1 / 3}) == {"a": 0.333333}


def test_the_schema_is_in_the_package() -> None:
    assert "schema/*.json" in (ROOT / "pyproject.toml").read_text()
    assert Path(face.__file__).parent.joinpath("schema", "dnsloupe-1.json").is_file()
