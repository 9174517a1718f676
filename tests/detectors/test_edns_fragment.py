"""Large answers, and servers that do not know EDNS."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS = "10.233.64.11", "10.233.0.3"


@pytest.mark.parametrize(("count", "size", "fires"), [(5, 1233, True), (4, 1233, False), (50, 1232, False)])
def test_five_large_answers(count: int, size: int, fires: bool) -> None:
    scene = Scene()
    for n in range(count):
        query = scene.query(n, POD, DNS, f"n{n}.example.org", edns_size=4096)
        scene.response(n + 0.001, query, size=size)
    found = scene.findings("edns-fragment")
    assert [(f.severity, f.kind, f.numbers["largest_octets"]) for f in found] == (
        [(Severity.LOW, "large", size)] if fires else []
    )


@pytest.mark.parametrize(("count", "again", "fires"), [(5, True, True), (4, True, False), (20, False, False)])
def test_questions_that_come_again_without_edns(count: int, again: bool, fires: bool) -> None:
    scene = Scene()
    for n in range(count):
        query = scene.query(n, POD, DNS, f"n{n}.example.org", edns_size=1232)
        bad = scene.response(n + 0.001, query, "FORMERR")
        bad["present"] = scene.query(100, POD, DNS, "plain.example.org")["present"]
        if again:
            same = {"src_port": query["src_port"]}
            scene.response(n + 0.003, scene.query(n + 0.002, POD, DNS, f"n{n}.example.org", **same))
    found = scene.findings("edns-fragment")
    assert [(f.severity, f.kind) for f in found] == ([(Severity.MEDIUM, "no-edns")] if fires else [])
