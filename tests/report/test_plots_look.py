"""The palette is told apart with the common kinds of colour blindness; labels are short and harmless."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from analyzer.report.plots_look import CODES, PALETTE, clocked, counted, days, empty, figure, logged, shorten, text

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


def test_the_root_can_be_seen() -> None:
    assert shorten(".") == ". (root)"


def ticks(axis: Any) -> list[str]:
    """What stands at the ticks of an axis, as drawn."""
    axis.figure.draw_without_rendering()
    low, high = sorted(axis.get_view_interval())
    drawn = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [tick.label1.get_text() for tick in drawn if low <= tick.get_loc() <= high and tick.label1.get_text()]


def test_amounts_below_one_keep_their_decimals() -> None:
    _, axes = figure("Rates")
    axes.plot([0, 0.3])
    counted(axes, "y", "per second")
    assert ticks(axes.yaxis) == ["0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3"]


def test_ticks_within_a_minute_say_the_whole_time_and_the_corner_the_date() -> None:
    _, axes = figure("Times")
    axes.plot([days(1_795_368_500_000_000_000), days(1_795_368_560_000_000_000)], [0, 1])
    clocked(axes)
    assert ticks(axes.xaxis) == [f"17:28:{s}" for s in (20, 30, 40, 50)] + [f"17:29:{s}" for s in ("00", "10", "20")]
    assert axes.xaxis.get_major_formatter().get_offset() == "2026-11-22"  # type: ignore[attr-defined]  # of this formatter


@pytest.mark.parametrize(
    ("least", "most", "labels"),
    [
        (0.15, 4, ["0.1 ms", "0.2 ms", "0.5 ms", "1 ms", "2 ms", "5 ms"]),
        (0.02, 900, ["0.1 ms", "1 ms", "10 ms", "100 ms", "1000 ms"]),
        (3.1, 3.2, ["2 ms", "5 ms"]),
    ],
)
def test_a_logarithmic_axis_names_round_values_in_its_unit(least: float, most: float, labels: list[str]) -> None:
    _, axes = figure("Lengths")
    axes.plot([least, most], [0, 1])
    logged(axes, least, most, lambda ms: f"{ms:g} ms", "how long")
    assert ticks(axes.xaxis) == labels


def test_what_is_not_there_is_said() -> None:
    (axes,) = empty("Title", "Why <not>").axes
    assert [one.get_text() for one in axes.texts] == ["Why <not>"]
