"""Many, short or failing connections."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

NODE, LAN = "192.168.1.23", "192.168.1.1"
DEAD = {"synack_ns": 0, "bytes_in": 0, "bytes_out": 0, "messages_in": 0, "messages_out": 0}


def connections(count: int, gap: float, failed: int = 0, seconds: float = 0.01, answers: int = 1) -> Scene:
    scene = Scene()
    scene.ask(0, NODE, LAN, "a.example.org")
    for n in range(count):
        scene.connection(n * gap, NODE, LAN, seconds=seconds, **(DEAD if n < failed else {"messages_in": answers}))
    return scene


@pytest.mark.parametrize(
    ("count", "gap", "failed", "seconds", "answers", "kind"),
    [
        (60, 0.9, 0, 0.01, 1, "short"),
        (59, 0.9, 0, 0.01, 1, ""),
        (60, 0.9, 0, 0.01, 2, ""),
        (50, 0.01, 0, 5.0, 9, "open"),
        (49, 0.01, 0, 5.0, 9, ""),
        (20, 1.0, 1, 0.01, 9, "failed"),
        (21, 1.0, 1, 0.01, 9, ""),
        (9, 1.0, 5, 0.01, 9, ""),
    ],
)
def test_both_sides(count: int, gap: float, failed: int, seconds: float, answers: int, kind: str) -> None:
    found = connections(count, gap, failed, seconds, answers).findings("tcp-churn")
    assert [f.kind for f in found] == ([kind] if kind else [])
    assert [f.severity for f in found] == ([Severity.MEDIUM if kind == "failed" else Severity.INFO] if kind else [])
