"""Both decoders on the captures beside the checkout: the lab's under 2 MB, and real ones as far as the time reaches."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.shared.differential import captures_in, disagreements

pytestmark = [pytest.mark.native, pytest.mark.slow]
SECONDS = 20.0


def test_lab(shared: Path) -> None:
    for path in captures_in(shared / "lab" / "captures", 2_000_000):
        assert not disagreements(path), path.name


def test_real(shared: Path) -> None:
    began = time.monotonic()
    read = 0
    for path in captures_in(shared / "captures" / "real", 200_000):
        if time.monotonic() - began > SECONDS:
            break
        assert not disagreements(path, chunk=4093), path.name
        read += 1
    assert read > 10
