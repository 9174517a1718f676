"""Zone names: one form, ancestry, reverse zones of address blocks."""

from __future__ import annotations

import pytest

from analyzer.config.zones import depth, is_safe, normal, reverse_name, reverse_zones, under


def test_normal_form_and_ancestry() -> None:
    assert (normal("Example.ORG"), normal("."), normal(""), normal("*.lan")) == ("example.org.", ".", ".", "lan.")
    assert under("a.example.org.", "example.org.")
    assert under("example.org.", ".")
    assert not under("badexample.org.", "example.org.")
    assert (depth("."), depth("a.b.")) == (0, 2)


@pytest.mark.parametrize(
    ("block", "zones"),
    [
        ("10.0.0.0/8", ["10.in-addr.arpa."]),
        ("10.233.0.0/16", ["233.10.in-addr.arpa."]),
        ("192.168.0.0/23", ["0.168.192.in-addr.arpa.", "1.168.192.in-addr.arpa."]),
        ("10.0.0.1/24", ["0.0.10.in-addr.arpa."]),
        ("fd00::/8", ["d.f.ip6.arpa."]),
        ("example.org", None),
        ("10.0.0.0/33", None),
    ],
)
def test_reverse_zones(block: str, zones: list[str] | None) -> None:
    assert reverse_zones(block) == zones


def test_a_huge_block_stays_bounded() -> None:
    assert len(reverse_zones("0.0.0.0/1") or []) == 128
    assert len(reverse_zones("::/1") or []) == 8


def test_reverse_name_and_safety() -> None:
    assert reverse_name("10.233.0.3") == "3.0.233.10.in-addr.arpa."
    assert is_safe("svc.cluster.local.")
    assert not is_safe("a; rm -rf /")
