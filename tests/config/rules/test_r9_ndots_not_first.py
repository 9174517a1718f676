"""R9: ingress-nginx' Lua reads the first option only."""

from __future__ import annotations

from pathlib import Path

from analyzer.findings import Severity
from tests.config.sites import fixes, found, judge, only, places


def test_ndots_behind_another_option(tmp_path: Path) -> None:
    finding = only(
        judge(tmp_path, {"pod/resolv.conf": "nameserver 192.0.2.1\noptions edns0 ndots:5 timeout:2\n"}), "R9"
    )
    assert finding.severity == Severity.LOW
    assert places(finding) == ["resolv.conf:2"]
    assert fixes(finding) == {"resolv.conf:2": "options ndots:5 edns0 timeout:2"}


def test_quiet_with_ndots_first_or_absent(tmp_path: Path) -> None:
    for number, options in enumerate(("ndots:5 edns0", "edns0 trust-ad")):
        assert not found(judge(tmp_path / str(number), {"resolv.conf": f"options {options}\n"}), "R9")
