"""NOTICE names what is shipped, and the distribution says of itself what the code says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import analyzer


def test_notice_names_every_crate_that_we_chose(root: Path) -> None:
    crate, notice = root / "analyzer" / "decode" / "native", (root / "NOTICE").read_text(encoding="utf-8")
    manifests = [
        tomllib.loads((crate / part / "Cargo.toml").read_text(encoding="utf-8")) for part in ("core", "binding")
    ]
    chosen = {
        name
        for manifest in manifests
        for name, what in manifest.get("dependencies", {}).items()
        if not (isinstance(what, dict) and "path" in what)
    }
    assert chosen >= {"pyo3"}
    assert sorted(name for name in chosen if name not in notice) == []


def test_one_version_everywhere(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    crate = tomllib.loads((root / "analyzer" / "decode" / "native" / "Cargo.toml").read_text(encoding="utf-8"))
    assert analyzer.__version__ == project == crate["workspace"]["package"]["version"]
    assert f"## {project}" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason(root: Path) -> None:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("\ndependencies = [\n")[2].partition("\n]")[0]
    assert block
    assert [line for line in block.splitlines() if "  #" not in line] == []
