"""What counts as a loop probe's name, by the programs that make them."""

from __future__ import annotations

import pytest

from analyzer.dns.probes import HINFO, TXT, probe_kind


@pytest.mark.parametrize(
    ("name", "qtype", "kind"),
    [
        ("7975047106611664487.8938723157907636734", HINFO, ("coredns", ".")),
        ("1.2.cluster.local", HINFO, ("coredns", "cluster.local.")),
        ("1.2.10.in-addr.arpa", HINFO, ("coredns", "10.in-addr.arpa.")),
        ("12345678901234567890.1", HINFO, None),  # twenty digits are more than 63 bits
        ("1", HINFO, None),
        ("a.2", HINFO, None),
        ("1.2", TXT, None),
        ("819cb51d.test", TXT, ("dnsmasq", "test")),
        ("819cb51d.test", HINFO, None),
        ("819cb51.test", TXT, None),
        ("819cb51g.test", TXT, None),
        ("x.819cb51d.test", TXT, None),
    ],
)
def test_names(name: str, qtype: int, kind: tuple[str, str] | None) -> None:
    assert probe_kind(name, qtype) == kind
