"""`dnsloupe detectors`."""

from __future__ import annotations

import json
from collections.abc import Callable

from analyzer.detectors import registry

Run = Callable[..., tuple[int, str, str]]


def test_every_detector_has_its_line(dnsloupe: Run) -> None:
    code, out, _ = dnsloupe("detectors")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} >= set(registry())
    assert {row["id"] for row in json.loads(dnsloupe("detectors", "-o", "json")[1])} >= set(registry())
