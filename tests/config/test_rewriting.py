"""The line that should stand there instead."""

from __future__ import annotations

import pytest

from analyzer.config.rewriting import forwarding_to, lan_or, safe_zone, without, without_name
from analyzer.findings import SourceLine


def line(text: str) -> SourceLine:
    return SourceLine("f", 7, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DNS=169.254.25.10", "# DNS=169.254.25.10"),
        ("DNS=169.254.25.10 192.168.1.1", "DNS=192.168.1.1"),
        ("nameserver 169.254.25.10", "# nameserver 169.254.25.10"),
        ("- 169.254.25.10", "# - 169.254.25.10"),
        ("addresses: [169.254.25.10, 192.168.1.1]", "addresses: [192.168.1.1]"),
        ("forward . 169.254.25.10 192.168.1.1", "forward 192.168.1.1"),
        ("DNS=$(reboot) 169.254.25.10", "# delete this line"),
    ],
)
def test_without_an_address(text: str, expected: str) -> None:
    if text.startswith("forward"):
        assert forwarding_to(line(text), ["192.168.1.1"]).text == "forward . 192.168.1.1"
        return
    fix = without(line(text), ["169.254.25.10"])
    assert (fix.where, fix.text) == ("f:7", expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("search example.org", "# search example.org"),
        ("search a.example example.org", "search a.example"),
        ("Domains=svc.cluster.local example.org", "Domains=svc.cluster.local"),
        ("Domains=example.org", "# Domains=example.org"),
        ("search: [example.org, lan]", "search: [lan]"),
        ("search: [lan, example.org]", "search: [lan]"),
        ("- example.org", "# - example.org"),
        ("search x.example.org example.org.x", "search x.example.org example.org.x"),
    ],
)
def test_without_a_suffix(text: str, expected: str) -> None:
    assert without_name(line(text), "example.org.").text == expected


def test_forward_keeps_its_zone_and_brace() -> None:
    assert forwarding_to(line("forward lan.example /etc/resolv.conf {"), []).text == "forward lan.example <LAN-DNS> {"
    assert forwarding_to(line("forward $(x) /etc/resolv.conf"), ["192.0.2.1"]).text == "forward . 192.0.2.1"


def test_nothing_unusual_gets_into_a_root_shell() -> None:
    assert safe_zone("a.b_c-d.") == "a.b_c-d"
    assert safe_zone("a;reboot.") == "<NAME>"
    assert lan_or(["192.0.2.1", "192.0.2.1", "192.0.2.2"]) == "192.0.2.1 192.0.2.2"
