"""What plugins do with names."""

from __future__ import annotations

import pytest

from analyzer.config.corefile import Block, read
from analyzer.config.parsed import Endpoint, Problem


def block(*lines: str, zone: str = ".") -> Block:
    return read(f"{zone} {{\n" + "\n".join(lines) + "\n}\n", "f").content.blocks[0]


def problems(*lines: str) -> tuple[Problem, ...]:
    return read(". {\n" + "\n".join(lines) + "\n}\n", "f").problems


def test_forward_with_all_its_options() -> None:
    lines = (
        "forward lan 192.0.2.1:5353 tls://9.9.9.9 /etc/resolv.conf {",
        "except a.lan 10.0.0.0/8",
        "policy round_robin",
    )
    (forward,) = block(*lines, "force_tcp", "max_concurrent 100", "}").forwards
    assert forward.to == (Endpoint("192.0.2.1", 5353, "tcp"), Endpoint("9.9.9.9", 853, "tls"), "/etc/resolv.conf")
    assert (forward.zone, forward.policy, forward.max_concurrent) == ("lan.", "round_robin", 100)
    assert forward.takes("b.lan.")
    assert not forward.takes("x.a.lan.")
    assert not forward.takes("example.org.")


def test_forward_problems() -> None:
    found = problems(
        "forward .", "forward . dns.example", "forward . 192.0.2.1 {", "policy best", "fancy", "}", "fnord"
    )
    assert [(one.source.line, one.error) for one in found] == [(2, True), (3, False), (6, False), (4, True), (8, False)]


@pytest.mark.parametrize(
    ("lines", "ends", "goes_on"),
    [
        (["kubernetes cluster.local"], "a.cluster.local.", "example.org."),
        (
            ["kubernetes cluster.local in-addr.arpa {", "fallthrough in-addr.arpa", "}"],
            "a.cluster.local.",
            "1.in-addr.arpa.",
        ),
        (["template IN ANY example.org {", "rcode NXDOMAIN", "}"], "a.example.org.", "example.net."),
        (["template IN AAAA .", "template ANY ANY lan"], "a.lan.", "example.org."),
        (["hosts {", "192.0.2.1 a.lan", "fallthrough lan", "}"], "example.org.", "b.lan."),
        (["hosts /etc/hosts lan"], "a.lan.", "example.org."),
        (["file db.example.org example.org"], "example.org.", "org."),
    ],
)
def test_who_ends_a_name(lines: list[str], ends: str, goes_on: str) -> None:
    found = block(*lines).authorities
    assert any(one.ends(ends) for one in found)
    assert not any(one.ends(goes_on) for one in found)


def test_a_template_with_a_match_ends_nothing_for_sure() -> None:
    assert (
        not block("template IN ANY example.org {", "match ^a[.]", "rcode NXDOMAIN", "}")
        .authorities[0]
        .ends("a.example.org.")
    )


def test_authorities_stand_in_plugin_order_not_in_file_order() -> None:
    names = [
        one.plugin for one in block("whoami", "kubernetes cluster.local", "hosts", "template ANY ANY lan").authorities
    ]
    assert names == ["template", "hosts", "kubernetes", "whoami"]


def test_cache_forms() -> None:
    assert (cache := block("cache").cache) is not None
    assert (cache.success, cache.denial, cache.denial_source) == (3600, 1800, None)
    assert (cache := block("cache 30").cache) is not None
    assert (cache.success, cache.denial) == (30, 30)
    assert (cache := block("cache {", "success 9984 30", "denial 9984 5", "}").cache) is not None
    assert (cache.success, cache.denial, cache.denial_source and cache.denial_source.line) == (30, 5, 4)
    assert block("loop").cache is None
