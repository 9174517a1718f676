"""`dnsloupe diff`: captures and saved reports alike, and what is neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def saved(dnsloupe: Run, samples: Path, tmp_path: Path) -> Path:
    """A report of the healthy sample, saved."""
    target = tmp_path / "before.json"
    assert dnsloupe("analyze", samples / "self-loop.pcap", "-o", "json", "-O", target)[0] == 0
    return target


def test_a_saved_report_and_its_capture_are_the_same(dnsloupe: Run, samples: Path, saved: Path) -> None:
    code, out, err = dnsloupe("diff", saved, samples / "self-loop.pcap", "-o", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["changed"] is False


def test_text_names_both(dnsloupe: Run, samples: Path, saved: Path) -> None:
    code, out, _ = dnsloupe("diff", saved, samples / "resolvers.pcap.gz", "--width", "200")
    assert code == 0
    assert f"before  {saved}" in out
    assert "gone    critical Forwarding loop" in out


def test_html_goes_to_a_file(dnsloupe: Run, saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "diff.html"
    assert dnsloupe("diff", saved, saved, "-o", "html", "-O", target)[:2] == (0, "")
    assert target.read_text().startswith("<!doctype html>")


def test_another_schema_is_exit_2(dnsloupe: Run, saved: Path) -> None:
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps({**document, "schema": "dnsloupe/99"}))
    code, out, err = dnsloupe("diff", saved, saved)
    assert (code, out) == (2, "")
    assert "schema 'dnsloupe/99', this version compares 'dnsloupe/1'" in err


@pytest.mark.parametrize("text", ['{"a": 1}', "{broken", '{"schema": "dnsloupe/1", "summary": 3}', "{" * 60_000])
def test_json_that_is_no_report_is_exit_2(dnsloupe: Run, saved: Path, tmp_path: Path, text: str) -> None:
    other = tmp_path / "other.json"
    other.write_text(text)
    code, out, err = dnsloupe("diff", saved, other)
    assert (code, out) == (2, "")
    assert err.startswith(f"dnsloupe: {other}: ")
    assert err.count("\n") == 1


def test_a_report_that_lacks_its_parts_is_exit_2(dnsloupe: Run, saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"schema": "dnsloupe/1", "summary": {}}')
    code, _, err = dnsloupe("diff", saved, other)
    assert code == 2
    assert "internal error" not in err


@pytest.mark.parametrize("count", [1, 3])
def test_it_takes_two(dnsloupe: Run, saved: Path, count: int) -> None:
    code, _, err = dnsloupe("diff", *[saved] * count)
    assert code == 2
    assert "two inputs" in err


def test_a_partial_report_is_exit_3(dnsloupe: Run, saved: Path) -> None:
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps({**document, "partial": True}))
    code, out, _ = dnsloupe("diff", saved, saved, "--width", "200")
    assert code == 3
    assert "before is partial" in out
