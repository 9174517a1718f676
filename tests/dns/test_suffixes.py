"""Suffix rules against the Public Suffix List's own published test vectors and RFC 6303."""

from __future__ import annotations

import pytest

from analyzer.dns import suffixes
from analyzer.dns.names import wire_name


@pytest.mark.parametrize(
    ("name", "labels"),
    [  # from publicsuffix.org's test_psl.txt
        ("com", None),
        ("example.com", 2),
        ("b.example.com", 2),
        ("a.b.example.com", 2),
        ("test.ac.jp", 3),
        ("kyoto.jp", None),
        ("b.ide.kyoto.jp", 4),
        ("c.mm", None),
        ("b.c.mm", 3),
        ("www.ck", 2),  # exception to the rule *.ck
        ("www.www.ck", 2),
        ("city.kobe.jp", 3),
        ("xn--85x722f.com.cn", 3),
        ("WwW.Example.COM", 2),
        ("github.io", 2),  # a rule of the private section, which does not count here
        ("x.svc.cluster.local", None),
        ("", None),
    ],
)
def test_registrable_domain(name: str, labels: int | None) -> None:
    assert suffixes.registrable(wire_name(name)) == labels


def test_odd_octets_in_a_label_do_not_move_the_border() -> None:
    assert suffixes.registrable([b"a.b\xff", b"exa mple", b"co", b"uk"]) == 3


@pytest.mark.parametrize(("label", "known"), [(b"com", True), (b"LOCAL", False), (b"arpa", True), (b"xn--p1ai", True)])
def test_top_level_domains(label: bytes, known: bool) -> None:
    assert suffixes.is_tld(label) is known


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("4.3.2.10.in-addr.arpa", 3),
        ("4.3.16.172.in-addr.arpa", 4),
        ("1.1.168.192.in-addr.arpa", 4),
        ("8.8.8.8.in-addr.arpa", 4),
        ("8.in-addr.arpa", 3),
        ("in-addr.arpa", 2),
        ("b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa", 14),
        ("example.org", None),
    ],
)
def test_reverse_names_group_by_block(name: str, labels: int | None) -> None:
    assert suffixes.reverse_labels(wire_name(name)) == labels


def test_local_zones_are_those_of_rfc_6303_and_7793() -> None:
    assert {"10.in-addr.arpa", "31.172.in-addr.arpa", "d.f.ip6.arpa", "127.100.in-addr.arpa"} <= suffixes.LOCAL_ZONES
    assert "32.172.in-addr.arpa" not in suffixes.LOCAL_ZONES
    assert len(suffixes.LOCAL_ZONES) == 18 + 7 + 2 + 1 + 4 + 1 + 64


def test_the_list_says_its_date() -> None:
    assert suffixes.suffix_list_version().startswith("20")
