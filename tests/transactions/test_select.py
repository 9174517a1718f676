from __future__ import annotations

import time
from typing import Any

import pytest

from analyzer.messages import Present
from analyzer.options import AnalyzeOptions, Select
from tests.transactions.traffic import MS, START, Traffic


def frames(made: Traffic, **select: Any) -> list[int]:
    tables = made.run(cuts=[2], options=AnalyzeOptions(select=Select(**select)))
    assert tables.stage.counters["filtered"] == len(made.rows) - len(tables.unique)
    return [int(frame) for frame in tables.unique.frame]


def some() -> Traffic:
    made = Traffic()
    one = made.query(0, "WWW.Example.org", src="10.0.0.1", dst="10.0.9.9")
    made.reply(MS, one, 3)
    two = made.query(2000 * MS, "notexample.org", src="2001:db8::1", dst="2001:db8::53", qtype=28)
    made.reply(2001 * MS, two, 0)
    made.query(4000 * MS, "example.org", src="10.0.0.2", dst="10.0.9.9", present=int(Present.IP_ID))
    return made


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"names": ("example.org",)}, [1, 2]),
        ({"names": ("EXAMPLE.org.", "notexample.org")}, [1, 2, 3, 4]),
        ({"names": ("*example.org",)}, [1, 2, 3, 4]),
        ({"names": ("www.*",)}, [1, 2]),
        ({"names": ("???.example.org",)}, [1, 2]),
        ({"names": ("never.seen",)}, []),
        ({"names": (".",)}, [1, 2, 3, 4]),
        ({"qtypes": frozenset({28})}, [3, 4]),
        ({"rcodes": frozenset({3})}, [2]),
        ({"rcodes": frozenset({0})}, [4]),
        ({"clients": ("10.0.0.0/31",)}, [1, 2]),
        ({"clients": ("10.0.0.1", "2001:db8::/32")}, [1, 2, 3, 4]),
        ({"servers": ("10.0.9.9",)}, [1, 2, 5]),
        ({"only": "queries"}, [1, 3, 5]),
        ({"only": "responses"}, [2, 4]),
        ({"since": START + 2000 * MS}, [3, 4, 5]),
        ({"until": START + 2000 * MS}, [1, 2]),
        ({"since": MS, "until": 2001 * MS, "relative": frozenset({"since", "until"})}, [2, 3]),
        ({"qtypes": frozenset({1}), "only": "queries"}, [1]),
    ],
    # The same on every worker: the text of a set depends on the seed of its hashes.
    ids=lambda value: (
        " ".join(f"{k}={sorted(v) if isinstance(v, frozenset) else v}" for k, v in value.items())
        if isinstance(value, dict)
        else str(value)
    ),
)
def test_filters(select: dict[str, Any], expected: list[int]) -> None:
    assert frames(some(), **select) == expected


def test_a_glob_of_stars_takes_no_time() -> None:
    made = Traffic()
    made.query(0, ".".join(["a" * 60] * 4))
    started = time.process_time()
    assert frames(made, names=("*a" * 40 + "b",)) == []
    assert time.process_time() - started < 2


@pytest.mark.parametrize("pattern", ["a[b].example", "a.b*", "(x"])
def test_a_glob_knows_no_other_signs(pattern: str) -> None:
    made = Traffic()
    made.query(0, "ab.example")
    assert frames(made, names=(pattern + "*",)) == []
