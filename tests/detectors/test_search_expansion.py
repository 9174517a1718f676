"""Fires on search lists at work, by share and rate; quiet where nothing is wasted."""

from __future__ import annotations

import pytest

from analyzer.findings import Severity
from tests.lookups import LIST, POD, lookup
from tests.scenes import Scene

BASES = ("db.orders.svc.cluster.local", "api.github.com", "cache", "www.example.com")
IN_CLUSTER = LIST[:3]


def storm(lookups: int, over: float, suffixes: tuple[str, ...] = IN_CLUSTER, healthy: int = 0) -> Scene:
    """Lookups of four bases spread over some seconds, and healthy ones of two queries each."""
    scene = Scene()
    for n in range(lookups):
        base = BASES[n % len(BASES)]
        names = [*(f"{base}.{suffix}" for suffix in suffixes), base]
        lookup(scene, n * over / lookups, base, names=names, answers={base: "DATA"})
    for n in range(healthy):
        lookup(scene, n * over / healthy + 0.2, "ok.test", names=["ok.test"], answers={"ok.test": "DATA"})
    return scene


@pytest.mark.parametrize(
    ("lookups", "healthy", "expected"),
    [
        (8, 0, Severity.LOW),  # 64 queries, 75 % wasted
        (7, 0, None),  # 56 queries in the busiest minute: below one a second
        (75, 0, Severity.MEDIUM),  # 600 queries
        (74, 0, Severity.LOW),
        (20, 60, None),  # 280 queries, 43 % wasted
        (20, 39, Severity.LOW),  # 238 queries, 50.4 %
    ],
)
def test_share_and_rate_make_the_severity(lookups: int, healthy: int, expected: Severity | None) -> None:
    found = storm(lookups, 50, healthy=healthy).findings("search-expansion")
    assert [finding.severity for finding in found] == ([] if expected is None else [expected])


def test_the_finding_proves_itself() -> None:
    (found,) = storm(80, 50).findings("search-expansion")
    assert [step.text.split()[0] for step in found.chain][-1] in BASES
    assert len(found.chain) == 4
    assert [step.numbers["rcode"] for step in found.chain] == ["NXDOMAIN"] * 3 + ["NOERROR"]
    assert (found.numbers["queries"], found.numbers["wasted"], found.numbers["ndots_min"]) == (640, 480, 5)
    assert found.subject.value == " ".join(IN_CLUSTER)
    assert found.wireshark_filter == f"ip.addr == {POD}"
    assert any("saves 480 of 640 queries" in fix.text for fix in found.fix)


def test_a_leak_that_is_high_makes_it_high() -> None:
    scene = Scene()
    for n in range(64):
        base = f"db{n % 4}.orders.svc.cluster.local"
        lookup(scene, n * 0.5, base, names=[*(f"{base}.{suffix}" for suffix in LIST), base])
    (found,) = scene.findings("search-expansion")
    assert found.severity == Severity.HIGH
    assert any("use-domains: false" in fix.text for fix in found.fix)


def test_a_name_that_could_hurt_a_shell_is_not_pasted() -> None:
    scene = Scene()
    for n in range(60):
        base = f"x{n % 4}$(reboot).svc"
        lookup(scene, n * 0.5, base, names=[*(f"{base}.{suffix}" for suffix in IN_CLUSTER), base])
    (found,) = scene.findings("search-expansion")
    assert not any("reboot" in fix.text for fix in found.fix)
    assert any("<NAME>." in fix.text for fix in found.fix)


def test_resolvers_that_search_nothing_are_quiet() -> None:
    scene = Scene()
    for n in range(400):
        scene.ask(n * 0.1, POD, "169.254.25.10", f"gone{n % 9}.example.net")
    assert scene.findings("search-expansion") == []
