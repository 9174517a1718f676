"""Reports of real captures, each made once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.options import AnalyzeOptions
from analyzer.pipeline import analyze
from analyzer.report.model import Report
from tests import hostile


@pytest.fixture(scope="session")
def report_of(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Report]:
    """The report of a sample by name; `hostile` is the capture of names that are made to harm."""

    @functools.cache
    def made(name: str) -> Report:
        path = samples / name
        if name == "hostile":
            path = tmp_path_factory.mktemp("hostile") / "[red]\x1b[31m$^$<b>.pcap"
            path.write_bytes(hostile.capture())
        return analyze([str(path)], AnalyzeOptions())

    return made
