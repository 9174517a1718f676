"""The ceiling: nothing is shed without need, and below the ceiling it stays."""

from __future__ import annotations

from analyzer.live.ceiling import Ceiling

MB = 1 << 20


def held(sizes: list[int]) -> int:
    """How often something was shed while the process took these sizes (MB of 100) one after another."""
    left = list(sizes)
    now = [0]
    ceiling, sheds = Ceiling(100 * MB, lambda: now[0] * MB), []
    for size in left:
        now[0] = size
        ceiling.hold(lambda: sheds.append(1))
    assert ceiling.sheds == len(sheds)
    return len(sheds)


def test_far_below_the_ceiling_nothing_goes() -> None:
    assert held([10, 40, 59, 59, 40]) == 0


def test_near_the_ceiling_something_goes_as_often_as_it_grows() -> None:
    assert held([80, 80, 80]) == 1
    assert held([80, 86, 92]) == 3


def test_the_process_knows_its_own_size() -> None:
    sheds: list[int] = []
    for octets, expected in ((MB, 1), (1 << 40, 0)):  # an interpreter takes more than 1 MB and less than 1 TB
        sheds.clear()
        Ceiling(octets).hold(lambda: sheds.append(1))
        assert len(sheds) == expected
