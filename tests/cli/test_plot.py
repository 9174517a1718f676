"""`dnsloupe plot`: the kind stands after the files, the format is the file's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from analyzer.cli import plot
from analyzer.report import plots

Run = Callable[..., Any]


def test_a_picture_is_written(dnsloupe: Run, samples: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.svg"
    assert dnsloupe("plot", samples / "self-loop.pcap", "rcodes", "-O", target).code == 0
    assert target.read_bytes().startswith(b"<?xml")


def test_what_there_is_no_plot_of(dnsloupe: Run, samples: Path, tmp_path: Path) -> None:
    found = dnsloupe("plot", samples / "self-loop.pcap", "pie", "-O", tmp_path / "out.svg")
    assert found.code == 2
    assert "no plot 'pie'; there are timeline" in found.err
    found = dnsloupe("plot", samples / "self-loop.pcap", "rtt", "-O", tmp_path / "out.gif")
    assert found.code == 2
    assert "no format 'gif'" in found.err


def test_the_command_knows_all_kinds() -> None:
    assert list(plots.KINDS) == list(plot._KINDS)
    assert plots.FORMATS == plot._FORMATS
