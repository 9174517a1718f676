"""The palette is told apart with the common kinds of colour blindness; labels are short and harmless."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from analyzer.report.plots_look import CODES, PALETTE, empty, shorten, text

# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009), severity 1.
SIMULATION = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour: str, matrix: list[list[float]]) -> Any:
    """CIE L*a*b* (D65) of a colour as someone with that deficiency sees it."""
    srgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(matrix) @ linear, 0, 1) / [0.9505, 1.0, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", SIMULATION)
@pytest.mark.parametrize("colours", [PALETTE[:4], tuple(CODES.values())], ids=["series", "codes"])
def test_colours_stay_apart(colours: tuple[str, ...], kind: str) -> None:
    seen = {colour: lab(colour, SIMULATION[kind]) for colour in colours}
    closest = min(float(np.linalg.norm(seen[a] - seen[b])) for a, b in itertools.combinations(colours, 2))
    assert closest > 10  # a difference of 2.3 is just noticeable


def test_labels() -> None:
    assert text("a\x1b$b$") == "a\\027$b$"
    assert shorten("a" * 30 + "." + "b" * 30, 20) == "aaaaaaaaa…bbbbbbbbbb"
    assert shorten("short.example.org") == "short.example.org"


def test_what_is_not_there_is_said() -> None:
    (axes,) = empty("Title", "Why <not>").axes
    assert [one.get_text() for one in axes.texts] == ["Why <not>"]
