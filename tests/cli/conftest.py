"""Runs of the command line in this process, and captures to run it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from analyzer.cli import run
from tests import builders as b


class Ran(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def dnsloupe(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command line."""

    def command(*words: str | Path) -> Ran:
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command


def exchange(qname: str, ident: int, rcode: int = 0) -> list[bytes]:
    """A query and its response, as Ethernet frames."""
    answers = [] if rcode else [b.record(b.pointer(12), b.A, b.ip("192.0.2.7"))]
    answer = b.response(qname, ident=ident, rcode=rcode, answers=answers)
    return [
        b.ethernet(b.ipv4(b.udp(b.query(qname, ident=ident)))),
        b.ethernet(b.ipv4(b.udp(answer, sport=53, dport=40000), src=b.SERVER, dst=b.CLIENT)),
    ]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Two lookups: one answered, one NXDOMAIN; and a packet that is not DNS."""
    other = b.ethernet(b.ipv4(b.udp(b"not dns at all", sport=1000, dport=2000)))
    path = tmp_path / "small.pcap"
    path.write_bytes(b.pcap([*exchange("www.example.org", 1), other, *exchange("no.example.net", 2, rcode=3)]))
    return path
