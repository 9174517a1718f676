"""Data in names."""

from __future__ import annotations

import base64
import random

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

POD, DNS, ZONE = "10.233.64.11", "10.233.0.3", "t.example.com"


def carrying(
    count: int = 100,
    *,
    qtype: str = "TXT",
    octets: int = 300,
    distinct: int = 100,
    length: int = 60,
    zone: str = ZONE,
    every: float = 1.0,
    letters: str = "",
    dots: int = 0,
) -> Scene:
    """Queries for names of `length` octets under a zone, `distinct` of which differ, answered with `octets` each."""
    scene = Scene()
    for n in range(count):
        data = base64.b32encode(random.Random(n % distinct).randbytes(60)).decode()
        room = length - len(zone) - 1
        text = (letters * 70 if letters else data.rstrip("=").lower())[: room - 9]
        label = f"{text}-{n % distinct:08d}"[:room].rjust(room, "x")
        if dots:
            label = "".join("." if 0 < at < room - 1 and at % dots == 0 else ch for at, ch in enumerate(label))
        query = scene.query(n * every, POD, DNS, f"{label}.{zone}", qtype)
        scene.response(n * every + 0.01, query, ancount=1, answer_matches=1, size=octets)
    return scene


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("roomy-types", Severity.LOW)),
        ({"octets": 500}, ("roomy-types", Severity.MEDIUM)),
        ({"qtype": "A", "octets": 500}, ("large-answers", Severity.INFO)),
        ({"qtype": "A", "octets": 499}, None),
        ({"qtype": "NULL"}, ("roomy-types", Severity.LOW)),
        ({"qtype": "CNAME"}, ("roomy-types", Severity.LOW)),
        ({"count": 99, "distinct": 99}, None),
        ({"count": 125, "distinct": 100}, ("roomy-types", Severity.LOW)),
        ({"count": 126, "distinct": 100}, None),
        ({"length": 60, "dots": 9}, ("roomy-types", Severity.LOW)),
        ({"length": 59, "dots": 9}, None),  # short labels, and the name too short
        ({"length": 55}, ("roomy-types", Severity.LOW)),  # a label of 41
        ({"length": 53}, None),
        ({"every": 3.0}, ("roomy-types", Severity.LOW)),
        ({"every": 3.1}, None),  # 97 in five minutes
        ({"letters": "ab"}, None),  # no information
        ({"zone": "gti.mcafee.com"}, None),
        ({"zone": "_domainkey.example.com"}, None),
        ({"zone": "ns.svc.cluster.local"}, None),
        ({"zone": "0.168.192.in-addr.arpa"}, None),
    ],
)
def test_both_sides(more: dict[str, object], expected: tuple[str, Severity] | None) -> None:
    found = carrying(**more).findings("tunnel-hint")  # type: ignore[arg-type]  # one table of several types
    assert [(f.kind, f.severity) for f in found] == ([expected] if expected else [])


def test_no_line_to_paste_denies_every_name() -> None:
    (found,) = carrying(zone="7f3e01").findings("tunnel-hint")
    assert "no known domain" in found.title
    assert not any("template" in fix.text for fix in found.fix)


def test_what_it_says() -> None:
    (found,) = carrying().findings("tunnel-hint")
    assert "look like" in found.title
    assert (found.subject.value, found.count, found.peak_60s) == ("example.com", 100, 60)
    assert (found.numbers["octets_up"], found.numbers["octets_down"]) == (100 * 60, 100 * 300)


def test_ordinary_names_are_quiet() -> None:
    scene = Scene()
    for n in range(300):
        query = scene.query(n / 2, POD, DNS, f"www{n}.shop{n % 40}.example.com")
        scene.response(n / 2 + 0.01, query, ancount=1, answer_matches=1, size=500)
    assert scene.findings("tunnel-hint") == []
