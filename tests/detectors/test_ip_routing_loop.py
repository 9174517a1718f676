"""One packet with falling TTLs on one interface; a routed or mirrored packet has two, or one on each interface."""

from __future__ import annotations

from analyzer.findings import Severity
from tests.scenes import Scene


def scene(ttls: list[int], interfaces: list[int]) -> Scene:
    made = Scene()
    first = made.query(0, "10.0.0.1", "10.0.0.53", "a.example.org", ip_ttl=ttls[0], interface=interfaces[0])
    for n, (ttl, interface) in enumerate(zip(ttls[1:], interfaces[1:], strict=True), 1):
        again = {**first, "ip_ttl": ttl, "interface": interface, "frame": n + 1}
        made.rows.append({**again, "time_ns": first["time_ns"] + n * 100_000})
    return made


def test_three_ttls_on_one_interface() -> None:
    (found,) = scene([64, 63, 62], [1, 1, 1]).findings("ip-routing-loop")
    assert (found.severity, found.count, found.numbers["ttls_most"]) == (Severity.CRITICAL, 1, 3)
    assert [step.text for step in found.chain] == ["TTL 64", "TTL 63", "TTL 62"]


def test_two_ttls_are_a_router() -> None:
    assert scene([64, 63], [1, 1]).findings("ip-routing-loop") == []


def test_one_ttl_on_each_of_three_interfaces_is_a_path() -> None:
    assert scene([64, 63, 62], [1, 2, 3]).findings("ip-routing-loop") == []
