"""R8: limits of nameservers and suffixes."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import fixes, found, judge, only, places


def servers(count: int) -> str:
    return "".join(f"nameserver 192.0.2.{number}\n" for number in range(1, count + 1))


def test_the_fourth_nameserver_is_never_asked(tmp_path: Path) -> None:
    finding = only(judge(tmp_path / "four", {"resolv.conf": servers(4)}), "R8")
    assert (finding.kind, finding.severity) == ("nameservers", Severity.LOW)
    assert places(finding) == ["resolv.conf:4"]
    assert fixes(finding) == {"resolv.conf:4": "# nameserver 192.0.2.4"}
    assert not found(judge(tmp_path / "three", {"resolv.conf": servers(3)}), "R8")


def test_the_seventh_suffix(tmp_path: Path) -> None:
    line = "search " + " ".join(f"s{number}.example" for number in range(1, 8))
    finding = only(judge(tmp_path / "seven", {"resolv.conf": line + "\n"}), "R8")
    assert (finding.kind, finding.numbers["suffixes"]) == ("search", 7)
    assert fixes(finding) == {"resolv.conf:1": line.removesuffix(" s7.example")}
    assert not found(judge(tmp_path / "six", {"resolv.conf": line.removesuffix(" s7.example") + "\n"}), "R8")


def test_256_characters(tmp_path: Path) -> None:
    label = "a" * 60
    suffixes = [f"{label}.{number}x" for number in range(4)]  # 63 characters and a blank each: 256
    assert not found(judge(tmp_path / "fits", {"resolv.conf": f"search {' '.join(suffixes)}\n"}), "R8")
    longer = [*suffixes[:3], f"{suffixes[3]}y"]
    finding = only(judge(tmp_path / "more", {"resolv.conf": f"search {' '.join(longer)}\n"}), "R8")
    assert finding.numbers["characters"] == 257


def test_the_list_that_resolved_makes_counts(tmp_path: Path) -> None:
    files = {"etc/systemd/resolved.conf": "[Resolve]\nDNS=192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4\n"}
    assert places(only(judge(tmp_path, files), "R8")) == ["resolved.conf:2"]
