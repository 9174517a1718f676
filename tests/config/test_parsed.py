"""Addresses as the formats write them; lines with their numbers."""

from __future__ import annotations

import pytest

from analyzer.config.parsed import MAX_LINES, Endpoint, endpoint, is_loopback, lines_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.1.1.1", Endpoint("1.1.1.1")),
        ("1.1.1.1:5353", Endpoint("1.1.1.1", 5353)),
        ("dns://1.1.1.1", Endpoint("1.1.1.1")),
        ("tls://9.9.9.9", Endpoint("9.9.9.9", 853, "tls")),
        ("tls://9.9.9.9:8853", Endpoint("9.9.9.9", 8853, "tls")),
        ("[FD00::0:1]:5300", Endpoint("fd00::1", 5300)),
        ("fe80::1%eth0", Endpoint("fe80::1")),
        ("192.168.1.1#5300@eth0", Endpoint("192.168.1.1", 5300)),
        ("9.9.9.9#dns.quad9.net", Endpoint("9.9.9.9")),
        ("1.1.1.1:0", None),
        ("1.1.1.1:70000", None),
        ("dns.example", None),
        ("/etc/resolv.conf", None),
        ("", None),
    ],
)
def test_endpoints(text: str, expected: Endpoint | None) -> None:
    assert endpoint(text) == expected


def test_lines_keep_their_number_and_lose_comments() -> None:
    found = list(lines_of("\ufeffa\n\n# b\n  c  \r\n;d\n", "f", "#;"))
    assert [(line.text, line.source.line) for line in found] == [("a", 1), ("c", 4)]


def test_the_number_of_lines_is_bounded() -> None:
    assert sum(1 for _ in lines_of("x\n" * (MAX_LINES + 5), "f")) == MAX_LINES


def test_loopback() -> None:
    assert is_loopback("127.0.0.53")
    assert is_loopback("::1")
    assert not is_loopback("169.254.25.10")
    assert not is_loopback("dhcp")
