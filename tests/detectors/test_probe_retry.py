"""A probe that is repeated: how often and how far apart, by CoreDNS' own timers; and nothing where one came back."""

from __future__ import annotations

import pytest

from tests.scenes import Scene

HERE = "169.254.25.10"
PROBE = "7975047106611664487.8938723157907636734"


def kinds(*times: float, copy: bool = False) -> list[str]:
    scene = Scene()
    for at in times:
        scene.query(at, HERE, HERE, PROBE, "HINFO")
    if copy:
        scene.query(times[-1] + 0.001, HERE, HERE, PROBE, "HINFO")
    return [f.kind for f in scene.findings("probe-retry")]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((0, 3), []),  # one lost packet
        ((0, 3, 6), ["silent"]),
        ((0, 2.86, 5.72), ["silent"]),
        ((0, 2.84, 5.68), []),  # no timer of CoreDNS
        ((0, 1.0), ["refused"]),
        ((0, 0.69), []),
        ((0,), []),
    ],
)
def test_gaps(times: tuple[float, ...], expected: list[str]) -> None:
    assert kinds(*times) == expected


def test_a_probe_that_came_back_is_a_loop_not_a_retry() -> None:
    assert kinds(0, 3, 6, copy=True) == []
