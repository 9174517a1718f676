"""A capture whose names are made to harm whoever prints them, and whose file name is too."""

from __future__ import annotations

from tests import builders as b

HOSTILE = [
    b"[red]",
    b"[/]",
    b"\x1b[31m\x07",
    b"\xe2\x80\xaetxt.exe",  # right-to-left override
    b"<script>alert(1)</script>",
    b"$^$",
    b"=cmd|calc",
    b"\"';--",
    b"a|b`c\\",
    b"{{x}}\r\n\t",
    b"\xc2\x9b31m\x00",
]
HARMFUL = ["\x1b", "\x07", "\u202e", "\x9b", "\x00", "\r", "\t\n"]
"""What must not stand in any output for people, whatever the names hold."""


def capture() -> bytes:
    """Every hostile label, asked for and denied, often enough to stand in every table."""
    packets = []
    for turn in range(12):
        for at, label in enumerate(HOSTILE):
            qname = bytes([len(label)]) + label + b.name("svc.cluster.local.example.org")
            ident, port = turn * 100 + at, 20_000 + turn * 100 + at
            asked = b.message(b.question(qname), ident=ident)
            denied = b.message(b.question(qname), ident=ident, flags=0x8183)
            packets += [
                b.ethernet(b.ipv4(b.udp(asked, sport=port))),
                b.ethernet(b.ipv4(b.udp(denied, sport=53, dport=port), src=b.SERVER, dst=b.CLIENT)),
            ]
    return b.pcap(packets)
