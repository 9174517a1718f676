"""One address for unrelated names under a search suffix."""

from __future__ import annotations

import pytest

from analyzer.findings import Finding, Severity
from tests.lookups import LIST, LOCAL, POD, candidates, lookup
from tests.scenes import Scene


def hijacked(bases: list[str], addresses: list[str], suffix: str = LIST[-1]) -> list[Finding]:
    """Lookups whose candidate under the outside suffix gets an address; four more show the list."""
    scene = Scene()
    for n, base in enumerate(("one.a", "two.b", "three.c", "four.d")):
        lookup(scene, n, base)
    for n, (base, address) in enumerate(zip(bases, addresses, strict=True)):
        at = 10.0 + n
        for name in candidates(base):
            query = scene.query(at, POD, LOCAL, name, src_port=50_000 + len(scene.rows))
            if name.endswith(suffix) and name != base:
                found = scene.addresses.add(address)
                scene.response(at + 0.001, query, ancount=1, answer_matches=1, answer_addr=found)
                break
            scene.response(at + 0.001, query, "NXDOMAIN")
            at += 0.002
    return scene.findings("wildcard-hijack")


@pytest.mark.parametrize(("count", "fires"), [(2, False), (3, True)])
def test_three_bases_are_needed(count: int, fires: bool) -> None:
    bases = ["api.github.com", "db.orders.svc.cluster.local", "mail.corp.test"][:count]
    found = hijacked(bases, ["198.51.100.1"] * count)
    assert [finding.severity for finding in found] == ([Severity.HIGH] if fires else [])
    if fires:
        assert found[0].subject.value == "example.org 198.51.100.1"
        assert len(found[0].chain) == 3


def test_hosts_with_addresses_of_their_own_are_no_wildcard() -> None:
    assert hijacked(["a.x", "b.x", "c.x"], ["198.51.100.1", "198.51.100.2", "198.51.100.3"]) == []


def test_names_with_one_leftmost_label_count_once() -> None:
    assert hijacked(["www.one.com", "www.two.com", "www.three.com"], ["198.51.100.1"] * 3) == []


def test_services_of_the_cluster_may_share_an_address() -> None:
    assert hijacked(["red.shop", "green.shop", "blue.shop"], ["10.233.0.9"] * 3, suffix="svc.cluster.local") == []
