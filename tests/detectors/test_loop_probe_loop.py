"""Probes that come back, and probes that only look as if: the recipe's cases, each from a resolver's known behaviour."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.scenes import Scene

NODE, LOCAL, GATEWAY = "192.168.1.23", "169.254.25.10", "192.168.1.1"
PROBE = "7975047106611664487.8938723157907636734"
WATCHED = ("loop-probe-loop", "forward-loop", "ip-routing-loop")


def test_a_healthy_start_is_an_inventory_line_only() -> None:
    scene = Scene()
    query = scene.query(0, LOCAL, LOCAL, PROBE, "HINFO")
    upstream = scene.query(0.001, NODE, GATEWAY, PROBE, "HINFO")
    scene.response(0.002, upstream, "NXDOMAIN")
    scene.response(0.003, query, "NXDOMAIN")
    found = scene.findings("loop-probe", "probe-retry", *WATCHED)
    assert [(f.id, f.severity, f.count) for f in found] == [("loop-probe", Severity.INFO, 1)]


def test_one_copy_back_is_high_two_are_critical() -> None:
    once, twice = Scene(), Scene()
    for scene, copies in ((once, 1), (twice, 2)):
        for n in range(copies + 1):
            scene.query(0.0004 * n, LOCAL, LOCAL, PROBE, "HINFO", size=80 + 11 * (n > 0))
    (high,) = once.findings(*WATCHED)
    (critical,) = twice.findings(*WATCHED)
    assert (high.kind, high.severity) == ("partial", Severity.HIGH)
    assert (critical.kind, critical.severity) == ("fatal", Severity.CRITICAL)
    third = twice.rows[2]
    assert str(critical.numbers["log_line"]).startswith(
        f'[FATAL] plugin/loop: Loop ({LOCAL}:{third["src_port"]} -> {LOCAL}:53) detected for zone "."'
    )
    assert [step.frame.frame for step in critical.chain] == [1, 2, 3]


def test_ten_repeats_every_three_seconds_are_a_dead_upstream() -> None:
    scene = Scene()
    for n in range(10):
        scene.query(3.0 * n, LOCAL, LOCAL, PROBE, "HINFO")
        scene.query(3.0 * n + 0.001, NODE, GATEWAY, PROBE, "HINFO")
    assert scene.findings(*WATCHED) == []
    (retry,) = scene.findings("probe-retry")
    assert (retry.kind, retry.severity, retry.numbers["attempts_most"]) == ("silent", Severity.MEDIUM, 10)


def test_an_upstream_that_refuses_is_no_loop() -> None:
    scene = Scene()
    for n in range(7):
        scene.query(0.07 * n, NODE, GATEWAY, PROBE, "HINFO")
    assert scene.findings(*WATCHED) == []


def test_five_zones_at_once_are_five_blocks() -> None:
    scene = Scene()
    for n, zone in enumerate(("", ".cluster.local", ".in-addr.arpa", ".ip6.arpa", ".10.in-addr.arpa")):
        scene.ask(0.0001 * n, LOCAL, LOCAL, f"{10**18 + n}.{10**17 + n}{zone}", "HINFO")
    (found,) = scene.findings("loop-probe")
    assert found.count == 5
    assert found.numbers["starts"] == 1
    assert found.numbers["zones"] == ". 10.in-addr.arpa. cluster.local. in-addr.arpa. ip6.arpa."
    assert scene.findings(*WATCHED) == []


def test_one_packet_on_three_interfaces_is_one_arrival() -> None:
    scene = Scene()
    first = scene.query(0, "10.233.64.11", LOCAL, PROBE, "HINFO", interface=1)
    for interface in (2, 3):
        scene.rows.append({**first, "interface": interface, "frame": interface})
    assert scene.findings(*WATCHED) == []


def test_a_second_party_that_passes_it_back_is_named() -> None:
    scene = Scene()
    for n in range(3):
        scene.query(2.0 * n, NODE, GATEWAY, PROBE, "HINFO")
        scene.query(2.0 * n + 0.001, GATEWAY, NODE, PROBE, "HINFO", msg_id=77, src_port=5353)
    (found,) = scene.findings(*WATCHED)
    assert (found.kind, found.severity) == ("fatal", Severity.CRITICAL)
    assert found.numbers["parties"] == f"{NODE}; {GATEWAY}"
    assert any(GATEWAY in fix.where for fix in found.fix)


def test_late_copies_with_one_id_are_the_stub_repeating_itself() -> None:
    """systemd-resolved repeats after 5 s with the same ID and port; its packets to a local address come from that address."""
    scene = Scene()
    scene.query(0, "127.0.0.1", "127.0.0.53", PROBE, "HINFO")
    scene.query(0.001, LOCAL, LOCAL, PROBE, "HINFO", msg_id=9, src_port=40000)
    scene.query(5.001, LOCAL, LOCAL, PROBE, "HINFO", msg_id=9, src_port=40000)
    found = scene.findings("loop-probe-loop")
    assert all(LOCAL in str(f.numbers["parties"]) for f in found)


def test_dnsmasq_probe_back_at_its_sender() -> None:
    scene = Scene()
    scene.query(0, NODE, GATEWAY, "819cb51d.test", "TXT")
    scene.query(0.001, GATEWAY, NODE, "819cb51d.test", "TXT")
    scene.query(1.0, GATEWAY, NODE, "5bfa8540.test", "TXT")
    (found,) = scene.findings(*WATCHED)
    assert (found.kind, found.severity, found.count) == ("dnsmasq", Severity.HIGH, 1)


@pytest.mark.parametrize("name", ["12345678901234567890.1", "1.2.3.4", "a.1", "1"])
def test_other_hinfo_names_are_no_probes(name: str) -> None:
    scene = Scene()
    for n in range(3):
        scene.query(0.0004 * n, LOCAL, LOCAL, name, "HINFO")
    zone_like = name == "1.2.3.4"  # <n>.<n>.<zone "3.4"> is what a probe of such a zone looks like
    assert bool(scene.findings("loop-probe-loop")) is zone_like
