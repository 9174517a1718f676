"""Shares of several upstreams, and who hears an address."""

from __future__ import annotations

import pytest

from analyzer.config.instances import Decision, Instance, weighted
from analyzer.config.parsed import Endpoint
from analyzer.findings import SourceLine

LINE = SourceLine("f", 1)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("random", [(0.5, False), (0.5, False)]),
        ("round_robin", [(0.5, False), (0.5, False)]),
        ("sequential", [(1.0, False), (1.0, True)]),
        ("all", [(1.0, False), (1.0, False)]),
    ],
)
def test_policies(policy: str, expected: list[tuple[float, bool]]) -> None:
    asks = weighted([(Endpoint("192.0.2.1"), (LINE,)), (Endpoint("192.0.2.2"), (LINE,))], policy)
    assert [(ask.probability, ask.on_failure) for ask in asks] == expected


def one(*listens: str, everything: bool = False) -> Instance:
    return Instance(
        "i", "coredns", "coredns", "n", "n", listens, everything, 53, LINE, lambda _: Decision(".", None), ("10.0.0.1",)
    )


def test_hearing() -> None:
    bound, open_ = one("169.254.25.10"), one(everything=True)
    assert bound.hears("169.254.25.10", loopback=False)
    assert not bound.hears("10.0.0.1", loopback=False)
    assert not bound.hears("127.0.0.53", loopback=True)
    assert open_.hears("127.0.0.53", loopback=True)
    assert open_.hears("10.0.0.1", loopback=False)
    assert not open_.hears("10.0.0.2", loopback=False)
