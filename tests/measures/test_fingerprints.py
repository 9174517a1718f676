"""Each resolver by what is known of it, and what must not be claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.findings import Confidence
from analyzer.measures.fingerprints import Sendings, fingerprint

PAIRED = Sendings(questions=40, pairs=20, searched=4, together=20, ids=20, ports=20)
PLAIN = replace(PAIRED, searched=0)
GO = Sendings(questions=40, edns=40, pairs=20, aaaa_first=9, apart=40, ports=40, searched=4)
POOLED = Sendings(questions=100, edns=100, apart=100, ports=4, pooled=4, by_ports=100, by_pool=100)
NGINX = replace(POOLED, edns=0, pairs=50, together=20, even=20, apart=0)
ALONE = Sendings(questions=40, pairs=20, apart=40, ports=40)
LOW, MEDIUM, HIGH = Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH


@pytest.mark.parametrize(
    ("seen", "name", "confidence"),
    [
        (PAIRED, "glibc", MEDIUM),
        (replace(PAIRED, ids_near=5), "glibc", HIGH),
        (replace(PAIRED, ids_near=4), "glibc", MEDIUM),
        (replace(PAIRED, wait_5_same=3), "glibc", HIGH),
        (replace(PLAIN, wait_5_same=3), "glibc or c-ares", LOW),
        (replace(PLAIN, ids_near=5), "glibc", MEDIUM),
        (replace(PLAIN, ids=21, ids_near=5), "glibc or c-ares", LOW),
        (replace(PLAIN, ids_near=5, wait_5_same=3), "glibc", HIGH),
        (replace(PAIRED, id_steps=20), "musl", MEDIUM),
        (replace(PAIRED, id_steps=20, wait_25=3), "musl", HIGH),
        (replace(PAIRED, one_port=4), "c-ares", MEDIUM),
        (replace(PLAIN, ids=0, new_port=3), "c-ares", LOW),
        (replace(PAIRED, one_port=4, serial=20), "ingress-nginx lua", HIGH),
        (GO, "Go", MEDIUM),
        (replace(GO, wait_5_new=3), "Go", HIGH),
        (NGINX, "nginx", MEDIUM),
        (replace(NGINX, even=15), "CoreDNS", LOW),
        (replace(NGINX, serial=25), "CoreDNS", LOW),
        (replace(NGINX, forwarder=True), "CoreDNS", LOW),
        (replace(POOLED, forwarder=True), "CoreDNS", MEDIUM),
        (POOLED, "CoreDNS", MEDIUM),
        (replace(POOLED, ports=1, pooled=1), "", LOW),
        (replace(POOLED, ports=1, pooled=1, forwarder=True), "CoreDNS", MEDIUM),
        (replace(NGINX, pairs=9), "nginx", LOW),
        (replace(POOLED, forwarder=True, wait_2=3), "CoreDNS", HIGH),
        (replace(ALONE, edns=40, wait_2=3, forwarder=True), "CoreDNS", MEDIUM),
        (Sendings(questions=40, apart=40, ports=40, forwarder=True), "dnsmasq", LOW),
        (ALONE, "", LOW),  # as Windows and macOS send
        (replace(ALONE, forwarder=True), "dnsmasq", LOW),
        (replace(ALONE, resent_often=9), "", LOW),
        (replace(ALONE, wait_5_same=3), "dnsmasq", MEDIUM),
        (replace(ALONE, wait_5_same=2, wait_25=1, resent_often=3), "dnsmasq", MEDIUM),
        (replace(ALONE, wait_5_same=2, wait_25=1, resent_often=3, forwarder=True), "dnsmasq", HIGH),
        (replace(ALONE, aaaa_first=5), "Go", LOW),
        (replace(ALONE, serial=16), "", LOW),
        (replace(ALONE, edns=9), "", LOW),
        (replace(ALONE, edns=40, forwarder=True, stub_53=True), "systemd-resolved", MEDIUM),
        (replace(ALONE, edns=40, forwarder=True, stub_53=True, asked_on=3), "systemd-resolved", HIGH),
        (Sendings(questions=5, edns=5, asked_on=3), "systemd-resolved", MEDIUM),
        (Sendings(questions=5, edns=3, asked_on=3), "systemd-resolved", LOW),
        (Sendings(questions=5, asked_on=3, edns=5, wait_5_same=3), "systemd-resolved", HIGH),
        (Sendings(questions=5, edns=5, asked_on=2), "", LOW),
        (Sendings(questions=5, wait_1=3), "Windows", LOW),
        (Sendings(questions=5, wait_1=2), "", LOW),
        (Sendings(questions=4, pairs=2, together=2, ids=2, ports=2, searched=1), "", LOW),
        (replace(POOLED, forwarder=True, self_probes=1), "CoreDNS", HIGH),
        (replace(ALONE, self_probes=1), "CoreDNS", LOW),
        (replace(ALONE, up_probes=1), "dnsmasq", LOW),
        (replace(ALONE, up_probes=1, forwarder=True), "dnsmasq", MEDIUM),
        (replace(POOLED, iterative=20), "CoreDNS", MEDIUM),
        (replace(POOLED, iterative=21), "", LOW),  # a recursor with a pool, seen from an authority
        (Sendings(), "", LOW),
    ],
    ids=str,
)
def test_what_it_looks_like(seen: Sendings, name: str, confidence: Confidence) -> None:
    found = fingerprint(seen)
    assert (found.name, found.confidence) == (name, confidence)
    assert bool(found.reasons) == bool(name)
