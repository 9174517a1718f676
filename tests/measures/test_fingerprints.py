"""Each resolver by what is known of it, and what must not be claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.findings import Confidence
from analyzer.measures.fingerprints import Sendings, fingerprint

PAIRED = Sendings(questions=40, pairs=20, searched=4, together=20, ids=20, ports=20)
GO = Sendings(questions=40, edns=40, pairs=20, aaaa_first=9, apart=40, ports=40, searched=4)
POOLED = Sendings(questions=100, edns=100, apart=100, ports=4, pooled=4)


@pytest.mark.parametrize(
    ("seen", "name", "confidence"),
    [
        (PAIRED, "glibc", Confidence.MEDIUM),
        (replace(PAIRED, wait_5_same=3), "glibc", Confidence.HIGH),
        (replace(PAIRED, searched=0, wait_5_same=3), "glibc", Confidence.LOW),
        (replace(PAIRED, id_steps=20), "musl", Confidence.MEDIUM),
        (replace(PAIRED, id_steps=20, wait_25=3), "musl", Confidence.HIGH),
        (replace(PAIRED, one_port=4), "c-ares", Confidence.MEDIUM),
        (replace(PAIRED, one_port=4, serial=20), "ingress-nginx lua", Confidence.HIGH),
        (GO, "Go", Confidence.HIGH),
        (replace(GO, aaaa_first=0, edns=0), "", Confidence.LOW),
        (replace(POOLED, edns=0, together=20), "nginx", Confidence.MEDIUM),
        (replace(POOLED, forwarder=True), "CoreDNS", Confidence.MEDIUM),
        (replace(POOLED, forwarder=True, wait_2=3), "CoreDNS", Confidence.HIGH),
        (Sendings(questions=40, apart=40, ports=40, forwarder=True), "dnsmasq", Confidence.LOW),
        (Sendings(questions=4, pairs=2, together=2, ids=2, ports=2, searched=1), "", Confidence.LOW),
        (Sendings(), "", Confidence.LOW),
    ],
    ids=str,
)
def test_what_it_looks_like(seen: Sendings, name: str, confidence: Confidence) -> None:
    found = fingerprint(seen)
    assert (found.name, found.confidence) == (name, confidence)
    assert bool(found.reasons) == bool(name)
