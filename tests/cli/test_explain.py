"""`dnsloupe explain`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.detectors import HEADINGS, registry

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("ident", sorted(registry()))
def test_every_detector_is_explained_under_the_fixed_headings(dnsloupe: Run, ident: str) -> None:
    code, out, _ = dnsloupe("explain", ident)
    assert code == 0
    assert out.startswith(f"# {ident}\n")
    places = [out.index(f"## {heading}") for heading in HEADINGS]
    assert places == sorted(places)


def test_an_unknown_one_is_exit_2_with_a_hint(dnsloupe: Run) -> None:
    code, _, err = dnsloupe("explain", "self-queri")
    assert code == 2
    assert "did you mean self-query?" in err
