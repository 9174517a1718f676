"""Opens a built wheel and a source distribution and says what is wrong with them.

usage: python -m tests.packaging.distributions FILE...    (.whl and .tar.gz; exit 1 where something is wrong)
"""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

EXTENSION = re.compile(r"^analyzer/decode/_native[^/]*\.(so|pyd)$")
LEAKED = re.compile(r"(\.rs|/Cargo\.(toml|lock)|\.pcap|\.pyc)$|^(tests|samples|benchmarks|build)/|/target/")
ABI3 = re.compile(r"-cp311-abi3-")
IN_WHEEL = ("analyzer/cli/__init__.py", "analyzer/decode/_native.pyi", "analyzer/py.typed")
IN_SDIST = (
    "LICENSE",
    "Makefile",
    "NOTICE",
    "analyzer/decode/native/Cargo.lock",
    "analyzer/decode/native/Cargo.toml",
    "analyzer/decode/native/binding/Cargo.toml",
    "analyzer/decode/native/binding/src/lib.rs",
    "analyzer/decode/native/core/Cargo.toml",
    "analyzer/decode/native/core/src/lib.rs",
    "pyproject.toml",
    "samples/README.md",
    "setup.py",
    "tests/conftest.py",
)


def wheel_problems(filename: str, names: Iterable[str]) -> list[str]:
    """What is wrong with a wheel of this file name that holds these files."""
    held = list(names)
    problems = [f"holds {name}" for name in held if LEAKED.search(name)]
    problems += [f"lacks {name}" for name in IN_WHEEL if name not in held]
    if not any(EXTENSION.match(name) for name in held):
        problems.append("lacks the native extension")
    if not ABI3.search(filename):
        problems.append("is not tagged cp311-abi3")
    return problems


def sdist_problems(names: Iterable[str]) -> list[str]:
    """What is wrong with a source distribution that holds these files (the folder at its top left out)."""
    held = list(names)
    problems = [f"lacks {name}" for name in IN_SDIST if name not in held]
    return problems + [f"holds {name}" for name in held if "/target/" in name or name.endswith((".so", ".pyd", ".pyc"))]


def problems_of(path: Path) -> list[str]:
    """What is wrong with a built file."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel_problems(path.name, wheel.namelist())
    with tarfile.open(path) as sdist:
        return sdist_problems(name.partition("/")[2] for name in sdist.getnames())


def main(paths: list[str]) -> int:
    """Print the problems of every file; 1 if there are any, or no file."""
    wrong = not paths
    for path in map(Path, paths):
        problems = problems_of(path)
        wrong |= bool(problems)
        print(f"{path.name}: {'; '.join(problems) or 'as it should be'}")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
