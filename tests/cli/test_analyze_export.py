"""`dnsloupe analyze --export DIR`: the report as ever, every table beside it, a line where Parquet could not be had."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.report import export
from analyzer.report.tables import SPECS


def test_tables_stand_beside_the_report(dnsloupe: Callable[..., Any], samples: Path, tmp_path: Path) -> None:
    capture = samples / "self-loop.pcap"
    plain = dnsloupe("analyze", capture)
    with_tables = dnsloupe("analyze", capture, "--export", tmp_path / "out")
    assert with_tables == plain
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{name}.parquet" for name in SPECS}


def test_without_pyarrow_it_says_so_in_one_line(
    dnsloupe: Callable[..., Any], samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert not export.has_pyarrow()
    ran = dnsloupe("analyze", samples / "self-loop.pcap", "--export", tmp_path)
    assert ran.code == 0
    assert ran.err == "dnsloupe: tables written as CSV; Parquet needs pyarrow: pip install 'dnsloupe[parquet]'\n"
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv"}


def test_a_folder_that_cannot_be_made_is_exit_2(dnsloupe: Callable[..., Any], samples: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = dnsloupe("analyze", samples / "self-loop.pcap", "--export", tmp_path / "file")
    assert ran.code == 2
    assert ran.err.startswith("dnsloupe: --export ")
    assert ran.err.count("\n") == 1
