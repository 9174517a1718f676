"""The samples: each made by the script, each explained, small enough to keep."""

from __future__ import annotations

import ast
import gzip
import statistics
from pathlib import Path

MAIN = "nodelocaldns-incident.pcap"
MAGICS = {bytes.fromhex(text) for text in ("d4c3b2a1", "4d3cb2a1", "0a0d0d0a")}


def captures(samples: Path) -> list[Path]:
    return sorted(path for path in samples.iterdir() if ".pcap" in path.name)


def test_each_is_made_by_the_script(samples: Path) -> None:
    tree = ast.parse((samples / "make_samples.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Sample"]
    assert sorted(ast.literal_eval(call.args[0]) for call in calls) == [path.name for path in captures(samples)]


def test_each_is_explained(samples: Path) -> None:
    readme = (samples / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in captures(samples) if f"| `{path.name}` |" not in readme] == []


def test_sizes(samples: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in captures(samples)}
    assert sizes.pop(MAIN) <= 2_000_000
    assert max(sizes.values()) <= 200_000
    assert statistics.median(sizes.values()) <= 100_000


def test_each_begins_like_a_capture(samples: Path) -> None:
    for path in captures(samples):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert data[:4] in MAGICS, path.name
