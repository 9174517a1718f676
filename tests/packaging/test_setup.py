"""setup.py: what it packs, and what it says and does where Rust is absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def setup(root: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run setup.py in the checkout with only these variables beside the basic ones."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, "setup.py", "--quiet", *words],
        cwd=root,
        env={**kept, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def no_rust(tmp_path: Path) -> dict[str, str]:
    return {"PATH": str(tmp_path), "CARGO": str(tmp_path / "cargo"), "RUSTC": str(tmp_path / "rustc")}


def test_without_rust_the_build_goes_on_and_says_so(root: Path, tmp_path: Path, no_rust: dict[str, str]) -> None:
    run = setup(root, "build_rust", **no_rust)
    assert run.returncode == 0, run.stderr
    assert "native decoder was NOT built" in run.stderr


@pytest.mark.parametrize("demand", [{"DNSLOUPE_REQUIRE_NATIVE": "1"}, {"CI": "true"}])
def test_without_rust_a_build_that_needs_it_fails(root: Path, no_rust: dict[str, str], demand: dict[str, str]) -> None:
    run = setup(root, "build_rust", **no_rust, **demand)
    assert run.returncode != 0
    assert "Rust" in run.stderr


def test_what_is_packed(root: Path, tmp_path: Path) -> None:
    """Every file of the package that is no part of the crate is packed, and nothing of the crate is."""
    run = setup(
        root, "egg_info", "--egg-base", str(tmp_path), "build_py", "--build-lib", str(tmp_path / "lib"), PATH=""
    )
    assert run.returncode == 0, run.stderr
    packed = {path.relative_to(tmp_path / "lib") for path in (tmp_path / "lib").rglob("*") if path.is_file()}
    crate = root / "analyzer" / "decode" / "native"
    unwanted = {".pyc", ".so", ".pyd"}
    ours = {path for path in (root / "analyzer").rglob("*") if path.is_file() and path.suffix not in unwanted}
    assert packed == {path.relative_to(root) for path in ours if crate not in path.parents}
