"""Tables as files: Parquet that gives the tables back, CSV that a spreadsheet may open, and paths that cannot be written."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.errors import UsageError
from analyzer.options import AnalyzeOptions
from analyzer.report.export import export, has_pyarrow
from analyzer.report.tables import SPECS
from analyzer.report.tables_kept import Kept
from tests import hostile


def exported(capture: Path, folder: Path) -> pipeline.Analysis:
    kept = Kept()
    analysis = pipeline.run([str(capture)], AnalyzeOptions(), tap=kept.keep)
    export(str(folder), kept, analysis.report, analysis.results, analysis.context)
    return analysis


@pytest.fixture
def no_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "pyarrow" else found(name, *rest)
    )


def test_every_table_becomes_a_file(samples: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    analysis = exported(samples / "self-loop.pcap", tmp_path / "deep" / "folder")
    files = {path.stem: parquet.read_table(path) for path in (tmp_path / "deep" / "folder").glob("*.parquet")}
    assert set(files) == set(SPECS)
    assert files["messages"].num_rows == analysis.report.summary.messages
    assert files["findings"]["title"].to_pylist() == [found.title for found in analysis.report.findings]


@pytest.mark.usefixtures("no_pyarrow")
def test_without_pyarrow_the_same_as_csv(samples: Path, tmp_path: Path) -> None:
    import pandas as pd

    import analyzer

    assert not has_pyarrow()
    exported(samples / "self-loop.pcap", tmp_path)
    capture = analyzer.read(samples / "self-loop.pcap")
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.csv" for name in SPECS}
    read = pd.read_csv(tmp_path / "transactions.csv", parse_dates=["time"])
    table = capture.transactions
    assert read["time"].dt.as_unit("ns").tolist() == table["time"].tolist()
    assert read["rtt_ms"].equals(table["rtt_ms"])
    assert read["rcode"].tolist() == pytest.approx(table["rcode"].astype(object).tolist(), nan_ok=True)
    assert read["qname"].tolist() == table["qname"].tolist()


@pytest.mark.usefixtures("no_pyarrow")
def test_no_cell_of_a_hostile_capture_is_a_formula_or_a_line(tmp_path: Path) -> None:
    (tmp_path / "hostile.pcap").write_bytes(hostile.capture())
    exported(tmp_path / "hostile.pcap", tmp_path / "out")
    for name, specs in SPECS.items():
        text = (tmp_path / "out" / f"{name}.csv").read_bytes().decode("utf-8")
        assert not any(ord(c) < 32 and c != "\n" for c in text)
        for row in csv.reader(text.splitlines()):
            assert len(row) == len(specs)
            assert not any(cell[:1] in ("=", "+", "@") for cell in row)


def test_a_place_that_cannot_be_written_is_one_line(samples: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"^--export .*file exists$"):
        exported(samples / "self-loop.pcap", tmp_path / "file")
