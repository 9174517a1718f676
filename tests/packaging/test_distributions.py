"""The checker of built distributions finds each fault that the build is known to make."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.packaging.distributions import IN_SDIST, IN_WHEEL, main, sdist_problems, wheel_problems

NAME = "dnsloupe-0.1.0-cp311-abi3-linux_x86_64.whl"
WHEEL = [*IN_WHEEL, "analyzer/decode/_native.abi3.so", "analyzer/__init__.py"]


def test_a_good_wheel_passes() -> None:
    assert wheel_problems(NAME, WHEEL) == []


def test_a_wheel_without_the_extension() -> None:
    assert wheel_problems(NAME, [name for name in WHEEL if not name.endswith(".so")]) == ["lacks the native extension"]


def test_a_wheel_for_one_python_only() -> None:
    assert wheel_problems("dnsloupe-0.1.0-cp311-cp311-linux_x86_64.whl", WHEEL) == ["is not tagged cp311-abi3"]


@pytest.mark.parametrize(
    "leaked",
    [
        "analyzer/decode/native/core/src/lib.rs",
        "analyzer/decode/native/Cargo.toml",
        "tests/conftest.py",
        "samples/self-loop.pcap",
    ],
)
def test_a_wheel_with_a_stray_file(leaked: str) -> None:
    assert wheel_problems(NAME, [*WHEEL, leaked]) == [f"holds {leaked}"]


def test_a_source_distribution_without_the_crate() -> None:
    assert sdist_problems(IN_SDIST) == []
    without = [name for name in IN_SDIST if "native" not in name]
    assert sdist_problems(without) == [f"lacks {name}" for name in IN_SDIST if "native" in name]


def test_files_are_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel, sdist = tmp_path / NAME, tmp_path / "dnsloupe-0.1.0.tar.gz"
    with zipfile.ZipFile(wheel, "w") as out:
        for name in WHEEL:
            out.writestr(name, "")
    with tarfile.open(sdist, "w:gz") as tar:
        for name in IN_SDIST[1:]:
            tar.addfile(tarfile.TarInfo(f"dnsloupe-0.1.0/{name}"), io.BytesIO())
    assert main([str(wheel)]) == 0
    assert main([str(wheel), str(sdist)]) == 1
    assert main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{sdist.name}: lacks LICENSE"
