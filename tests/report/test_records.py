"""Record data in presentation form, as dnspython writes it, and RFC 3597's form for what does not parse."""

from __future__ import annotations

import pytest

from analyzer.report.records import rdata_text
from tests import builders as b


@pytest.mark.parametrize(
    ("rtype", "rdata", "text"),
    [
        (1, b.ip("192.0.2.1"), "192.0.2.1"),
        (28, b.ip("2001:db8::1"), "2001:db8::1"),
        (5, b.name("Target.example.org"), "Target.example.org."),
        (15, b"\x00\x0a" + b.name("mx.example.org"), "10 mx.example.org."),
        (16, b'\x02a"\x01\x1b', r'"a\"" "\027"'),
        (65280, b"\xde\xad", r"\# 2 dead"),
        (1, b"\x01\x02", r"\# 2 0102"),
        (1, b"", r"\# 0"),
        (6, b"\xc0\xff", r"\# 2 c0ff"),
    ],
)  # fmt: skip
def test_rdata(rtype: int, rdata: bytes, text: str) -> None:
    wire = b"before" + bytes(12) + rdata
    assert rdata_text(wire, 1, rtype, 6, 12 + len(rdata), 12, len(rdata)) == text


def test_compressed_names_are_followed_in_their_own_message() -> None:
    message = b.message(b.question("www.example.org", 5), answers=[b.record(b.pointer(12), 5, b"\x03alt\xc0\x10")])
    at = len(message) - 6
    assert rdata_text(b"xx" + message, 1, 5, 2, len(message), at, 6) == "alt.example.org."
